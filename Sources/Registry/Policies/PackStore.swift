// Policy packs by digest, each believed only if those entitled to have signed it.
//
// The statement is a PackStatement. Pack files travel as one document: a JSON list of {"path","content"}
// with the content in base64, ordered by path.

package import Attestation
internal import CanonicalJSON
internal import Cryptography
internal import Database
package import Governance
internal import Synchronization

/// A pack with the statement that was signed over it.
package struct SignedPack: Sendable {
    package let pack: PolicyPack
    /// The files as one document.
    package let files: [UInt8]
    /// The signed statement.
    package let envelope: Envelope
    package let statement: PackStatement
    /// Whether the custodians' threshold has signed it.
    package let isSigned: Bool
}

/// Loads packs and remembers them; a pack never changes under its digest.
package final class PackStore: Sendable {
    /// The roots whose custodians may have signed a pack.
    private let roots: @Sendable (SHA256Digest) -> [TrustRoot]
    private let known = Mutex<[SHA256Digest: SignedPack]>([:])

    package init(root: TrustRoot) {
        roots = { _ in [root] }
    }

    /// Packs of a log whose root may change: each counts under the root of its activation too.
    init(roots keeper: RootKeeper) {
        roots = { keeper.roots(forPack: $0) }
    }

    /// The pack in force by the rows; nil when there is none or it cannot be loaded.
    func active(_ db: borrowing Connection) throws -> SignedPack? {
        let row = try db.oneOrNil(
            """
            SELECT digest, statement, files FROM registry.policy_pack
            ORDER BY activated_at DESC, digest LIMIT 1
            """, as: ([UInt8], [UInt8], [UInt8]).self)
        return try row.flatMap { try load($0.0, $0.1, $0.2, db) }
    }

    /// The pack of a digest; nil when it is unknown or cannot be loaded.
    func pack(_ digest: SHA256Digest, _ db: borrowing Connection) throws -> SignedPack? {
        if let pack = known.withLock({ $0[digest] }) { return pack }
        let row = try db.oneOrNil(
            """
            SELECT digest, statement, files FROM registry.policy_pack
            WHERE digest = \(digest.bytes)
            """, as: ([UInt8], [UInt8], [UInt8]).self)
        return try row.flatMap { try load($0.0, $0.1, $0.2, db) }
    }

    /// The pack that an entry of the log brought into force; nil when it cannot be loaded.
    func pack(_ event: PolicyActivated, _ db: borrowing Connection) throws -> SignedPack? {
        try load(event.digest.bytes, event.document.bytes, event.files.bytes, db)
    }

    private func load(
        _ digest: [UInt8], _ statement: [UInt8], _ files: [UInt8], _ db: borrowing Connection
    ) throws -> SignedPack? {
        guard let digest = SHA256Digest(bytes: digest),
            let statement = SHA256Digest(bytes: statement),
            let files = SHA256Digest(bytes: files)
        else { return nil }
        if let pack = known.withLock({ $0[digest] }) { return pack }
        let documents = try Documents.load([statement, files], db)
        guard let envelope = documents[statement].flatMap({ try? Envelope(parsing: $0) }),
            let bytes = documents[files], let pack = try? verify(envelope, files: bytes),
            pack.pack.digest == digest
        else { return nil }
        // One that is not signed may be by a root that has not been read yet.
        if pack.isSigned { known.withLock { $0[digest] = pack } }
        return pack
    }

    /// Checks a pack's files against its statement and the statement against the root.
    package func verify(_ envelope: Envelope, files document: [UInt8]) throws -> SignedPack {
        let files = try PackFiles.read(document)
        let pack = try PolicyPack.parse(files)
        let statement = try PackStatement(reading: Statement(parsing: envelope.payload))
        let isAbout =
            PackFiles.document(files) == document
            && envelope.payloadType == Statement.payloadType
        let isSigned = roots(pack.digest).contains { root in
            statement.problems(with: pack, files: files, origin: root.origin).isEmpty
                && envelope.verify(with: root.custodians).count >= root.threshold
        }
        return SignedPack(
            pack: pack, files: document, envelope: envelope, statement: statement,
            isSigned: isAbout && isSigned)
    }
}

/// Pack files as one document.
package enum PackFiles {
    /// Largest pack.
    static let maximumBytes = 4 << 20

    /// The document of these files.
    package static func document(_ files: [PackFile]) -> [UInt8] {
        JSON.array(
            files.sorted { $0.path.utf8.lexicographicallyPrecedes($1.path.utf8) }.map {
                ["path": .string($0.path), "content": .string(Base64.encode($0.bytes))]
            }
        ).canonicalBytes
    }

    /// The files of a document, each read as strict YAML.
    package static func read(_ document: [UInt8]) throws -> [PackFile] {
        let json = try JSON(parsing: document, limits: JSON.Limits(bytes: maximumBytes, depth: 4))
        let raw = try JSONReader.decode(json) { reader in
            reader.array(count: 1...100) { file -> (String, [UInt8])? in
                let path = file.string("path", length: 1...200)
                let content = file.parsed("content", as: "base64", length: 0...maximumBytes) {
                    Base64.decode($0)
                }
                return content.map { (path, $0) }
            }
        }
        return try raw.map { try PackFile(path: $0, bytes: $1, tree: StrictYAML.json($1)) }
    }

    /// The files of a folder, or the embedded ones when no folder is given.
    package static func load(folder: String?) throws -> [PackFile] {
        guard let folder else {
            return try Resources.folder("policies")
                .filter { (PolicyPack.paths + PolicyPack.optionalPaths).contains($0.path) }
                .map {
                    try PackFile(path: $0.path, bytes: $0.bytes, tree: StrictYAML.json($0.bytes))
                }
        }
        let (files, unreadable) = try PackFolder.read(folder)
        if let first = unreadable.first { throw first }
        return files
    }
}
