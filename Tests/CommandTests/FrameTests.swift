// What holds for every command: exit codes, streams, and that nothing is asked in the clear.

import Testing

@Suite struct `A command line` {
    struct Case: CustomStringConvertible, Sendable {
        let arguments: String
        let code: Int32
        let errors: String
        var description: String { "imprimatur \(arguments) → \(code)" }
    }

    static let cases = [
        Case(arguments: "bogus", code: 64, errors: "error: Unexpected argument 'bogus'"),
        Case(arguments: "key new", code: 64, errors: "error: Missing expected argument '<out>'"),
        Case(
            arguments: "key new k.pem --algorithm rsa", code: 64,
            errors: "“rsa” is not an algorithm (ecdsa-p256, ecdsa-p384, ecdsa-p521, ed25519)"),
        Case(
            arguments: "key show none.pem", code: 2, errors: "error: none.pem: It does not exist."),
        Case(
            arguments: "artifact verify m --bundle b", code: 64,
            errors: "Give one of --public-key, --trust-root and --sigstore-root."),
        Case(
            arguments: "artifact verify m --bundle b --trust-root none.pem --identity i", code: 2,
            errors: "error: none.pem: It does not exist."),
        Case(
            arguments: "artifact verify m --bundle b --trust-root r --any-identity", code: 64,
            errors: "--any-identity belongs to --trust-root --profile oms-compat."),
        Case(
            arguments: "artifact verify m --bundle b --sigstore-root none.json --identity i "
                + "--issuer u", code: 2, errors: "error: none.json: It does not exist."),
        Case(
            arguments: "artifact sign m --key k --bundle b --chain c", code: 64,
            errors: "--chain belongs to --certificate."),
        Case(
            arguments: "permit check p m --root r --max-status-age 5", code: 64,
            errors: "--max-status-age is a number of seconds, and needs --status."),
        Case(arguments: "status credit/scorecard", code: 64, errors: "a version such as"),
        Case(
            arguments: "status credit/scorecard@1", code: 64,
            errors: "Which service? Give --server or set IMPRIMATUR_SERVER."),
        Case(
            arguments: "status credit/scorecard@1 --server http://127.0.0.1:1", code: 64,
            errors: "Who asks? Give --token or set IMPRIMATUR_TOKEN."),
        Case(
            arguments: "status credit/scorecard@1 --server http://models.example --token imp_x",
            code: 2, errors: "The token is not sent over plain HTTP to models.example."),
        Case(
            arguments: "status credit/scorecard@1 --server http://127.0.0.1.example --token imp_x",
            code: 2, errors: "The token is not sent over plain HTTP"),
        Case(
            arguments: "status credit/scorecard@1 --server ftp://127.0.0.1 --token imp_x", code: 64,
            errors: "is no address of a service"),
        Case(
            arguments: "whoami --server http://127.0.0.1:1 --token imp_x", code: 2,
            errors: "cannot be asked: nobody listens there"),
        Case(
            arguments: "deploy . --model credit/scorecard@1 --environment production "
                + "--server http://127.0.0.1:1 --token imp_x", code: 2, errors: "cannot be asked"),
        Case(
            arguments: "deploy . --model credit/scorecard@1 --environment production --dry-run "
                + "--confirm", code: 64, errors: "--dry-run permits nothing"),
        Case(arguments: "serve --data-dir none", code: 2, errors: "holds no service"),
        Case(
            arguments: "serve --data-dir d --listen nowhere", code: 64, errors: "is not HOST:PORT"),
        Case(
            arguments: "init --data-dir d", code: 64,
            errors: "Give either --root with --keys, or --development."),
        Case(arguments: "audit verify --data-dir none", code: 2, errors: "none/root.json"),
        Case(arguments: "report verify r.json", code: 64, errors: "Which trust root?"),
    ]

    @Test(arguments: cases)
    func `that cannot be answered ends with its own exit code and says why`(_ row: Case) throws {
        let program = try Program()
        let ran = try program.run(row.arguments.split(separator: " ").map(String.init))
        #expect(ran.code == row.code, "\(ran)")
        #expect(ran.errors.contains(row.errors), "\(ran)")
        #expect(ran.errors.hasPrefix("error: "), "\(ran)")
        #expect(ran.output.isEmpty, "\(ran)")
    }

    @Test(arguments: ["--help", "help deploy", "artifact verify --help", "--version"])
    func `that asks for help gets it on standard output`(_ arguments: String) throws {
        let ran = try Program().run(arguments.split(separator: " ").map(String.init))
        #expect(ran.code == 0, "\(ran)")
        #expect(!ran.output.isEmpty && ran.errors.isEmpty, "\(ran)")
    }

    @Test(arguments: ["deploy", "permit check", "artifact verify", "audit verify", "card check"])
    func `lists its exit codes in its help`(_ command: String) throws {
        let ran = try Program().run(command.split(separator: " ").map(String.init) + ["--help"])
        // The help is wrapped to the width of a terminal.
        let words = ran.output.split { $0 == " " || $0 == "\n" }.joined(separator: " ")
        #expect(words.contains("Exit codes: 0 "), "\(ran)")
    }
}
