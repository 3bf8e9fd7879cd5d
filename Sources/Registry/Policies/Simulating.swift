// Running another pack over every decision that a log records. Nothing is written.

package import Database
internal import CanonicalJSON
internal import Cryptography
package import Governance

extension Auditing {
    /// Decides every recorded decision again with a pack, in the order of the log.
    ///
    /// Entries that no service key signed are passed over, as by the replay.
    ///
    /// - Parameter url: a role that may read everything.
    /// - Throws: `DatabaseError` when the database cannot be read.
    package static func simulate(
        _ pack: PolicyPack, over url: DatabaseURL, history: RootHistory,
        progress: @escaping @Sendable (AuditProgress) -> Void = { _ in }
    ) async throws -> PackSimulation {
        var options = TransactionOptions(isolation: .repeatableRead, retries: 0)
        options.isReadOnly = true
        options.idleInTransactionTimeout = .zero
        return try await withConnection(url) { connection in
            try await connection.transaction(options) { db in
                let examiner = EntryExaminer(roots: try laterRoots(history, db).roots)
                let size = try db.one("SELECT count(*) FROM audit.leaf", as: Int64.self)
                var simulation = PackSimulation()
                var last: Int64 = -1
                while true {
                    let rows = try db.all(
                        """
                        SELECT l.index, e.bytes
                        FROM audit.leaf l JOIN audit.entry e ON e.id = l.entry_id
                        WHERE l.index > \(last) ORDER BY l.index LIMIT \(LogBlock.length)
                        """, as: (Int64, [UInt8]).self)
                    guard let end = rows.last?.0 else { return simulation }
                    last = end
                    for outcome in try outcomes(rows, examiner, pack, db) {
                        simulation.add(outcome)
                    }
                    progress(AuditProgress(done: last + 1, total: size))
                }
            }
        }
    }

    private static func outcomes(
        _ rows: [(Int64, [UInt8])], _ examiner: EntryExaminer, _ pack: PolicyPack,
        _ db: borrowing Connection
    ) throws -> [PackSimulation.Outcome] {
        let examined = ParallelWork(rows) { row in
            let entry = examiner.examine(row.1)
            return entry.isAuthentic ? entry.entry?.decision : nil
        }.wait()
        let recorded = zip(rows, examined).compactMap { row, decision in
            decision.map { (index: row.0, decision: $0) }
        }
        var outcomes: [PackSimulation.Outcome] = []
        for start in stride(from: 0, to: recorded.count, by: batch) {
            let part = Array(recorded[start..<min(start + batch, recorded.count)])
            let documents = try Documents.load(
                part.flatMap { [$0.decision.decision, $0.decision.facts] }, db)
            outcomes += ParallelWork(part) { item in
                let read = { (digest: SHA256Digest) in
                    documents[digest].flatMap { try? JSON(parsing: $0) }
                }
                let place = "entry \(item.index)"
                guard let document = read(item.decision.decision),
                    let facts = read(item.decision.facts)
                else { return .unusable("\(place): the decision or its facts are missing") }
                return PackSimulation.judge(
                    document: document, facts: facts, place: place, pack: pack)
            }.wait()
        }
        return outcomes
    }

    /// Documents of so many decisions are held in memory at once.
    private static let batch = 256
}
