// `imprimatur audit recover`: a new log in the place of one that cannot go on, as its custodians sign it.

internal import ArgumentParser
internal import Attestation
internal import CanonicalJSON
internal import Cryptography
internal import Database
internal import Governance
internal import OfflineCommands
internal import Registry

/// Drafts the statement, then opens the new log by it.
struct AuditRecover: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "recover",
        abstract: "Open a new log in the place of one that lost its end or forked.",
        discussion: """
            First with --reason and -o: surveys the halted log and writes the statement for its \
            custodians (`statement sign`). Then with --statement and --into: opens a new log under the \
            root given, of another origin, whose first entries name the old head, what is lost, and \
            every suspension, rejection, withdrawal, retirement and key revocation that is left or was \
            brought (--lost). Nothing that permits is taken over, and nothing in the old data directory \
            is changed. The service must not run. Exit codes: 0 drafted or opened, 2 not, 64 usage.
            """)

    @OptionGroup var database: DatabaseOptions

    @Option(help: ArgumentHelp("The trust root of the new log, signed.", valueName: "file"))
    var root: String

    @Option(
        help: ArgumentHelp(
            "A checkpoint of the old log that is newer than its pin.", valueName: "file"))
    var checkpoint: String?

    @Option(
        help: ArgumentHelp(
            "The bytes of a lost entry, NAME.entry, its receipt beside it: NAME.tlog-proof; repeat.",
            valueName: "file"))
    var lost: [String] = []

    @Option(help: "Why; in the log for ever, so without personal data.")
    var reason: String?

    @Option(
        name: [.short, .customLong("output")],
        help: ArgumentHelp("The statement to write, unsigned.", valueName: "file"))
    var output: String?

    @Option(help: ArgumentHelp("The statement that the custodians signed.", valueName: "file"))
    var statement: String?

    @Option(help: ArgumentHelp("The data directory of the new log.", valueName: "dir"))
    var into: String?

    @Option(
        help: ArgumentHelp("The folder with log.pem, service.pem, permit.pem.", valueName: "dir"))
    var keys: String?

    @Option(help: ArgumentHelp("The signed statement over the policy pack.", valueName: "file"))
    var packStatement: String?

    @Option(
        help: ArgumentHelp("A signed key or role assignment; repeat, in order.", valueName: "file"))
    var assignment: [String] = []

    @Option(
        help: ArgumentHelp(
            "The folder of the policy pack; else the one in this binary.", valueName: "dir"))
    var policies: String?

    @Option(help: ArgumentHelp("Where the new pin goes; else beside --into.", valueName: "file"))
    var pin: String?

    @Option(
        help: ArgumentHelp(
            "Whom the private PostgreSQL runs as, when root starts it.", valueName: "user"))
    var postgresUser: String?

    @Option(
        help: ArgumentHelp(
            "An empty database elsewhere for the new log, as the application's role.",
            valueName: "url"))
    var intoURL: String?

    @Option(
        help: ArgumentHelp(
            "The same, as a role that may change the schema.", valueName: "url"))
    var intoAdministratorURL: String?

    @OptionGroup var format: Format

    func validate() throws {
        guard (reason == nil) == (output == nil), (reason == nil) == (statement != nil) else {
            throw ValidationError("Give --reason and -o, or --statement and what belongs to it.")
        }
        let opening = [into, keys, packStatement]
        guard opening.allSatisfy({ ($0 == nil) == (statement == nil) }) else {
            throw ValidationError("--statement needs --into, --keys and --pack-statement.")
        }
        guard intoAdministratorURL == nil || intoURL != nil else {
            throw ValidationError("--into-administrator-url belongs to --into-url.")
        }
    }

    func run() async throws {
        let survey = try await self.survey()
        for id in survey.unauthentic.prefix(20) {
            Console.warning("entry id:\(id) of the old log is not authentic: nothing is taken over")
        }
        if let reason, let output {
            try draft(survey, reason, output)
        } else if let statement, let into, let keys, let packStatement {
            try await open(
                survey, statement: try Files.envelope(statement), into: into, keys: keys,
                pack: try Files.envelope(packStatement))
        }
    }

    private func survey() async throws -> Survey {
        let entries = try lost.map { file in
            let name = file.hasSuffix(".entry") ? String(file.dropLast(6)) : file
            return LostEntry(
                name: file, entry: try Files.read(file, limit: 65_536),
                receipt: try Files.read("\(name).tlog-proof", limit: 1 << 20))
        }
        let newest = try checkpoint.map { try Files.read($0, limit: 1 << 20) }
        let directory = database.directory
        return try await database.withAccess { access in
            var surveying = Surveying(directory: directory, access: access)
            surveying.checkpoint = newest
            surveying.lost = entries
            return try await surveying.run()
        }
    }

    private func draft(_ survey: Survey, _ reason: String, _ output: String) throws {
        let recovery = survey.recovery(
            into: try Files.root(root), reason: reason, at: SystemClock.now())
        let envelope = Envelope(
            payloadType: Statement.payloadType, payload: recovery.statement.payload,
            signatures: [])
        // What the custodians could not read back they shall not be asked to sign.
        _ = try LogRecovery(reading: Statement(parsing: envelope.payload))
        try Files.create(output, envelope.canonicalBytes)
        describe(survey)
        Console.hint("Custodians of the old root run: imprimatur statement sign \(output) --key …")
        if format.json {
            Console.out(json(survey))
        } else {
            Console.out(envelope.payloadDigest.hex)
        }
    }

    private func open(
        _ survey: Survey, statement: Envelope, into: String, keys: String, pack: Envelope
    ) async throws {
        var request = Initialisation(
            directory: DataDirectory(path: into), clock: { SystemClock.now() })
        request.pin = pin
        request.policies = policies
        request.postgresUser = postgresUser
        request.root = (envelope: try Files.envelope(root), keys: keys)
        request.packStatement = pack
        request.assignments = try assignment.map(Files.envelope)
        request.access = try intoURL.map {
            DatabaseAccess(
                url: try DatabaseURL(parsing: $0),
                administrator: try intoAdministratorURL.map { try DatabaseURL(parsing: $0) })
        }
        request.recovery = (survey: survey, statement: statement)
        let made = try await request.run()
        describe(survey)
        if format.json { return Console.out(json(survey)) }
        Console.out(
            "opened \(into)\norigin  \(made.origin)\nroot    \(made.rootDigest)\n"
                + "instead of \(survey.root.origin)")
        Console.hint("imprimatur serve --data-dir \(into) --listen 127.0.0.1:8080")
    }

    private func describe(_ survey: Survey) {
        Console.note("halted (\(survey.cause.code.rawValue)): \(survey.cause.evidence)")
        Console.note(
            "pinned \(survey.pinned.size), surviving \(survey.surviving.size), lost or in doubt "
                + "\(survey.lost.lowerBound) to before \(survey.lost.upperBound)")
        for restriction in survey.restrictions {
            Console.note(
                "taken over: \(restriction.formerKind.rawValue) of \(restriction.former): "
                    + restriction.reason)
        }
        for revocation in survey.revocations {
            Console.note("taken over: revocation of the key \(revocation.key)")
        }
    }

    private func json(_ survey: Survey) -> JSON {
        func head(_ head: LogRecovery.Head) -> JSON {
            ["size": .integer(head.size), "root": .string(head.root.hex)]
        }
        return [
            "cause": .string(survey.cause.code.rawValue), "pinned": head(survey.pinned),
            "surviving": head(survey.surviving),
            "lost": [
                "from": .integer(survey.lost.lowerBound), "to": .integer(survey.lost.upperBound),
            ],
            "brought": .array(survey.brought.map { .string($0.hex) }),
            "restrictions": .array(
                survey.restrictions.map {
                    [
                        "former": .string($0.former.description),
                        "artifact": .string($0.artifact.hex),
                        "kind": .string($0.formerKind.rawValue), "reason": .string($0.reason),
                    ]
                }),
            "revokedKeys": .array(survey.revocations.map { .string($0.key.hex) }),
            "unauthentic": .array(survey.unauthentic.map { .string("id:\($0)") }),
        ]
    }
}
