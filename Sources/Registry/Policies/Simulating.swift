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
                // Judged on other threads while the next documents are read.
                var judging: ParallelWork<PastDecision, PackSimulation.Outcome>?
                while true {
                    let rows = try db.all(
                        """
                        SELECT l.index, e.bytes
                        FROM audit.leaf l JOIN audit.entry e ON e.id = l.entry_id
                        WHERE l.index > \(last) ORDER BY l.index LIMIT \(LogBlock.length)
                        """, as: (Int64, [UInt8]).self)
                    let recorded = recorded(in: rows, examiner)
                    for start in stride(from: 0, to: recorded.count, by: batch) {
                        let part = recorded[start..<min(start + batch, recorded.count)]
                        let next = try part.withDocuments(db)
                        for outcome in judging?.wait() ?? [] { simulation.add(outcome) }
                        judging = ParallelWork(next) { $0.judged(by: pack) }
                    }
                    guard let end = rows.last?.0 else {
                        for outcome in judging?.wait() ?? [] { simulation.add(outcome) }
                        return simulation
                    }
                    last = end
                    progress(AuditProgress(done: last + 1, total: size))
                }
            }
        }
    }

    private static func recorded(
        in rows: [(Int64, [UInt8])], _ examiner: EntryExaminer
    ) -> [PastDecision] {
        let examined = ParallelWork(rows) { row in
            let entry = examiner.examine(row.1)
            return entry.isAuthentic ? entry.entry?.decision : nil
        }.wait()
        return zip(rows, examined).compactMap { row, decision in
            decision.map { PastDecision(index: row.0, decision: $0) }
        }
    }

    /// Documents of so many decisions are held in memory at once.
    private static let batch = 256
}

/// A decision on record, with its documents once they are read.
private struct PastDecision: Sendable {
    let index: Int64
    let decision: RecordedDecision
    var document: [UInt8]?
    var facts: [UInt8]?

    init(index: Int64, decision: RecordedDecision) {
        self.index = index
        self.decision = decision
    }

    /// How it comes out by another pack.
    func judged(by pack: PolicyPack) -> PackSimulation.Outcome {
        let place = "entry \(index)"
        guard let document = document.flatMap({ try? JSON(parsing: $0) }),
            let facts = facts.flatMap({ try? JSON(parsing: $0) })
        else { return .unusable("\(place): the decision or its facts are missing") }
        return PackSimulation.judge(document: document, facts: facts, place: place, pack: pack)
    }
}

extension ArraySlice<PastDecision> {
    /// The same with what the database holds of their documents.
    fileprivate func withDocuments(_ db: borrowing Connection) throws -> [PastDecision] {
        let documents = try Documents.load(
            flatMap { [$0.decision.decision, $0.decision.facts] }, db)
        return map { recorded in
            var recorded = recorded
            recorded.document = documents[recorded.decision.decision]
            recorded.facts = documents[recorded.decision.facts]
            return recorded
        }
    }
}
