// People at a service under test, brought in by the commands that an administrator uses.

/// Somebody with a key in a file.
struct Enrolled {
    let id: String
    let key: String
}

extension Served {
    /// Runs a command as the administrator.
    func ask(_ arguments: [String]) throws -> Ran {
        try ask(arguments, token: "service/credentials/administrator.token")
    }

    /// Runs a command at this service.
    func ask(_ arguments: [String], token: String) throws -> Ran {
        try program.run(arguments + ["--server", url, "--token-file", token])
    }

    /// Brings in somebody with a new key, in a role or in none.
    func enrol(_ name: String, _ role: String?, in namespace: String) throws -> Enrolled {
        let key = "\(name).pem"
        let custodian = "service/credentials/custodian.pem"
        _ = try done(program.run("key", "new", key))
        let added = try done(
            ask(["principal", "add", "--name", name, "--key", key, "--signer", custodian]))
        if let role {
            _ = try done(
                ask([
                    "role", "grant", "--principal", added.line, "--role", role, "--namespace",
                    namespace, "--signer", custodian, "--signer",
                    "service/credentials/administrator.pem",
                ]))
        }
        return Enrolled(id: added.line, key: key)
    }

    /// The file with a new token of somebody's.
    func token(of person: Enrolled) throws -> String {
        let file = "\(person.key).token"
        _ = try done(ask(["token", "issue", "--principal", person.id, "-o", file]))
        return file
    }

    private func done(_ ran: Ran) throws -> Ran {
        guard ran.code == 0 else { throw ProgramError("\(ran)") }
        return ran
    }
}
