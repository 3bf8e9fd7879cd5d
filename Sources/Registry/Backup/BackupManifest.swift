// What a backup says of itself: signed by the service's key, so that it can be told from another.
//
//     DIR/manifest.dsse.json   written last: without it there is no backup
//     DIR/database.dump        pg_dump, custom format, of one snapshot: log, documents, projections,
//                              sealed personal values
//     DIR/root.json            the trust root
//     DIR/roots/               the roots that it followed, as <version>.json
//     DIR/settings.json        what `init` decided
//     DIR/keys/                service.pem and permit.pem; log.pem only when asked for; kek never
//
// The manifest is a DSSE envelope of type application/vnd.imprimatur.backup.v1+json around the RFC 8785
// bytes of
//
//     {"type":"imprimatur.dev/backup/v1","origin":…,"madeAt":…,"trustRoot":DIGEST,"kek":NAME or null,
//      "log":{"size":41,"root":DIGEST,"entries":41,"checkpoint":"<signed note>" or null},
//      "keys":["permit","service"],"files":[{"path":…,"sha256":…,"size":…}, …]}
//
// `log` is the log as in the dump; `entries` counts those too that had no place in it yet. The key that
// signs the log is left out because a second holder of it can fork the log; the key-encryption key
// because whoever has it together with an old dump can read what was erased since.

internal import Attestation
internal import CanonicalJSON
package import Cryptography
package import Governance

/// The signed contents of a backup.
package struct BackupManifest: Sendable {
    /// One file of the backup.
    package struct StoredFile: Sendable, Hashable {
        package let path: String
        package let size: Int64
        package let sha256: SHA256Digest
    }

    package let origin: String
    package let madeAt: Timestamp
    package let trustRoot: SHA256Digest
    /// Names the key-encryption key that the personal values are sealed under.
    package let kek: SHA256Digest?
    /// Size and root of the log in the dump.
    package let size: Int64
    package let root: SHA256Digest
    /// Committed entries, those without a place included.
    package let entries: Int64
    /// The newest checkpoint in the dump.
    package let checkpoint: [UInt8]?
    /// Private keys that the backup holds, by name.
    package let keys: [String]
    package let files: [StoredFile]

    static let payloadType = "application/vnd.imprimatur.backup.v1+json"
    static let type = "imprimatur.dev/backup/v1"
    static let fileName = "manifest.dsse.json"
    static let dump = "database.dump"
    /// The keys that may be in a backup.
    static let keyNames = ["log", "permit", "service"]

    var payload: [UInt8] {
        let json: JSON = [
            "type": .string(Self.type), "origin": .string(origin), "madeAt": .text(madeAt),
            "trustRoot": .digest(trustRoot), "kek": .digest(kek),
            "log": [
                "size": .integer(size), "root": .digest(root), "entries": .integer(entries),
                "checkpoint": checkpoint.map { .string(String(decoding: $0, as: UTF8.self)) }
                    ?? .null,
            ],
            "keys": .array(keys.map(JSON.string)),
            "files": .array(
                files.map {
                    [
                        "path": .string($0.path), "size": .integer($0.size),
                        "sha256": .digest($0.sha256),
                    ]
                }),
        ]
        return json.canonicalBytes
    }

    /// Reads a manifest that a service key of the root has signed.
    static func read(_ envelope: Envelope, under root: TrustRoot) throws -> BackupManifest {
        guard envelope.payloadType == payloadType else {
            throw BackupError("the manifest is of type \(envelope.payloadType)")
        }
        let json = try JSON(parsing: envelope.payload, limits: .own)
        let manifest = try JSONReader.decode(json, Self.init(reading:))
        guard manifest.origin == root.origin else {
            throw BackupError("it is of \(manifest.origin), the trust root is for \(root.origin)")
        }
        let keys = root.serviceKeys.filter { $0.isValid(at: manifest.madeAt) }.map(\.key)
        guard !envelope.verify(with: keys).isEmpty else {
            throw BackupError("no service key of the trust root has signed the manifest")
        }
        return manifest
    }

    private init?(reading reader: JSONReader) {
        reader.constant("type", Self.type)
        origin = reader.string("origin", length: 1...255)
        let madeAt = reader.parsed("madeAt", as: "a time") { Timestamp($0) }
        func digest(_ reader: JSONReader, _ name: String) -> SHA256Digest? {
            reader.parsed(name, as: "64 lowercase hex digits") { SHA256Digest(hex: $0) }
        }
        let trustRoot = digest(reader, "trustRoot")
        kek = reader.nullable("kek") { $0.parsed(as: "64 hex digits") { SHA256Digest(hex: $0) } }
        let log = reader.object("log") { log in
            (
                size: log.integer("size", in: 0...JSON.safeIntegers.upperBound),
                root: digest(log, "root"),
                entries: log.integer("entries", in: 0...JSON.safeIntegers.upperBound),
                checkpoint: log.nullable("checkpoint") { $0.string(length: 1...1_000_000) }
            )
        }
        keys = reader.array("keys", count: 0...3) { key in
            key.parsed(as: "log, permit or service") { Self.keyNames.contains($0) ? $0 : nil }
        }
        files = reader.array("files", count: 1...1_000) { file in
            file.object { member -> StoredFile? in
                let path = member.parsed("path", as: "a file of a backup") {
                    Self.isPath($0) ? $0 : nil
                }
                let size = member.integer("size", in: 0...JSON.safeIntegers.upperBound)
                let sha256 = digest(member, "sha256")
                guard let path, let sha256 else { return nil }
                return StoredFile(path: path, size: size, sha256: sha256)
            }
        }
        guard let madeAt, let trustRoot, let root = log.root else { return nil }
        self.madeAt = madeAt
        self.trustRoot = trustRoot
        size = log.size
        self.root = root
        entries = log.entries
        checkpoint = log.checkpoint.map { Array($0.utf8) }
    }

    /// A manifest cannot name anything outside the backup's own few files.
    private static func isPath(_ path: String) -> Bool {
        [dump, "root.json", "settings.json"].contains(path)
            || keyNames.contains { path == "keys/\($0).pem" } || isFormerRoot(path)
    }

    /// Whether a path is that of a root which the present one followed.
    static func isFormerRoot(_ path: String) -> Bool {
        guard path.hasPrefix("roots/"), path.hasSuffix(".json") else { return false }
        let name = path.dropFirst(6).dropLast(5)
        return Int64(name).map { "\($0)" == name } ?? false
    }

    init(
        origin: String, madeAt: Timestamp, trustRoot: SHA256Digest, kek: SHA256Digest?,
        size: Int64, root: SHA256Digest, entries: Int64, checkpoint: [UInt8]?, keys: [String],
        files: [StoredFile]
    ) {
        self.origin = origin
        self.madeAt = madeAt
        self.trustRoot = trustRoot
        self.kek = kek
        self.size = size
        self.root = root
        self.entries = entries
        self.checkpoint = checkpoint
        self.keys = keys
        self.files = files
    }
}

/// Why a backup cannot be made, or not be used.
package struct BackupError: Error, Sendable, Hashable, CustomStringConvertible {
    package let description: String
    /// What to do about it.
    package let hint: String?

    package init(_ description: String, hint: String? = nil) {
        self.description = description
        self.hint = hint
    }
}
