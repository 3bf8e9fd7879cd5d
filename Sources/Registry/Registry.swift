// What the product does: every use case is a method on this value, in a file named after its verb.

package import Cryptography
package import Database
package import Governance
package import Schema
package import TransparencyLog

/// The registry of models, as one service instance sees it.
package struct Registry: Sendable {
    package let database: Database
    package let writer: Writer
    package let follower: Follower
    package let halt: Halt
    package let roots: RootKeeper
    package let packs: PackStore
    package let vault: Vault
    package let schema: JSONSchema
    package let permitKey: PrivateKey
    package let clock: Clock
    let committed: Wakeup
    let authenticator: EntryAuthenticator
    let desk: WriteDesk
    let documentCache = DocumentCache()
    let accesses = AccessLedger()

    /// How long a write waits for its receipt before it answers without.
    let receiptTimeout: Duration

    package init(
        database: Database, writer: Writer, follower: Follower, halt: Halt, roots: RootKeeper,
        packs: PackStore, vault: Vault, schema: JSONSchema, permitKey: PrivateKey,
        clock: @escaping Clock, committed: Wakeup, authenticator: EntryAuthenticator,
        receiptTimeout: Duration
    ) {
        self.database = database
        self.writer = writer
        self.follower = follower
        self.halt = halt
        self.roots = roots
        self.packs = packs
        self.vault = vault
        self.schema = schema
        self.permitKey = permitKey
        self.clock = clock
        self.committed = committed
        self.authenticator = authenticator
        desk = WriteDesk(writer)
        self.receiptTimeout = receiptTimeout
    }

    /// The trust root in force.
    package var root: TrustRoot { roots.current }

    /// A committed act, with its receipt if the log published it in time.
    package struct Outcome: Sendable {
        package let recorded: Recorded
        /// Inclusion proof and checkpoint; nil when they are still to come.
        package let receipt: LogProof?
    }

    /// Writes, wakes the sequencer, and waits for the receipt.
    ///
    /// The commit is not flushed by itself: the sequencer's, which gives the entry its place and comes
    /// later in the WAL, is, and so one flush serves all who wait. Nobody is told of an act before.
    ///
    /// - Parameter alone: in a transaction of its own: for acts whose decision writes or takes its time,
    ///   which others should not wait for.
    func record(
        _ request: Request, _ subjects: Subjects, alone: Bool = false,
        _ decide: @escaping @Sendable (borrowing Connection, Timestamp) throws -> Act
    ) async throws -> Outcome {
        let recorded = try await carryOut(job(request, subjects, decide)) { job in
            alone
                ? try await writer.alone(job, .writeUnflushed).get() : try await desk.write(job)
        }
        // Who hands in many at once does not wait for receipts.
        if BulkDesk.place != nil { return Outcome(recorded: recorded, receipt: nil) }
        if let receipt = try await receipt(of: recorded) {
            return Outcome(recorded: recorded, receipt: receipt)
        }
        return Outcome(recorded: try await writer.keep([.success(recorded)])[0].get(), receipt: nil)
    }

    /// Reads what an answer to a committed act needs. A database that does not answer now has the act all
    /// the same, so nobody is told that nothing was done.
    func afterCommit<R>(_ read: () async throws -> R) async throws -> R {
        do {
            return try await read()
        } catch let error as DatabaseError {
            throw DatabaseError(.commitUnknown, "what was committed cannot be read: \(error)")
        }
    }

    /// The receipt, if it comes in time. When the database does not prove it now, it is to come.
    private func receipt(of recorded: Recorded) async throws -> LogProof? {
        do {
            return try await follower.receipt(for: recorded, timeout: receiptTimeout)
        } catch is DatabaseError {
            return nil
        }
    }

    /// Writes and wakes the sequencer; what it answers is committed and kept.
    func commit(
        _ request: Request, _ subjects: Subjects,
        _ decide: @escaping @Sendable (borrowing Connection, Timestamp) throws -> Act
    ) async throws -> Recorded {
        try await carryOut(job(request, subjects, decide)) { job in
            try await writer.alone(job, .write).get()
        }
    }

    /// An act that is decided only while the log may go on.
    private func job(
        _ request: Request, _ subjects: Subjects,
        _ decide: @escaping @Sendable (borrowing Connection, Timestamp) throws -> Act
    ) throws -> Writer.Job {
        if let reason = follower.clockReason(at: clock()) { halt.halt(reason) }
        try halt.check()
        return Writer.Job(request: request, subjects: subjects) { [follower, halt] db, now in
            // Asked again under the locks: the clock may have been set back, or the log have gone on.
            if let reason = follower.clockReason(at: now) {
                halt.halt(reason)
                throw reason.refusal
            }
            return try decide(db, now)
        }
    }

    /// Hands an act in where the request hands in many, or writes it.
    private func carryOut(
        _ job: Writer.Job, _ write: (Writer.Job) async throws -> Recorded
    ) async throws -> Recorded {
        if let place = BulkDesk.place {
            return try await place.desk.hand(job, at: place.position)
        }
        let recorded = try await write(job)
        // What was done earlier is in the log, with whatever ended it since.
        if !recorded.wasReplayed { follower.remember(recorded) }
        committed.ring()
        return recorded
    }

    /// The caller, who must be known.
    func caller(of request: Request) throws(Refusal) -> Caller {
        guard let caller = request.caller else {
            throw Refusal(.unauthenticated, "unauthenticated", "This request needs a token.")
        }
        return caller
    }

    /// The roles that a caller holds in a namespace now, by signed assignments.
    func roles(of caller: Caller, in namespace: Namespace, at now: Timestamp) -> Set<Role> {
        let chain = follower.look { $0.identities.chain }
        return Set(chain.roles(of: caller.principal, in: namespace, at: now).map(\.role))
    }

    /// Refuses a caller that holds none of the roles in the namespace, by what the follower has read.
    func require(
        _ roles: Set<Role>, of caller: Caller, in namespace: Namespace
    ) throws(Refusal) {
        let held = self.roles(of: caller, in: namespace, at: clock())
        try require(roles, held: held, in: namespace)
    }

    /// The same under the locks of a write, with everything that restricts and is committed by now: a
    /// revocation that came first counts, however far the follower is.
    func require(
        _ roles: Set<Role>, of caller: Caller, in namespace: Namespace, at now: Timestamp,
        _ db: borrowing Connection
    ) throws {
        let chain = try identities(db).chain
        let held = chain.roles(of: caller.principal, in: namespace, at: now).map(\.role)
        try require(roles, held: Set(held), in: namespace)
    }

    private func require(
        _ roles: Set<Role>, held: Set<Role>, in namespace: Namespace
    ) throws(Refusal) {
        guard held.isDisjoint(with: roles) else { return }
        // Halted, the log that roles are read from may not have been read.
        try halt.check()
        let wanted = roles.sorted().map(\.rawValue).joined(separator: " or ")
        throw Refusal(
            .forbidden, "role-missing", "This needs the role \(wanted) in \(namespace).",
            hint: "An administrator can ask for a signed assignment of the role.",
            offence: .roleMissing)
    }

    /// A fresh random id with a prefix that says what it is.
    static func makeID(_ prefix: String, bytes: Int = 12) -> String {
        prefix + Hex.encode(Random.bytes(bytes))
    }
}
