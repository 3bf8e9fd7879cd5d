// What disposal would free, now and next: a forecast by rows, for planning.
//
// Rows are an index: whether anything may go is judged from the log when somebody asks for it
// (Disposing.swift). Documents that only the log names, such as what dry runs were decided on, are not in
// the figures, and those that retired versions share are counted with each: they are what to
// expect, no more.

package import CanonicalJSON
internal import Cryptography
internal import Database
package import Governance

/// The retired versions, and when their documents may go.
package struct DisposalForecast: Sendable {
    /// A retired version with documents left.
    package struct Item: Sendable, Hashable {
        package let version: String
        /// Until when everything about it is kept; nil when that cannot be told.
        package let keptUntil: Timestamp?
        package let bytes: Int64
        /// Whether a hold, a suspension or a deployment stands against it, by rows.
        package let isHeld: Bool

        var json: JSON {
            [
                "version": .string(version), "keptUntil": keptUntil.map { .text($0) } ?? .null,
                "bytes": .integer(bytes), "held": .bool(isHeld),
            ]
        }
    }

    /// What may go now, in order of name; at most `limit`.
    package let due: [Item]
    /// How many may go, and how many bytes they have.
    package let dueCount: Int64
    package let dueBytes: Int64
    /// The next that will be due by itself.
    package let next: Item?
    /// Retired versions that nothing but somebody's act lets go: held, suspended, running.
    package let heldCount: Int64

    /// Most versions that are listed.
    package static let limit = 1_000

    /// Asks the rows.
    init(_ db: borrowing Connection, now: Timestamp) throws {
        let packs = try Self.packs(db)
        var due: [Item] = []
        var (count, bytes, held) = (Int64(0), Int64(0), Int64(0))
        var next: Item?
        try db.forEach(Self.retired(now)) { row in
            let version: String = try row.next()
            let tier: String = try row.next()
            let policy: [UInt8] = try row.next()
            let at = Timestamp(try row.next() as SQLTimestamp)
            let size: Int64 = try row.next()
            let isHeld: Bool = try row.next()
            let item = Item(
                version: version,
                keptUntil: Self.term(tier: tier, policy: policy, at, packs)?.recordUntil,
                bytes: size, isHeld: isHeld)
            guard !isHeld, let until = item.keptUntil else {
                held += 1
                return
            }
            guard until <= now else {
                if next?.keptUntil.map({ until < $0 }) ?? true { next = item }
                return
            }
            count += 1
            bytes += size
            if due.count < Self.limit { due.append(item) }
        }
        (self.due, dueCount, dueBytes, self.next, heldCount) = (due, count, bytes, next, held)
    }

    /// The forecast as JSON.
    package var json: JSON {
        [
            "due": .array(due.map(\.json)), "dueCount": .integer(dueCount),
            "dueBytes": .integer(dueBytes), "next": next?.json ?? .null,
            "heldCount": .integer(heldCount),
        ]
    }

    /// Retired versions with the bytes of the documents that rows name and that are there.
    private static func retired(_ now: Timestamp) -> SQL {
        """
        WITH retired AS (
            SELECT name, tier, policy, submitted_at,
                   ARRAY[card_document, manifest_document, signature_document] AS documents
            FROM registry.version WHERE state = 'retired'),
        named AS (
            SELECT name, unnest(documents) AS sha256 FROM retired
            UNION SELECT r.name, e.document
            FROM retired r JOIN registry.evaluation e ON e.version = r.name
            UNION SELECT r.name, unnest(ARRAY[d.digest, d.facts])
            FROM retired r JOIN registry.decision d ON d.version = r.name),
        needed AS (
            SELECT unnest(ARRAY[card_document, manifest_document, signature_document]) AS sha256
            FROM registry.version WHERE state <> 'retired'),
        sized AS (
            SELECT n.name, sum(octet_length(d.bytes))::bigint AS bytes
            FROM named n JOIN audit.document d ON d.sha256 = n.sha256
            WHERE NOT EXISTS (SELECT FROM needed k WHERE k.sha256 = n.sha256) GROUP BY n.name)
        SELECT r.name, r.tier, r.policy, r.submitted_at, s.bytes,
               EXISTS (SELECT FROM registry.hold h
                       WHERE h.scope = 'version/' || r.name AND h.released_at IS NULL)
               OR EXISTS (SELECT FROM registry.restriction x
                          WHERE x.version = r.name AND x.kind = 'suspension' AND x.lifted_at IS NULL)
               OR EXISTS (SELECT FROM registry.deployment p
                          WHERE p.version = r.name AND (p.state = 'active'
                              OR p.state = 'permitted' AND p.not_after > \(SQLTimestamp(now))))
        FROM retired r JOIN sized s ON s.name = r.name ORDER BY r.name
        """
    }

    private struct Pack {
        let digest: SHA256Digest
        let activatedAt: Timestamp
        /// Nil when it cannot be read.
        let pack: PolicyPack?
    }

    private static func packs(_ db: borrowing Connection) throws -> [Pack] {
        let rows = try db.all(
            "SELECT digest, files, activated_at FROM registry.policy_pack ORDER BY activated_at",
            as: ([UInt8], [UInt8], SQLTimestamp).self)
        return try rows.compactMap { digest, files, at -> Pack? in
            guard let digest = SHA256Digest(bytes: digest), let files = SHA256Digest(bytes: files)
            else { return nil }
            let bytes = try Documents.load([files], db)[files]
            let pack = bytes.flatMap { try? PolicyPack.parse(PackFiles.read($0)) }
            return Pack(
                digest: digest, activatedAt: Timestamp(at),
                pack: pack?.digest == digest ? pack : nil)
        }
    }

    private static func term(
        tier: String, policy: [UInt8], _ at: Timestamp, _ packs: [Pack]
    ) -> RetentionTerm? {
        guard let policy = SHA256Digest(bytes: policy) else { return nil }
        let counting = packs.filter { $0.digest == policy || $0.activatedAt >= at }
        let read = counting.compactMap(\.pack)
        guard read.count == counting.count, counting.contains(where: { $0.digest == policy })
        else { return nil }
        let recorded = PersonalFold.Recorded(
            at: at, tier: Int64(tier).flatMap { Tier(rawValue: $0) }, policy: policy)
        return RetentionTerm(recorded, packs: read)
    }
}

extension Registry {
    /// What may be disposed of now and next, by rows, and what has been.
    package func disposals() async throws -> JSON {
        let now = clock()
        return try await database.read { db in
            var members = try DisposalForecast(db, now: now).json.object ?? [:]
            members["disposed"] = .array(try Self.disposed(of: nil, db))
            return .object(members)
        }
    }

    /// Disposals of a version or of all, newest first.
    static func disposed(
        of version: VersionReference?, _ db: borrowing Connection
    ) throws -> [JSON] {
        let name = version?.description
        return try db.all(
            """
            SELECT version, documents, bytes, kept_until, at, list FROM registry.disposal
            WHERE \(name) IS NULL OR version = \(name)
            ORDER BY at DESC, statement LIMIT \(Int64(DisposalForecast.limit))
            """, as: (String, Int64, Int64, SQLTimestamp, SQLTimestamp, [UInt8]).self
        ).map { version, documents, bytes, keptUntil, at, list in
            [
                "version": .string(version), "documents": .integer(documents),
                "bytes": .integer(bytes), "keptUntil": .text(Timestamp(keptUntil)),
                "at": .text(Timestamp(at)), "list": .string(Hex.encode(list)),
            ]
        }
    }
}
