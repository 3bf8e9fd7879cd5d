// Finds which documents of a version nothing else in the log needs.
//
// First, without any lock, over the log as it is published: the documents that entries of the version name
// and that may go (`Event.disposable`), and every other entry that names one of them. Then, in the
// transaction of the act, over what has been added since: whatever a newer entry or one without a place
// names stays, so that a document never goes which somebody has just found to be there.

internal import CanonicalJSON
internal import Cryptography
internal import Database
internal import Governance

/// What may go of a version, as far as the log has been read.
struct DisposalSurvey: Sendable {
    let version: VersionReference
    /// Documents of the version that may go, with those other versions that name them as theirs.
    private(set) var candidates: [SHA256Digest: Set<VersionReference>] = [:]
    /// How many entries of the log have been read.
    private(set) var size: Int64 = 0

    /// Entries that are read at once.
    private static let block: Int64 = 2_000

    init(version: VersionReference) {
        self.version = version
    }

    /// Every version that shares a document with this one.
    var sharers: Set<VersionReference> { candidates.values.reduce(into: []) { $0.formUnion($1) } }

    /// What may go when the documents of these versions may go as well; at most as many as one list holds.
    func documents(freed: Set<VersionReference>) -> Set<SHA256Digest> {
        let free = candidates.filter { $0.value.isSubset(of: freed) }.keys.sorted()
        return Set(free.prefix(DisposalList.mostDocuments))
    }

    /// Takes the version's own entries, below a size of the log.
    mutating func begin(
        below size: Int64, isAuthentic: (SignedEntry, Entry, [UInt8]) -> Bool,
        _ db: borrowing Connection
    ) throws {
        self.size = size
        try db.forEach(
            """
            SELECT e.bytes FROM audit.leaf l JOIN audit.entry e ON e.id = l.entry_id
            WHERE l.index < \(size)
              AND (position(\(Array("\"version\":\"\(version)\"".utf8)) IN e.bytes) > 0
                OR position(\(Array("\"version/\(version)\"".utf8)) IN e.bytes) > 0)
            """
        ) { row in
            let bytes: [UInt8] = try row.next()
            guard let signed = try? SignedEntry(parsing: bytes),
                let entry = try? Entry(parsing: signed.payload),
                let own = entry.event.disposable, own.version == version,
                isAuthentic(signed, entry, bytes)
            else { return }
            for name in own.documents where entry.documents.contains(name) { candidates[name] = [] }
        }
    }

    /// Takes a part of the log below `size`, from an index on; answers where the next part begins.
    mutating func compare(from start: Int64, _ db: borrowing Connection) throws -> Int64 {
        let end = min(start + Self.block, size)
        guard !candidates.isEmpty else { return size }
        try db.forEach(
            """
            SELECT e.bytes FROM audit.leaf l JOIN audit.entry e ON e.id = l.entry_id
            WHERE l.index >= \(start) AND l.index < \(end)
            """
        ) { row in
            take(try row.next(), keepsAll: false)
        }
        return end
    }

    /// Takes what has been added to the log and to the queue since `begin`, and which of the documents are
    /// there at all.
    mutating func catchUp(_ db: borrowing Connection) throws {
        try db.forEach(
            """
            SELECT bytes FROM audit.entry WHERE id IN (
                SELECT entry_id FROM audit.leaf WHERE index >= \(size)
                UNION SELECT entry_id FROM audit.pending)
            """
        ) { row in
            take(try row.next(), keepsAll: true)
        }
        let names = candidates.keys.map(\.bytes)
        let stored = try db.all(
            "SELECT sha256 FROM audit.document WHERE sha256 = ANY(\(names))", as: [UInt8].self)
        let present = Set(stored.compactMap { SHA256Digest(bytes: $0) })
        candidates = candidates.filter { present.contains($0.key) }
    }

    /// An entry that nobody signed keeps what it names, too: nothing goes because of it.
    private mutating func take(_ bytes: [UInt8], keepsAll: Bool) {
        let named = Self.named(in: bytes).filter { candidates[$0] != nil }
        guard !named.isEmpty else { return }
        let signed = try? SignedEntry(parsing: bytes)
        let disposable = signed.flatMap { try? Entry(parsing: $0.payload) }?.event.disposable
        for name in named {
            guard !keepsAll, let disposable, disposable.documents.contains(name) else {
                candidates[name] = nil
                continue
            }
            if disposable.version != version { candidates[name]?.insert(disposable.version) }
        }
    }

    /// The digests in the member `documents` of an entry, read without reading the rest of it; more than
    /// those where a text looks like it.
    private static func named(in bytes: [UInt8]) -> [SHA256Digest] {
        let member = Array("\"documents\":[".utf8)
        var found: [SHA256Digest] = []
        var position = 0
        while let start = bytes[position...].firstRange(of: member)?.upperBound {
            position = start
            while position + 66 <= bytes.count, bytes[position] == UInt8(ascii: "\""),
                bytes[position + 65] == UInt8(ascii: "\"")
            {
                let hex = String(decoding: bytes[(position + 1)..<(position + 65)], as: UTF8.self)
                if let digest = SHA256Digest(hex: hex) { found.append(digest) }
                position += 66
                if position < bytes.count, bytes[position] == UInt8(ascii: ",") { position += 1 }
            }
        }
        return found
    }
}
