// `imprimatur init`: creates a service, never over something that exists.

internal import ArgumentParser
internal import Attestation
internal import CanonicalJSON
internal import Cryptography
internal import Governance
internal import OfflineCommands
internal import Registry

/// Creates trust root (development only), keys, database, log and policy pack.
struct InitCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "init", abstract: "Create a service in an empty data directory.",
        discussion: """
            With --root and --keys, as `root new` and `root sign` made them, and statements that the \
            custodians signed: --pack-statement (`policy sign`), --assignment for the first \
            administrator's key and role (`principal add`, `role grant`, with --origin and -o). With \
            --development alone: everything is made here, marked so, and the first tokens are in \
            DIR/credentials. Exit codes: 0 created, 2 nothing to rely on was created, 64 usage.
            """)

    @OptionGroup var database: DatabaseOptions

    @Option(help: ArgumentHelp("The signed trust root.", valueName: "file"))
    var root: String?

    @Option(
        help: ArgumentHelp("The folder with log.pem, service.pem, permit.pem.", valueName: "dir"))
    var keys: String?

    @Option(help: ArgumentHelp("The signed statement over the policy pack.", valueName: "file"))
    var packStatement: String?

    @Option(
        help: ArgumentHelp("A signed key or role assignment; repeat, in order.", valueName: "file"))
    var assignment: [String] = []

    @Flag(help: "Make a root of its own, for a first try.")
    var development = false

    @Option(help: "The log's origin, with --development; else one is drawn.")
    var origin: String?

    @Option(
        help: ArgumentHelp(
            "The folder of the policy pack; else the one in this binary.", valueName: "dir"))
    var policies: String?

    @Option(help: ArgumentHelp("Where the pin goes; else DIR.pin/checkpoint.", valueName: "file"))
    var pin: String?

    @Option(
        help: ArgumentHelp(
            "Whom the private PostgreSQL runs as, when root starts it.", valueName: "user"))
    var postgresUser: String?

    @OptionGroup var format: Format

    func validate() throws {
        guard development == (root == nil) else {
            throw ValidationError("Give either --root with --keys, or --development.")
        }
        guard root == nil || (keys != nil && packStatement != nil && origin == nil) else {
            throw ValidationError(
                "--root needs --keys and --pack-statement, and states the origin.")
        }
        guard root != nil || (keys == nil && packStatement == nil && assignment.isEmpty) else {
            throw ValidationError("--keys, --pack-statement and --assignment belong to --root.")
        }
    }

    func run() async throws {
        var request = Initialisation(
            directory: database.directory, clock: { SystemClock.now() })
        request.origin = origin
        request.pin = pin
        request.policies = policies
        request.postgresUser = postgresUser
        request.access = try database.remote()
        if let root, let keys, let packStatement {
            request.root = (envelope: try Files.envelope(root), keys: keys)
            request.packStatement = try Files.envelope(packStatement)
            request.assignments = try assignment.map(Files.envelope)
        }
        Console.progress("creating \(database.directory.path)")
        let made = try await request.run()
        Console.endProgress()
        if made.development { Console.warning("a development root: everything is marked so") }
        if format.json {
            return Console.out([
                "origin": .string(made.origin), "root": .string(made.rootDigest.hex),
                "development": .bool(made.development), "pin": .string(made.settings.pin),
                "administrator": made.administrator.map { .string($0.description) } ?? .null,
            ])
        }
        Console.out(
            "created \(database.directory.path)\norigin  \(made.origin)\nroot    \(made.rootDigest)"
        )
        if let administrator = made.administrator {
            Console.out("administrator \(administrator)")
            Console.hint("Tokens and keys of the first try: \(database.directory.credentials)")
        }
        Console.hint(
            "imprimatur serve --data-dir \(database.directory.path) --listen 127.0.0.1:8080"
                + (made.development ? " --development" : ""))
    }
}
