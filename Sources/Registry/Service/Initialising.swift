// Creates a service: trust root, keys, database, log, policy pack. Never over something that exists.
//
// In this order, so that an interruption leaves nothing that `serve` would take for a service:
//   1. refuse where a data directory, a pin or a log exists
//   2. keys and trust root                — files only
//   3. database, schema, an empty log     — audit.head has its row
//   4. entry 0 and the policy pack, then (development) the first people — committed, not yet published
//   5. the pin, of the empty log          — so that a log without a pin is always one that lost it
//   6. settings.json                      — from here on `serve` finds a service, and publishes
// After an interruption the folder and the pin are removed and `init` is run again.

package import Attestation
internal import CanonicalJSON
package import Cryptography
internal import Database
package import Governance
internal import TransparencyLog

/// What `init` is asked to make.
package struct Initialisation: Sendable {
    package var directory: DataDirectory
    /// The log's origin; nil draws one.
    package var origin: String?
    /// Where the pin goes; nil puts it beside the data directory.
    package var pin: String?
    /// The folder of the policy pack; nil takes the one in the binary.
    package var policies: String?
    /// The signed trust root and the folder of the keys it certifies; nil makes a development root.
    package var root: (envelope: Envelope, keys: String)?
    /// The signed statement over the policy pack, for a root that others made.
    package var packStatement: Envelope?
    /// Key and role assignments of the first administrators, for a root that others made.
    package var assignments: [Envelope] = []
    /// Operating-system user of the private PostgreSQL.
    package var postgresUser: String?
    /// A database elsewhere; nil makes a private one.
    package var access: DatabaseAccess?
    /// The log whose place this one takes, and the statement of its custodians.
    package var recovery: (survey: Survey, statement: Envelope)?
    package var clock: Clock

    package init(directory: DataDirectory, clock: @escaping Clock) {
        self.directory = directory
        self.clock = clock
    }
}

/// Why nothing was created.
package struct InitialisationError: Error, Sendable, Hashable, CustomStringConvertible {
    package let description: String

    package init(_ description: String) {
        self.description = description
    }
}

/// What was created.
package struct Initialised: Sendable {
    package let origin: String
    package let settings: StoredSettings
    package let rootDigest: SHA256Digest
    package let development: Bool
    /// Development only: the first administrator.
    package let administrator: PrincipalID?
}

extension Initialisation {
    /// Creates the service.
    package func run() async throws -> Initialised {
        if let recovery { try check(recovery.statement, recovery.survey) }
        let settings = try prepareFolders()
        let now = clock()
        let made =
            try root.map { try adopt($0.envelope, keysIn: $0.keys) }
            ?? makeDevelopmentRoot(origin: settings.origin, now: now)
        let access: DatabaseAccess
        if let given = self.access {
            access = given
        } else {
            access = try await DatabaseAccess(privateIn: directory, user: postgresUser)
        }
        defer { _ = try? access.cluster?.stop() }
        try await access.migrate()
        try await openLog(origin: settings.origin, access)
        let bootstrap = Bootstrap(
            directory: directory, root: made.root, access: access, clock: clock, policies: policies)
        try await bootstrap.openEntries(
            packStatement: packStatement, custodian: made.custodian, recovery: recovery)
        for envelope in assignments { try await bootstrap.record(envelope) }
        try await bootstrap.issueTokens(to: administrators, now: now)
        var administrator: PrincipalID?
        if let custodian = made.custodian {
            administrator = try await bootstrap.makeFirstPeople(custodian: custodian, now: now)
        }
        try pinEmptyLog(settings)
        try File.create(directory.settings, settings.json.prettyBytes, mode: 0o600)
        return Initialised(
            origin: settings.origin, settings: settings, rootDigest: made.root.digest,
            development: made.root.development, administrator: administrator)
    }

    /// Nothing is created unless the custodians of the former log signed for exactly this.
    private func check(_ envelope: Envelope, _ survey: Survey) throws {
        guard let root else {
            throw RecoveryError("a log is recovered under a root that its custodians have signed")
        }
        guard let statement = try? Statement(parsing: envelope.payload),
            let signed = try? LogRecovery(reading: statement)
        else { throw RecoveryError("the statement is none about the recovery of a log") }
        let next = try TrustRoot.verify(root.envelope)
        let expected = survey.recovery(
            into: next, reason: signed.reason, at: signed.signedAt)
        let problems = signed.problems(expecting: expected, in: envelope, under: survey.root)
        guard problems.isEmpty else {
            throw RecoveryError(problems.joined(separator: "; "))
        }
    }

    /// Whom the given assignments make administrators.
    private var administrators: [PrincipalID] {
        let named = assignments.compactMap { envelope -> PrincipalID? in
            guard case .role(let role)? = IdentityBook.read(envelope.canonicalBytes)?.assignment,
                role.role == .administrator
            else { return nil }
            return role.principal
        }
        return Set(named).sorted()
    }

    /// From its first moment the log is never unpinned: `serve` may halt whenever the pin is missing.
    private func pinEmptyLog(_ settings: StoredSettings) throws {
        guard let name = KeyName(settings.origin) else {
            throw InitialisationError("the origin is no key name")
        }
        let signer = try NoteSigner(name: name, key: KeyFile.load(directory.logKey))
        let empty = try Checkpoint(
            origin: settings.origin, size: 0, root: CompactRange().root)
        try File.create(settings.pin, empty.signed(by: [signer]).bytes, mode: 0o600)
    }

    private func prepareFolders() throws -> StoredSettings {
        if File.exists(directory.path) {
            guard File.isFolder(directory.path), try File.list(directory.path).isEmpty else {
                throw InitialisationError(
                    "\(directory.path) exists and is not empty; nothing was created")
            }
        }
        let pinPath = pin ?? directory.path + ".pin/checkpoint"
        guard !File.exists(pinPath) else {
            throw InitialisationError("a pin exists at \(pinPath); nothing was created")
        }
        let origin: String
        if let root {
            origin = try TrustRoot.verify(root.envelope).origin
        } else {
            origin = self.origin ?? "imprimatur.local/" + Hex.encode(Random.bytes(8))
        }
        guard KeyName(origin) != nil, origin.utf8.count <= 200 else {
            throw InitialisationError("the origin must be 1 to 200 bytes without spaces or `+`")
        }
        // The private PostgreSQL runs as another user and must be able to pass through.
        try File.makeFolder(directory.path, mode: 0o711)
        try File.makeFolder(directory.keys)
        if let folder = File.folder(of: pinPath) { try File.makeFolder(folder) }
        return StoredSettings(
            origin: origin,
            pin: pinPath.hasPrefix("/") ? pinPath : DataDirectory(path: pinPath).path,
            postgresUser: postgresUser)
    }

    // MARK: root and keys

    private struct Made {
        let root: TrustRoot
        /// Only for a development root, which the service makes itself.
        let custodian: PrivateKey?
    }

    private func makeDevelopmentRoot(origin: String, now: Timestamp) throws -> Made {
        let custodian = try PrivateKey.generate(.ecdsaP256)
        let log = try PrivateKey.generate(.ed25519)
        let service = try PrivateKey.generate(.ecdsaP256)
        let permit = try PrivateKey.generate(.ecdsaP256)
        guard let name = KeyName(origin) else {
            throw InitialisationError("the origin is no key name")
        }
        let vkey = try NoteSigner(name: name, key: log).verifierKey.text
        let year = now.adding(seconds: 365 * 86_400)
        let draft = TrustRoot.Draft(
            origin: origin, development: true, issuedAt: now, expiresAt: year,
            custodians: [custodian.publicKey], threshold: 1,
            logKeys: [.init(vkey, from: now, until: year)],
            permitKeys: [
                .init(permit.publicKey, from: now, until: now.adding(seconds: 90 * 86_400))
            ],
            serviceKeys: [.init(service.publicKey, from: now, until: year)])
        let envelope = try Envelope.sign(
            draft.payload, type: TrustRoot.payloadType, with: [custodian])
        try KeyFile.create(directory.logKey, log)
        try KeyFile.create(directory.serviceKey, service)
        try KeyFile.create(directory.permitKey, permit)
        try File.makeFolder(directory.credentials)
        try KeyFile.create(directory.credentials + "/custodian.pem", custodian)
        return try Made(root: store(envelope), custodian: custodian)
    }

    private func adopt(_ envelope: Envelope, keysIn folder: String) throws -> Made {
        for (name, target) in [
            ("log.pem", directory.logKey), ("service.pem", directory.serviceKey),
            ("permit.pem", directory.permitKey),
        ] {
            _ = try KeyFile.load(folder + "/" + name)
            try File.create(target, KeyFile.secret(folder + "/" + name), mode: 0o600)
        }
        return try Made(root: store(envelope), custodian: nil)
    }

    private func store(_ envelope: Envelope) throws -> TrustRoot {
        try File.create(
            directory.keyEncryptionKey, Random.bytes(AuthenticatedEncryption.keyCount), mode: 0o600)
        try File.create(directory.root, envelope.canonicalBytes, mode: 0o644)
        return try TrustRoot.verify(envelope)
    }

    // MARK: database

    private func openLog(origin: String, _ access: DatabaseAccess) async throws {
        let connection = DedicatedConnection(access.migrator, label: "init")
        try await connection.connect()
        let empty = CompactRange()
        let created = try await connection.transaction { db in
            try db.execute(
                """
                INSERT INTO audit.head (origin, size, compact, chain, epoch)
                VALUES (\(origin), 0, \(empty.encoded), \(HashChain.start.bytes), 0)
                ON CONFLICT DO NOTHING
                """)
        }
        await connection.close()
        guard created == 1 else {
            throw InitialisationError("the database holds a log already; nothing was changed in it")
        }
    }
}
