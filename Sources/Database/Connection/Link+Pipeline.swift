// Several statements in one round trip (libpq's pipeline mode).
internal import CLibPQ

extension Link {
    /// Statements sent before their answers are read. A pipeline on a blocking socket must not
    /// fill both buffers, and an answer must not wait for thousands of others.
    static let pipelineWindow = 128

    /// Sends what was deferred and these statements, then hands over each answer in order.
    /// One error aborts all that follow; it is thrown when everything has been read.
    func pipeline(
        _ batch: [SQL], _ handle: (Int, consuming Rows) throws(DatabaseError) -> Void
    ) throws(DatabaseError) {
        try checkReady()
        // A PREPARE that fails aborts the transaction: the savepoint that shall catch it goes first.
        if !deferred.isEmpty, batch.contains(where: statements.wouldPrepare) {
            try flushDeferred()
        }
        // preparing needs its own round trip, so it comes before the pipeline is opened
        for sql in batch { _ = try plan(sql) }
        let opening = deferred
        deferred = []
        flushes += 1
        for sql in opening { _ = try plan(sql) }
        guard PQenterPipelineMode(pointer) == 1 else { throw lost(nil) }
        let all = opening + batch
        var failure: DatabaseError?
        var start = 0
        while start < all.count, failure == nil {
            let end = min(start + Self.pipelineWindow, all.count)
            for sql in all[start..<end] { try send(sql) }
            let isLast = end == all.count
            // a flush request asks for the answers without ending the implicit transaction
            guard isLast ? PQpipelineSync(pointer) == 1 : PQsendFlushRequest(pointer) == 1 else {
                throw lost(nil)
            }
            guard isLast || PQflush(pointer) == 0 else { throw lost(nil) }
            for index in start..<end {
                do throws(DatabaseError) {
                    let rows = try nextAnswer(all[index])
                    guard failure == nil, index >= opening.count else { continue }
                    try handle(index - opening.count, rows)
                } catch {
                    failure = failure ?? error
                    guard isUsable else { throw failure ?? error }
                }
            }
            start = end
        }
        if start < all.count, PQpipelineSync(pointer) != 1 { throw lost(nil) }
        try finishPipeline()
        if let failure { throw failure }
    }

    /// Sends what was deferred by itself.
    func flushDeferred() throws(DatabaseError) {
        try checkReady()
        guard !deferred.isEmpty else { return }
        try pipeline([]) { (_, _: consuming Rows) throws(DatabaseError) in }
    }

    private func nextAnswer(_ sql: SQL) throws(DatabaseError) -> Rows {
        guard let result = PQgetResult(pointer) else { throw lost(sql) }
        let status = PQresultStatus(result)
        switch status {
        case PGRES_COPY_IN, PGRES_COPY_OUT, PGRES_COPY_BOTH, PGRES_PIPELINE_SYNC:
            PQclear(result)
            abandon()
            throw DatabaseError(
                .usage, "a statement that cannot run in a pipeline", statement: sql.description)
        default:
            // one answer per statement, then a NULL that separates it from the next
            while let extra = PQgetResult(pointer) { PQclear(extra) }
        }
        if status == PGRES_PIPELINE_ABORTED {
            PQclear(result)
            throw DatabaseError(
                .server, "not run: an earlier statement of the pipeline failed",
                statement: sql.description)
        }
        return try checked(result, sql)
    }

    private func finishPipeline() throws(DatabaseError) {
        guard let result = PQgetResult(pointer) else { throw lost(nil) }
        defer { PQclear(result) }
        guard PQresultStatus(result) == PGRES_PIPELINE_SYNC, PQexitPipelineMode(pointer) == 1 else {
            throw lost(nil)
        }
    }
}
