// Who may administer whom: an administrator reaches as far as the namespaces of the assignment.
//
// What an assignment statement may give, its signers' own assignments decide (TrustChain). This is about
// requests: registering, issuing and revoking are bounded in the same way, so that an administrator of one
// namespace can neither act for people of another nor shut them out.

internal import Cryptography
internal import Governance

extension Registry {
    /// Refuses a caller that administers nothing at all.
    func requireAdministrator(_ caller: Caller) throws(Refusal) {
        try requireAdministrator(caller, over: [])
    }

    /// Refuses a caller that does not administer every namespace in which a principal holds a role.
    func requireAdministrator(_ caller: Caller, of principal: PrincipalID) throws(Refusal) {
        let chain = follower.snapshot.identities.chain
        let held = chain.assignments(of: principal, at: clock()).map(\.assignment.namespace)
        try requireAdministrator(caller, over: held)
    }

    /// Refuses a caller that does not administer the namespaces of a role assignment; one that does not
    /// count at present is bounded by what its principal holds.
    func requireAdministrator(
        _ caller: Caller, ofAssignment digest: SHA256Digest, of principal: PrincipalID
    ) throws(Refusal) {
        let chain = follower.snapshot.identities.chain
        let held = chain.assignments(of: principal, at: clock()).first { $0.digest == digest }
        guard let held else { return try requireAdministrator(caller, of: principal) }
        try requireAdministrator(caller, over: [held.assignment.namespace])
    }

    /// Refuses a caller that does not administer all that these patterns cover.
    func requireAdministrator(
        _ caller: Caller, over patterns: [NamespacePattern]
    ) throws(Refusal) {
        // Links between principals forbid; they never permit.
        let administered = follower.snapshot.identities.chain.assignments(
            of: caller.principal, at: clock()
        ).filter { $0.assignment.role == .administrator }.map(\.assignment.namespace)
        let beyond = patterns.filter { pattern in !administered.contains { $0.covers(pattern) } }
        guard administered.isEmpty || !beyond.isEmpty else { return }
        // Halted, the log that roles are read from may not have been read.
        try halt.check()
        let over = Set(beyond.map(\.description)).sorted().joined(separator: ", ")
        throw Refusal(
            .forbidden, "role-missing",
            "This needs the role administrator" + (over.isEmpty ? "." : " over \(over)."),
            hint: over.isEmpty
                ? nil : "An administrator reaches as far as the namespaces of the assignment.",
            offence: .roleMissing)
    }
}
