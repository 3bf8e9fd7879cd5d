// One round of visits, and what witnesses say of a database before it is served.

internal import Cryptography
internal import Database
internal import Governance
internal import TransparencyLog

extension Witnesses {
    /// A witness of the policy with an address.
    struct Witness: Sendable, Hashable {
        let name: String
        let address: String
        let key: VerifierKey

        /// Evidence that it has seen more than this database holds.
        func sees(_ size: Int64) -> String {
            "the witness \(name) at \(address) has cosigned size \(size) of this log, which the "
                + "database does not hold"
        }

        /// Evidence that it has cosigned another log.
        func contradicts(_ checkpoint: Checkpoint, _ reason: String) -> String {
            "the witness \(name) at \(address) has cosigned a tree that size \(checkpoint.size), root "
                + "\(checkpoint.root), does not extend: \(reason)"
        }
    }

    /// Visits all witnesses at the same time.
    static func ask(
        _ rules: WitnessRules, _ newest: Published, knownSizes: [String: Int64],
        _ transport: any WitnessTransport, _ database: Database
    ) async throws -> [(Witness, WitnessClient.Visit)] {
        let note = try SignedNote(parsing: newest.note)
        let witnesses = rules.policy.witnesses.compactMap { witness in
            witness.url.map {
                Witness(name: witness.name.description, address: $0, key: witness.key)
            }
        }
        let size = newest.checkpoint.size
        return try await withThrowingTaskGroup(
            of: (Witness, WitnessClient.Visit).self
        ) { group in
            for witness in witnesses {
                group.addTask {
                    let client = WitnessClient(
                        name: witness.name, url: witness.address, keys: [witness.key],
                        transport: transport)
                    let visit = try await client.visit(
                        note, knownSize: knownSizes[witness.address] ?? 0
                    ) { old in
                        try await proof(from: old, to: size, database)
                    }
                    return (witness, visit)
                }
            }
            var visits: [(Witness, WitnessClient.Visit)] = []
            for try await visit in group { visits.append(visit) }
            return visits.sorted { $0.0.name < $1.0.name }
        }
    }

    private static func proof(
        from old: Int64, to new: Int64, _ database: Database
    ) async throws -> ConsistencyProof {
        guard old > 0, old < new else {
            return ConsistencyProof(oldSize: old, newSize: new, hashes: [])
        }
        return try await database.read { db in
            let ids = try ConsistencyProof.tiles(oldSize: old, newSize: new)
            return try ConsistencyProof(
                oldSize: old, newSize: new, from: TileSet(ids, LogTiles.load(ids, db)))
        }
    }

    /// What witnesses say of a database at the start.
    enum Confirmation: Sendable {
        /// Nobody was asked, or nobody answered anything to rely on.
        case none
        /// Enough of them have cosigned this, the newest checkpoint of the database.
        case confirmed(Published)
        /// One of them knows better: halt.
        case denied(HaltReason)
    }

    /// Asks the witnesses about the newest checkpoint that the database holds.
    static func confirm(
        _ roots: RootKeeper, _ database: Database, _ transport: any WitnessTransport
    ) async throws -> Confirmation {
        guard let rules = roots.witnessRules else { return .none }
        let stored = try await database.read { db in
            try db.oneOrNil(
                "SELECT note FROM audit.checkpoint ORDER BY size DESC LIMIT 1", as: [UInt8].self)
        }
        guard let stored, let checkpoint = roots.openWithAny(stored) else { return .none }
        let newest = Published(checkpoint: checkpoint, note: stored)
        var note = try SignedNote(parsing: stored)
        for (witness, visit) in try await ask(rules, newest, knownSizes: [:], transport, database) {
            switch visit.outcome {
            case .cosigned(let signatures):
                for signature in signatures { try note.append(signature.signature) }
            case .ahead(let size):
                // Another instance may have published since the row was read.
                let known = try await database.read { db in
                    try db.one("SELECT max(size) FROM audit.checkpoint", as: Int64.self)
                }
                if known < size {
                    return .denied(HaltReason(.databaseOlder, witness.sees(size)))
                }
            case .contradicted(let reason):
                return .denied(
                    HaltReason(.forked, witness.contradicts(checkpoint, reason)))
            case .refused, .failed, .proveFrom: break
            }
        }
        let verdict = rules.judge(note, logKeys: roots.history.logKeys)
        let isConfirmed = verdict.isSatisfied && rules.policy.quorum != nil
        return isConfirmed ? .confirmed(newest) : .none
    }
}
