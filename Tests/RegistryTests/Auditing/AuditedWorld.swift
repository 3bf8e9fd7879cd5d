// A log with a whole life in it, made once; every test gets a copy of its database to tamper with.

import Attestation
import Cryptography
import Database
import Governance
import Registry
import Synchronization
import TestSupport
import Testing
import TransparencyLog

/// What is outside the database of the audited log.
struct AuditedWorld: Sendable {
    /// The root that the log was opened under; another one followed.
    let root: TrustRoot
    let directory: DataDirectory
    let pin: Pin
    /// Entries in the log.
    let size: Int64
    let serviceKey: PrivateKey
    let logSigner: NoteSigner
    let principal: PrincipalID

    private static let made = Mutex<AuditedWorld?>(nil)

    /// The world of this process; only within a test that has a copy of its database.
    static var current: AuditedWorld {
        get throws { try #require(made.withLock { $0 }) }
    }

    /// Dry runs, so that there is more than one tile.
    static let questions = 280

    static let template = ScratchTemplate("audited") { scratch in
        let folder = try TestCluster.temporaryDirectory()
        let service = try await TestService.start(
            scratch, DataDirectory(path: folder + "/data"), TestClock())
        let root = service.registry.root
        try await live(service)
        try await service.install(service.successor(of: root))
        try await service.settled()
        await service.stop()
        // What the sequencer published last is pinned; nothing writes any more.
        let settings = try StoredSettings.read(
            File.read(service.directory.settings, limit: 1 << 20))
        let size = try await withScratch(scratch.superuserURL) { db in
            try db.one("SELECT size FROM audit.head", as: Int64.self)
        }
        guard let name = KeyName(service.origin) else { throw TestFailure("name") }
        let world = AuditedWorld(
            root: root, directory: service.directory,
            pin: Pin(path: settings.pin), size: size,
            serviceKey: try KeyFile.load(service.directory.serviceKey),
            logSigner: try NoteSigner(name: name, key: KeyFile.load(service.directory.logKey)),
            principal: service.administrator.principal)
        made.withLock { $0 = world }
    }

    /// A life that leaves a row in every projection.
    private static func live(_ service: TestService) async throws {
        let team = try await service.makeTeam()
        let officers = try await service.makeOfficers()
        let leaver = try await service.enrol([])
        let registry = service.registry
        let version = try await service.submit(by: team.owner, key: "first-submission")
        try await service.evaluate(version, by: team.reviewer)
        try await service.approve(version, by: team.validator, as: .validator)
        try await service.approve(version, by: team.officer, as: .complianceOfficer)
        let answer = try await service.deploy(version, by: team.deployer)
        _ = try await registry.confirmDeployment(answer.deployment, service.request(team.deployer))
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<8 {
                group.addTask {
                    for _ in 0..<questions / 8 {
                        // Denied, with its facts: what replays make again.
                        _ = try await service.deploy(
                            version, by: team.deployer, artifact: SHA256.hash("other"))
                    }
                }
            }
            try await group.waitForAll()
        }
        _ = try await service.deploy(version, by: team.deployer, dryRun: true)
        _ = try await registry.endDeployment(
            answer.deployment, reason: "done", service.request(team.deployer, key: "ended"))
        let second = try await service.submit(by: team.owner, seed: "two")
        _ = try await registry.suspend(
            second.reference, reason: "drift", service.request(team.validator))
        _ = try await registry.abstain(
            try await service.abstention(from: second, by: team.officer, as: .complianceOfficer),
            service.request(team.officer))
        let delegation = try await service.delegate(
            by: team.validator, to: team.reviewer, as: .validator)
        _ = try await registry.revokeDelegation(
            delegation, of: team.validator.principal, reason: "back", compromised: false,
            service.request(team.officer))
        let risk = try await service.enrol([.riskOfficer])
        _ = try await registry.importLegacy(
            try service.legacyImport([second], by: team.officer, and: risk),
            service.request(team.officer))
        let glass = try await service.breakGlass(version, by: team.officer, and: risk)
        _ = try await registry.breakGlass(glass, service.request(risk))
        try await service.settled()
        _ = try await registry.reviewBreakGlass(
            service.breakGlassReview(
                of: glass.payloadDigest, on: version, by: team.validator, .unjustified),
            service.request(team.validator))
        let agent = try await service.enrol([.agent], kind: .service)
        _ = try await service.reconcile(by: agent, [second.found()])
        let builder = try await service.enrol([], kind: .service)
        _ = try await registry.attest(
            try service.provenance(of: second, by: builder), of: second.reference,
            service.request(team.owner))
        _ = try await registry.waive(
            service.waiver(for: second, by: risk), service.request(risk))
        _ = try await registry.raiseAlert(
            .init(
                cause: .drift, name: "psi", value: "0.31", threshold: "0.25", reason: "drift"),
            about: second.reference, service.request(team.validator))
        try await service.determine(.high, of: second, by: [(team.validator, .validator)])
        let finding = try service.finding(
            on: second, by: team.validator, owner: team.owner)
        _ = try await registry.raiseFinding(finding, service.request(team.validator))
        try await service.settled()
        _ = try await registry.closeFinding(
            service.closure(of: finding.payloadDigest, on: second, by: team.validator),
            service.request(team.validator))
        _ = try await registry.retire(
            version.reference, reason: "superseded", successor: nil, service.request(team.owner))
        try await service.recordEmptyDisposal(of: version, by: officers)
        let scope = HoldScope.version(second.reference)
        let hold = try await service.placeHold(on: scope, by: team.officer)
        let release = try service.release(
            hold, on: scope, inside: team.officer, outside: officers.outsider)
        _ = try await registry.releaseHold(hold, release, service.request(team.officer))
        try await service.erase(.principal(leaver.principal), by: officers)
    }

    // MARK: the copy at hand

    static var scratch: ScratchDatabase {
        get throws { try #require(ScratchDatabase.current) }
    }

    static func withScratch<R: Sendable>(
        _ url: DatabaseURL, _ body: @Sendable (borrowing Connection) throws -> R
    ) async throws -> R {
        let connection = DedicatedConnection(url)
        try await connection.connect()
        do {
            let result = try await connection.transaction(.write, body)
            await connection.close()
            return result
        } catch {
            await connection.close()
            throw error
        }
    }

    /// Does something to the copy as superuser, with every trigger and constraint trigger off.
    static func tamper(_ body: @escaping @Sendable (borrowing Connection) throws -> Void)
        async throws
    {
        try await withScratch(scratch.superuserURL) { db in
            try db.execute("SET LOCAL session_replication_role = replica")
            for table in AuditTable.allCases {
                try db.execute("ALTER TABLE audit.\(identifier: table) DISABLE TRIGGER ALL")
            }
            for table in Projection.Table.allCases {
                try db.execute("ALTER TABLE registry.\(identifier: table) DISABLE TRIGGER ALL")
            }
            try body(db)
        }
    }

    static func tamper(_ statements: [SQL]) async throws {
        try await tamper { db in for sql in statements { try db.execute(sql) } }
    }

    func replay() async throws -> ReplayReport {
        try await Auditing.replay(Self.scratch.url(as: .migrator), root: root)
    }

    /// An entry as the service would sign it.
    func entry(
        _ event: Event? = nil, origin: String? = nil,
        subjects: [String: Entry.SubjectSequence] = [:],
        documents: [SHA256Digest] = [], time: Timestamp? = nil, key: PrivateKey? = nil
    ) throws -> [UInt8] {
        let entry = Entry(
            actor: principal, configuration: nil, documents: documents, idempotency: nil,
            event: event
                ?? .tokenRevoked(
                    TokenRevoked(token: "t-none", principal: principal, reason: "test")),
            origin: origin ?? root.origin, policy: nil, request: "test", subjects: subjects,
            time: time ?? TestClock().now)
        return try SignedEntry.sign([entry.canonicalBytes], with: key ?? serviceKey)[0]
    }
}

enum AuditTable: String, CaseIterable {
    case entry, pending, leaf, head, tile, checkpoint, document, idempotency
}

extension AuditFindings {
    /// Table and kind of every finding, once each.
    var named: Set<String> { Set(kept.map { "\($0.table) \($0.kind.rawValue)" }) }
}
