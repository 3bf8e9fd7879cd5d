// Documents that entries name, and those that disposals took.

internal import Cryptography
internal import Database
internal import Governance
internal import TransparencyLog

extension LogVerifier {
    /// Looks up documents and retry keys; a document may be missing only if an entry says why.
    mutating func settleRecord(_ db: borrowing Connection) throws {
        let (findings, absent) = try record.settle(db)
        result.findings.add(findings)
        var reported: Set<SHA256Digest> = []
        for one in absent {
            if try disposals.book(db).excuses(one.digest, namedAt: one.index) {
                excused.insert(one.digest)
            } else if reported.insert(one.digest).inserted {
                result.findings.add(
                    .init(
                        .documentMissing, "audit.document", .key(one.digest.hex),
                        anchors.anchor(of: one.index),
                        "the document that entry \(one.id) names is missing"))
            }
        }
    }

    /// What is wrong with disposals, and documents that are there again though an entry disposed of them
    /// and none has named them since.
    mutating func checkDisposals(_ db: borrowing Connection) throws {
        result.documentsDisposed = Int64(excused.count)
        guard !disposalsMet.isEmpty || !excused.isEmpty else { return }
        let book = try disposals.book(db)
        result.disposals = book.disposals
        // It is judged by the rest of the record: where that has faults, they are what is wrong.
        let isSound = result.findings.isEmpty
        for problem in book.problems where problem.index >= result.from {
            let message = "the disposal does not count: \(problem.message)"
            if isSound {
                add(.disposalUnlawful, "audit.entry", problem.index, message)
            } else {
                result.note("at index \(problem.index) \(message)")
            }
        }
        let (names, places) = (book.disposedAt.map(\.key.bytes), book.disposedAt.map(\.value))
        let present = try db.all(
            """
            SELECT gone.sha256, gone.place
            FROM unnest(\(names), \(places)) AS gone (sha256, place)
            WHERE EXISTS (SELECT FROM audit.document d WHERE d.sha256 = gone.sha256)
              AND NOT EXISTS (
                  SELECT FROM audit.entry e LEFT JOIN audit.leaf l ON l.entry_id = e.id
                  WHERE (l.index IS NULL OR l.index > gone.place)
                    AND position(convert_to(encode(gone.sha256, 'hex'), 'UTF8') IN e.bytes) > 0)
            ORDER BY 1 LIMIT \(Int64(AuditFindings.limit))
            """, as: ([UInt8], Int64).self)
        for (name, place) in present {
            result.findings.add(
                .init(
                    .disposedPresent, "audit.document", .key(Hex.encode(name)), .unanchored,
                    "the document is stored, though it was disposed of at index \(place)"))
        }
    }
}
