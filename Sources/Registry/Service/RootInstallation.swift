// Puts a further version of the trust root in force: an entry of the log first, then the files.
//
// The custodians' signatures are the authority, whoever runs this. In this order:
//   1. verify the root: it follows the one in force, is valid now, certifies this directory's keys, and has
//      the custodians that the pack in force asks for
//   2. record `root.changed` with the envelope  — a crash leaves the entry; instances take the root
//                                                 over from the log, and this can be run again
//   3. keep the old root, replace root.json     — a crash leaves the old one; as above

package import Attestation
internal import CanonicalJSON
package import Cryptography
internal import Database
package import Governance
internal import TransparencyLog

/// Installs roots in a data directory and its log.
package struct RootInstallation: Sendable {
    package let directory: DataDirectory
    package let access: DatabaseAccess
    package let clock: Clock

    package init(directory: DataDirectory, access: DatabaseAccess, clock: @escaping Clock) {
        self.directory = directory
        self.access = access
        self.clock = clock
    }

    /// What became of it.
    package struct Installed: Sendable, Hashable {
        package let root: SHA256Digest
        package let version: Int64
        /// False when the log named the root already.
        package let isNew: Bool
    }

    /// Installs a root; throws `NodeError` or `TrustRootError` with all that is wrong with it.
    package func run(_ envelope: Envelope) async throws -> Installed {
        let stored = try File.read(directory.root, limit: 1 << 20)
        let keeper = try RootKeeper(directory)
        let database = Database(access.writer, settings: .init(maxConnections: 1))
        // The first root is named by entry 0 and has no row.
        let isFirst = envelope.payloadDigest == keeper.history.roots.first?.digest
        let hasRow = try await database.read { db in
            try db.one(
                """
                SELECT EXISTS (SELECT FROM registry.trust_root
                               WHERE digest = \(envelope.payloadDigest.bytes))
                """, as: Bool.self)
        }
        let isNamed = isFirst || hasRow
        var history = keeper.history
        if !history.contains(envelope.payloadDigest) { try history.append(envelope) }
        let root = history.latest
        guard root.digest == envelope.payloadDigest else {
            throw NodeError("version \(root.version) of the trust root is installed already")
        }
        if !isNamed {
            try check(root)
            let packs = PackStore(roots: keeper)
            let pack = try await database.read { try packs.active($0) }
            if let problem = pack?.pack.problem(under: root) {
                throw NodeError(
                    "\(problem): put a pack in force first that asks for fewer, or keep custodians")
            }
            try await record(root, envelope, database)
        }
        await database.closeIdle()
        if keeper.history.latest.digest != root.digest {
            try RootKeeper.replace(stored, with: envelope, in: directory)
        }
        return Installed(root: root.digest, version: root.version, isNew: !isNamed)
    }

    private func check(_ root: TrustRoot) throws {
        let now = clock()
        guard root.issuedAt <= now, now <= root.expiresAt else {
            throw NodeError(
                "the root is valid from \(root.issuedAt) to \(root.expiresAt), now is \(now)")
        }
        try ServiceKeys(directory, origin: root.origin).check(under: root, at: now)
    }

    private func record(
        _ root: TrustRoot, _ envelope: Envelope, _ database: Database
    ) async throws {
        let document = envelope.canonicalBytes
        let digest = SHA256.hash(document)
        let writer = Writer(
            database: database, origin: root.origin,
            signer: EntrySigner(key: try KeyFile.load(directory.serviceKey)), clock: clock,
            context: DecisionContext())
        _ = try await writer.write(
            Request(caller: nil, id: Registry.makeID("root-", bytes: 8)),
            Subjects(written: [Subjects.trustRoot])
        ) { db, _ in
            let last = try db.one(
                "SELECT coalesce(max(version), 0) FROM registry.trust_root", as: Int64.self)
            guard last < root.version else {
                throw NodeError("the log names version \(last) of the trust root already")
            }
            return Act(
                .rootChanged(
                    RootChanged(digest: root.digest, version: root.version, document: digest)),
                documents: [document])
        }
    }
}

/// The private keys of an instance.
package struct ServiceKeys: Sendable {
    let log: NoteSigner
    let service: PrivateKey
    let permit: PrivateKey

    /// Reads them; refuses files that group or others may read.
    package init(_ directory: DataDirectory, origin: String) throws {
        guard let name = KeyName(origin) else { throw NodeError("the origin is no key name") }
        log = try NoteSigner(name: name, key: Self.load(directory.logKey))
        service = try Self.load(directory.serviceKey)
        permit = try Self.load(directory.permitKey)
    }

    /// A key, or an error that names its file.
    private static func load(_ path: String) throws -> PrivateKey {
        do {
            return try KeyFile.load(path)
        } catch let error as CryptographyError {
            throw NodeError("\(path): \(error.message)")
        }
    }

    /// Refuses with every key that a root does not certify at a time.
    package func check(under root: TrustRoot, at now: Timestamp) throws(NodeError) {
        var faults: [String] = []
        let vkey = log.verifierKey.text
        if !root.logKeys.contains(where: { $0.key == vkey }) {
            faults.append("log.pem (\(vkey))")
        }
        if root.serviceKey(service.publicKey.id, at: now) == nil {
            faults.append("service.pem (\(service.publicKey.id))")
        }
        // An expired one releases no permits; everything else goes on.
        if !root.permitKeys.contains(where: { $0.key == permit.publicKey }) {
            faults.append("permit.pem (\(permit.publicKey.id))")
        }
        guard faults.isEmpty else {
            throw NodeError(
                "version \(root.version) of the trust root does not certify: "
                    + faults.joined(separator: ", "),
                hint: "Let the custodians sign a root that lists the keys in use, old and new.")
        }
    }
}
