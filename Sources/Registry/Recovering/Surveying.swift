// What is left of a log that cannot go on, and what of it restricts.
//
// Nothing of the former database is believed for being there: the tree is grown from the entries' bytes,
// and an entry counts only if a service key of the former trust root signed it. Nothing in it is changed.

package import Attestation
package import Cryptography
internal import Database
package import Governance
internal import TransparencyLog

/// Why a log is not, or cannot be, recovered.
package struct RecoveryError: Error, Sendable, Hashable, CustomStringConvertible {
    package let description: String
    package let hint: String?

    package init(_ description: String, hint: String? = nil) {
        self.description = description
        self.hint = hint
    }
}

/// An entry that the former database does not hold, from whoever kept it.
package struct LostEntry: Sendable, Hashable {
    /// How the operator calls it, for messages.
    package let name: String
    package let entry: [UInt8]
    /// A receipt (c2sp.org/tlog-proof@v1).
    package let receipt: [UInt8]

    package init(name: String, entry: [UInt8], receipt: [UInt8]) {
        self.name = name
        self.entry = entry
        self.receipt = receipt
    }
}

/// A log that cannot go on, as it is found.
package struct Survey: Sendable {
    /// The former trust root, as its custodians signed it.
    package let root: TrustRoot
    package let rootEnvelope: Envelope
    /// Why it does not go on.
    package let cause: HaltReason
    package let pinned: LogRecovery.Head
    package let surviving: LogRecovery.Head
    package let lost: Range<Int64>
    /// Leaf hashes of the entries that were brought, ascending.
    package let brought: [SHA256Digest]
    /// What the new log takes over, in the order of the former one.
    package let restrictions: [RestrictionCarried]
    package let revocations: [KeyRevoked]
    /// Insert ids of stored entries that are not authentic: nothing of them is taken over.
    package let unauthentic: [Int64]

    /// What custodians are asked to sign.
    package func recovery(
        into next: TrustRoot, reason: String, at now: Timestamp
    ) -> LogRecovery {
        LogRecovery(
            origin: next.origin, trustRoot: next.digest, formerOrigin: root.origin,
            formerTrustRoot: root.digest, pinned: pinned, surviving: surviving, lost: lost,
            entries: brought, reason: reason, signedAt: now)
    }
}

/// Surveys one halted log.
package struct Surveying: Sendable {
    package var directory: DataDirectory
    package var access: DatabaseAccess
    /// The newest checkpoint that anybody kept, when the pin is lost or older.
    package var checkpoint: [UInt8]?
    package var lost: [LostEntry] = []

    package init(directory: DataDirectory, access: DatabaseAccess) {
        self.directory = directory
        self.access = access
    }

    /// Reads everything once.
    package func run() async throws -> Survey {
        let roots = try RootKeeper(directory)
        guard let rootEnvelope = roots.envelope else {
            throw RecoveryError("\(directory.path) holds no trust root")
        }
        let settings = try StoredSettings.read(File.read(directory.settings, limit: 65_536))
        let pin = Pin(path: settings.pin)
        let known = try newest(pin, roots)
        var reading = FormerLog(roots: roots.history, pinnedSize: known.size)
        let connection = DedicatedConnection(access.migrator, label: "recover")
        try await connection.connect()
        let halt: HaltReason?
        do {
            halt = try await connection.transaction(.snapshot) { db in
                try StartCheck(roots: roots, pin: pin).run(db)
            }
            reading = try await read(reading, connection)
        } catch {
            await connection.close()
            throw error
        }
        await connection.close()
        let surviving = reading.range
        let continues = reading.rootAtPin == known.root
        guard
            let cause = halt
                ?? (surviving.size < known.size
                    ? HaltReason(.databaseOlder, "the checkpoint given has size \(known.size)")
                    : continues
                        ? nil : HaltReason(.forked, "the checkpoint given has another root"))
        else {
            throw RecoveryError(
                "the log goes on from its pin: there is nothing to recover",
                hint: "If a newer head is known elsewhere, give it with --checkpoint.")
        }
        // In a fork nobody can tell from here which of the two an entry belongs to.
        let from =
            surviving.size < known.size ? reading.lastSigned : continues ? known.size : 0
        let lost = from..<known.size
        let leaves = try bring(into: &reading, roots, known, lost)
        let carried = try reading.carried()
        return Survey(
            root: roots.current, rootEnvelope: rootEnvelope, cause: cause, pinned: known,
            surviving: .init(size: surviving.size, root: surviving.root), lost: lost,
            brought: leaves.sorted(), restrictions: carried, revocations: reading.revocations,
            unauthentic: reading.unauthentic)
    }

    /// The newest head known outside the database: the pin, or the checkpoint given.
    private func newest(_ pin: Pin, _ roots: RootKeeper) throws -> LogRecovery.Head {
        let kept = try pin.read(by: roots.openWithAny)?.checkpoint
        var given: Checkpoint?
        if let checkpoint {
            given = roots.openWithAny(checkpoint)
            guard given != nil else {
                throw RecoveryError("the checkpoint given is not signed by the former log")
            }
        }
        guard let best = [kept, given].compactMap(\.self).max(by: { $0.size < $1.size }) else {
            throw RecoveryError(
                "there is no pin at \(pin.path): nobody says how far the log was",
                hint: "Give the newest checkpoint that a witness or a client kept: --checkpoint.")
        }
        return .init(size: best.size, root: best.root)
    }

    private func read(
        _ former: FormerLog, _ connection: DedicatedConnection
    ) async throws -> FormerLog {
        try await connection.transaction(.snapshot) { db in
            var former = former
            former.checkpoints = try db.all(
                "SELECT size, note FROM audit.checkpoint ORDER BY size",
                as: (Int64, [UInt8]).self)
            while true {
                let rows = try db.all(
                    """
                    SELECT l.entry_id, l.leaf_hash, e.bytes FROM audit.leaf l
                    LEFT JOIN audit.entry e ON e.id = l.entry_id
                    WHERE l.index >= \(former.range.size) ORDER BY l.index LIMIT 512
                    """, as: (Int64, [UInt8], [UInt8]?).self)
                if rows.isEmpty { break }
                for (id, hash, bytes) in rows { former.append(id, hash, bytes) }
            }
            var last: Int64 = -1
            while true {
                let rows = try db.all(
                    """
                    SELECT e.id, e.bytes FROM audit.entry e WHERE e.id > \(last)
                    AND NOT EXISTS (SELECT FROM audit.leaf l WHERE l.entry_id = e.id)
                    ORDER BY e.id LIMIT 512
                    """, as: (Int64, [UInt8]).self)
                if rows.isEmpty { break }
                for (id, bytes) in rows { former.take(id, bytes, at: nil) }
                last = rows[rows.count - 1].0
            }
            return former
        }
    }

    /// Takes in the lost entries that were brought, each with its receipt.
    private func bring(
        into former: inout FormerLog, _ roots: RootKeeper, _ pinned: LogRecovery.Head,
        _ lost: Range<Int64>
    ) throws -> Set<SHA256Digest> {
        guard self.lost.count <= LogRecovery.mostEntries else {
            throw RecoveryError("at most \(LogRecovery.mostEntries) entries can be brought")
        }
        var leaves: Set<SHA256Digest> = []
        var proven: [(index: Int64, leaf: SHA256Digest, entry: Entry)] = []
        for item in self.lost {
            let leaf = MerkleTree.leafHash(of: item.entry)
            guard leaves.insert(leaf).inserted else { continue }
            let index = try index(of: item, leaf, roots, pinned)
            guard lost.contains(index) else {
                throw RecoveryError(
                    "\(item.name) is entry \(index), which is not among the lost ones "
                        + "(\(lost.lowerBound) to before \(lost.upperBound))")
            }
            guard let entry = former.authentic(item.entry) else {
                throw RecoveryError("\(item.name) is not signed by a service key of the former log")
            }
            proven.append((index, leaf, entry))
        }
        for item in proven.sorted(by: { $0.index < $1.index }) {
            former.take(item.entry, item.leaf, at: item.index)
        }
        return leaves
    }

    private func index(
        of item: LostEntry, _ leaf: SHA256Digest, _ roots: RootKeeper, _ pinned: LogRecovery.Head
    ) throws -> Int64 {
        let verdict: LogProofVerdict
        do throws(LogProofError) {
            verdict = try LogProof(parsing: item.receipt).verify(
                leafHash: leaf, origin: roots.current.origin, logKeys: roots.history.logKeys,
                policy: .noWitnesses)
        } catch {
            throw RecoveryError("the receipt of \(item.name): \(error)")
        }
        guard let proof = verdict.proof else {
            throw RecoveryError(
                "the receipt of \(item.name) does not prove it: "
                    + verdict.reasons.map(\.description).joined(separator: ", "))
        }
        let head = proof.checkpoint.checkpoint
        guard head.size <= pinned.size else {
            throw RecoveryError(
                "the receipt of \(item.name) is of a log of \(head.size) entries, newer than the "
                    + "\(pinned.size) that are pinned",
                hint: "Give the checkpoint in it with --checkpoint: the log was that far.")
        }
        guard head.size < pinned.size || head.root == pinned.root else {
            throw RecoveryError("the receipt of \(item.name) is of another fork than the pin")
        }
        return proof.index
    }
}
