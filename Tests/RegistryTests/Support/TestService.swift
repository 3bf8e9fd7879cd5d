// A whole service for one test: a real database, a development root, sequencer and follower running.

import Attestation
import CanonicalJSON
import Cryptography
import Database
import Glibc
import Governance
import Logging
import Registry
import ServiceLifecycle
import Synchronization
import TestSupport
import TransparencyLog

/// A person of a test, with a key and a token.
struct TestPerson: Sendable {
    let principal: PrincipalID
    let key: PrivateKey
    let caller: Caller
    let keyStatement: SHA256Digest
    var assignments: [Role: SHA256Digest] = [:]
}

/// A clock that a test can move.
final class TestClock: Sendable {
    private let offset = Mutex<Int64>(0)

    var now: Timestamp {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        let milliseconds = Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
        return Timestamp(milliseconds: milliseconds + offset.withLock { $0 })
    }

    func advance(days: Int64) { advance(milliseconds: days * 86_400_000) }

    func advance(milliseconds: Int64) { offset.withLock { $0 += milliseconds } }
}

/// A running service.
final class TestService: Sendable {
    let scratch: ScratchDatabase
    let directory: DataDirectory
    let clock: TestClock
    let access: DatabaseAccess
    let node: ServiceNode
    let custodian: PrivateKey
    let administrator: TestPerson
    private let running: Task<Void, any Error>

    var registry: Registry { node.registry }
    var origin: String { registry.root.origin }

    /// Runs a body with a service of its own.
    static func with<R>(_ body: (TestService) async throws -> R) async throws -> R {
        await TestPlaces.shared.take()
        defer { TestPlaces.shared.giveBack() }
        return try await ScratchDatabase.with { scratch in
            let folder = try TestCluster.temporaryDirectory()
            let service = try await start(
                scratch, DataDirectory(path: folder + "/data"), TestClock())
            do {
                let result = try await body(service)
                await service.stop()
                return result
            } catch {
                await service.stop()
                throw error
            }
        }
    }

    /// The addresses of a scratch database; through a pooler in a suite that wants one.
    static func access(
        _ scratch: ScratchDatabase, writer: DatabaseURL? = nil, sequencer: DatabaseURL? = nil
    ) -> DatabaseAccess {
        let pooled = TestPooler.current?.url(
            as: DatabaseRole.writer.rawValue, database: scratch.name)
        return DatabaseAccess(
            writer: writer ?? pooled ?? scratch.url(as: .writer),
            sequencer: sequencer ?? scratch.url(as: .sequencer),
            migrator: scratch.url(as: .migrator), isPooled: pooled != nil)
    }

    /// Initialises and starts a service on a scratch database.
    static func start(
        _ scratch: ScratchDatabase, _ directory: DataDirectory, _ clock: TestClock
    ) async throws -> TestService {
        let access = Self.access(scratch)
        var initialisation = Initialisation(directory: directory, clock: { clock.now })
        initialisation.access = access
        _ = try await initialisation.run()
        return try await open(scratch, directory, clock)
    }

    /// Starts a service that is initialised already: what a restart is.
    ///
    /// What a test did not do shall not be in its log: the service writes nothing of its own accord,
    /// unless `housekeeping` is nil, which leaves it to its settings. Writers and
    /// sequencer may take another way to the same database.
    static func open(
        _ scratch: ScratchDatabase, _ directory: DataDirectory, _ clock: TestClock,
        housekeeping: HousekeepingSettings? = .never,
        writer: DatabaseURL? = nil, sequencer: DatabaseURL? = nil
    ) async throws -> TestService {
        let access = Self.access(scratch, writer: writer, sequencer: sequencer)
        var logger = LogLines.current?.logger ?? Logger(label: "test")
        if LogLines.current == nil { logger.logLevel = .critical }
        var settings = NodeSettings(directory: directory, clock: { clock.now }, logger: logger)
        settings.access = access
        settings.allowsDevelopment = true
        settings.allowsUnsafeDatabase = true
        settings.maxConnections = 8
        // Machines that run tests may be slow: what is late there is not late in a service.
        settings.receiptTimeout = .seconds(10)
        settings.witnesses = TestWitnesses.current
        settings.housekeeping = housekeeping
        let node = try await ServiceNode.open(settings)
        let services = node.services
        let running = Task {
            try await withThrowingTaskGroup(of: Void.self) { group in
                for service in services { group.addTask { try await service.run() } }
                try await group.waitForAll()
            }
        }
        for _ in 0..<500 where await node.registry.readiness() == .catchingUp {
            try await Task.sleep(for: .milliseconds(20))
        }
        let custodian = try KeyFile.load(directory.credentials + "/custodian.pem")
        let token = try File.read(directory.credentials + "/administrator.token", limit: 200)
        let secret = String(decoding: token, as: UTF8.self).filter { $0 != "\n" }
        // Halted, the log that says who the administrator is may not be readable.
        let nobody = node.registry.halt.reason == nil ? nil : PrincipalID("p-0000000000000000")
        let caller =
            node.registry.authenticate(secret)
            ?? nobody.map { Caller(principal: $0, person: $0, kind: .person, token: "") }
        guard let caller else {
            throw TestFailure("the administrator's token does not authenticate")
        }
        let key = try KeyFile.load(directory.credentials + "/administrator.pem")
        let administrator = TestPerson(
            principal: caller.principal, key: key, caller: caller, keyStatement: .zero)
        return TestService(
            scratch: scratch, directory: directory, clock: clock, access: access, node: node,
            custodian: custodian, administrator: administrator, running: running)
    }

    private init(
        scratch: ScratchDatabase, directory: DataDirectory, clock: TestClock,
        access: DatabaseAccess, node: ServiceNode, custodian: PrivateKey, administrator: TestPerson,
        running: Task<Void, any Error>
    ) {
        self.scratch = scratch
        self.directory = directory
        self.clock = clock
        self.access = access
        self.node = node
        self.custodian = custodian
        self.administrator = administrator
        self.running = running
    }

    /// Stops sequencer and follower.
    func stop() async {
        running.cancel()
        _ = try? await running.value
        await node.close()
    }

    /// A request of a person.
    func request(_ person: TestPerson, key: String? = nil) -> Request {
        Request(
            caller: person.caller, id: "test",
            idempotency: key.map {
                Request.idempotency(
                    key: $0, principal: person.principal, method: "POST", path: "/", body: [])
            })
    }

    // MARK: people

    /// Registers a person or service with a key, and the roles asked for.
    func enrol(
        _ roles: [Role], in namespace: String = "credit", kind: PrincipalKind = .person,
        as person: PrincipalID? = nil
    ) async throws -> TestPerson {
        let key = try PrivateKey.generate(.ecdsaP256)
        guard let principal = PrincipalID(bytes: Random.bytes(8)) else {
            throw TestFailure("no id")
        }
        let from = clock.now.adding(seconds: -1)
        let until = from.adding(seconds: 300 * 86_400)
        let keyStatement = try KeyAssignment(
            origin: origin, principal: principal, kind: kind, key: key.publicKey,
            validFrom: from, validUntil: until
        ).statement.sign(with: [key, administrator.key])
        let asAdministrator = request(administrator)
        _ = try await registry.register(
            .init(name: "Person \(principal)", assignment: keyStatement, person: person),
            asAdministrator)
        let known = try await registry.assignKey(keyStatement, asAdministrator)
        // Without a receipt in time nobody has read of the key yet, and it can be given no role.
        if known.receipt == nil { try await settled() }
        var enrolled = TestPerson(
            principal: principal, key: key,
            caller: Caller(
                principal: principal, person: person ?? principal, kind: kind, token: "t-test"),
            keyStatement: keyStatement.payloadDigest)
        for role in roles {
            enrolled.assignments[role] = try await grant(role, to: enrolled, in: namespace)
        }
        return enrolled
    }

    /// Gives a role by a statement that custodian and administrator sign.
    func grant(
        _ role: Role, to person: TestPerson, in namespace: String = "credit"
    ) async throws -> SHA256Digest {
        guard let pattern = NamespacePattern(namespace) else { throw TestFailure("pattern") }
        let from = clock.now.adding(seconds: -1)
        let envelope = try RoleAssignment(
            origin: origin, principal: person.principal, person: person.caller.person, role: role,
            namespace: pattern, credentials: [person.keyStatement], validFrom: from,
            validUntil: from.adding(seconds: 300 * 86_400)
        ).statement.sign(with: [custodian, administrator.key])
        _ = try await registry.assignRole(envelope, request(administrator))
        return envelope.payloadDigest
    }
}

extension HousekeepingSettings {
    /// Never of its own accord.
    static let never = HousekeepingSettings(
        periods: .init(
            mapEntries: 1_000_000_000, mapSeconds: 3_000_000_000, heartbeatSeconds: 3_000_000_000),
        refusalSeconds: 3_000_000_000, readSeconds: 3_000_000_000)
}

/// Why a test's own preparation failed.
struct TestFailure: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}
