// Before anybody is told of a commit that was not flushed: it is flushed, and seen to be there.
//
// A crash of PostgreSQL may undo what was committed a moment ago, and a flush after the restart would
// succeed all the same. So the transaction that flushes looks for the entries first; if the server goes
// away in between, it fails.

internal import Cryptography
internal import Database
internal import TransparencyLog

extension Writer {
    /// The outcomes, with those that turn out not to be kept as errors of the kind `commitUnknown`.
    func keep(
        _ outcomes: [Result<Recorded, any Error>]
    ) async -> [Result<Recorded, any Error>] {
        let recorded = outcomes.compactMap { try? $0.get() }
        guard !recorded.isEmpty else { return outcomes }
        var stored: [Int64: [UInt8]] = [:]
        do {
            stored = try await flush(recorded.map(\.entryID))
        } catch {
            // Whether they are kept cannot be seen now: the same answer.
        }
        return outcomes.map { outcome in
            guard case .success(let one) = outcome,
                stored[one.entryID] != MerkleTree.leafHash(of: one.bytes).bytes
            else { return outcome }
            return .failure(
                DatabaseError(
                    .commitUnknown, "the database went away before entry \(one.entryID) was kept"))
        }
    }

    /// Flushes everything committed so far; answers the leaf hashes of these entries.
    private func flush(_ ids: [Int64]) async throws -> [Int64: [UInt8]] {
        try await database.write { db in
            // A commit waits only if it wrote something: a message that nobody reads is the least.
            try db.execute("SELECT pg_logical_emit_message(true, 'imprimatur', '')")
            let rows = try db.all(
                "SELECT id, leaf_hash FROM audit.entry WHERE id = ANY(\(ids))",
                as: (Int64, [UInt8]).self)
            return Dictionary(rows, uniquingKeysWith: { $1 })
        }
    }
}
