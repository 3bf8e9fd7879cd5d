// Takes the newest checkpoint to the witnesses, keeps their cosignatures, and halts when one of them
// has seen another log than this one (I5).
//
// A round visits every witness at the same time with the newest checkpoint that was pinned, at most
// one round a second: under load most checkpoints are never cosigned, and need not be, because each
// covers all before it. What a witness answers:
//
//     cosigned      the line is verified and stored (audit.cosignature) before anybody sees it
//     ahead         the witness has cosigned a larger tree. If no checkpoint of that size turns up in
//                   the database soon, the database is older than what was published: halt
//     contradicted  the witness has cosigned a tree that this one does not extend: halt
//     else          counted and logged; the next round tries again
//
// When the cosignatures meet the rules, the checkpoint with them becomes the one that receipts are
// made under. A crash between any two steps loses at most cosignatures, which a witness gives again.

internal import Cryptography
internal import Database
internal import Governance
internal import Logging
internal import Metrics
internal import ServiceLifecycle
internal import Synchronization
internal import TransparencyLog

/// The witnesses of one log, as a service.
package final class Witnesses: Service {
    private let roots: RootKeeper
    private let connection: DedicatedConnection
    private let database: Database
    private let follower: Follower
    private let halt: Halt
    private let transport: any WitnessTransport
    private let logger: Logger
    private let state = Mutex(State())

    private struct State {
        /// What each witness has cosigned last, by address.
        var sizes: [String: Int64] = [:]
        /// Since when a witness has been ahead, by address.
        var ahead: [String: ContinuousClock.Instant] = [:]
        /// The size that was last judged to have enough cosignatures.
        var satisfied: Int64 = -1
        var verdict: WitnessRules.Verdict?
    }

    /// Time between two rounds.
    private static let interval = Duration.seconds(1)
    /// How long another instance may take to show a checkpoint that a witness knows already.
    private static let patience = Duration.seconds(10)

    init(
        roots: RootKeeper, connection: DedicatedConnection, database: Database, follower: Follower,
        halt: Halt, transport: any WitnessTransport, logger: Logger
    ) {
        self.roots = roots
        self.connection = connection
        self.database = database
        self.follower = follower
        self.halt = halt
        self.transport = transport
        self.logger = logger
    }

    /// What the last round came to; nil before the first.
    package var verdict: WitnessRules.Verdict? { state.withLock(\.verdict) }

    package func run() async throws {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled, self.halt.reason == nil {
                do {
                    try await self.round()
                } catch is CancellationError {
                    break
                } catch {
                    self.logger.warning("witnesses not asked", metadata: ["error": "\(error)"])
                }
                try? await Task.sleep(for: Self.interval)
            }
            try? await gracefulShutdown()
        }
        await connection.close()
    }

    /// Asks every witness about the newest checkpoint, unless enough have cosigned it already.
    private func round() async throws {
        guard let rules = roots.witnessRules, let newest = follower.look({ $0.pinned }),
            newest.checkpoint.size > state.withLock(\.satisfied)
        else { return }
        let visits = try await Self.ask(
            rules, newest, knownSizes: state.withLock(\.sizes), transport, database)
        var note = try SignedNote(parsing: newest.note)
        for (witness, visit) in visits {
            if let size = visit.size { state.withLock { $0.sizes[witness.address] = size } }
            try await take(visit, of: witness, newest.checkpoint, into: &note)
        }
        let verdict = rules.judge(note, logKeys: roots.history.logKeys(at: newest.checkpoint.size))
        state.withLock { $0.verdict = verdict }
        Gauge(label: "imprimatur_witness_operators").record(verdict.operators.count)
        Gauge(label: "imprimatur_witness_satisfied").record(verdict.isSatisfied ? 1 : 0)
        guard verdict.isSatisfied else {
            logger.warning(
                "too few cosignatures",
                metadata: [
                    "size": "\(newest.checkpoint.size)",
                    "reasons": "\(verdict.reasons.joined(separator: "; "))",
                    "receipts": rules.isClosed ? "held back" : "released",
                ])
            return
        }
        state.withLock { $0.satisfied = newest.checkpoint.size }
        try await follower.release(
            Published(checkpoint: newest.checkpoint, note: note.bytes))
    }

    private func take(
        _ visit: WitnessClient.Visit, of witness: Witness, _ checkpoint: Checkpoint,
        into note: inout SignedNote
    ) async throws {
        Counter(
            label: "imprimatur_witness_visits",
            dimensions: [("witness", witness.name), ("outcome", visit.outcome.label)]
        ).increment()
        if case .ahead = visit.outcome {
        } else {
            state.withLock { $0.ahead[witness.address] = nil }
        }
        switch visit.outcome {
        case .cosigned(let signatures):
            for signature in signatures {
                try await store(signature, over: checkpoint.size)
                try note.append(signature.signature)
            }
        case .ahead(let size):
            guard try await newestSize() < size else { return }
            let now = ContinuousClock.now
            let since = state.withLock { state in
                let since = state.ahead[witness.address] ?? now
                state.ahead[witness.address] = since
                return since
            }
            if now - since > Self.patience { stop(.databaseOlder, witness.sees(size)) }
        case .contradicted(let reason):
            stop(.forked, witness.contradicts(checkpoint, reason))
        case .refused, .failed, .proveFrom:
            logger.warning(
                "witness did not cosign",
                metadata: ["witness": "\(witness.name)", "outcome": "\(visit.outcome)"])
        }
    }

    private func newestSize() async throws -> Int64 {
        try await database.read { db in
            try db.one("SELECT coalesce(max(size), 0) FROM audit.checkpoint", as: Int64.self)
        }
    }

    private func store(_ signature: VerifiedSignature, over size: Int64) async throws {
        if !connection.isConnected { try await connection.connect() }
        let line = Array(signature.signature.line.utf8)
        try await connection.withConnection { db in
            try db.execute(
                """
                INSERT INTO audit.cosignature (size, witness, line)
                VALUES (\(size), \(signature.key.label), \(line)) ON CONFLICT DO NOTHING
                """)
        }
    }

    private func stop(_ code: HaltReason.Code, _ evidence: String) {
        halt.halt(HaltReason(code, evidence))
        logger.error(
            "log halted", metadata: ["reason": "\(code.rawValue)", "evidence": "\(evidence)"])
    }
}

extension WitnessSubmission.Outcome {
    /// One word for metrics.
    var label: String {
        switch self {
        case .cosigned: "cosigned"
        case .proveFrom: "prove-from"
        case .ahead: "ahead"
        case .contradicted: "contradicted"
        case .refused: "refused"
        case .failed: "failed"
        }
    }
}
