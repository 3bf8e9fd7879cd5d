// One log at a witness: decides, keeps, cosigns, in one step that nothing comes between.

internal import Cryptography
internal import TransparencyLog

/// What a witness knows of one log, and the only place where it changes.
///
/// The methods never suspend, so the actor runs them one after another: the race in which a slower
/// request sets the state back (tlog-witness.md) cannot occur. They block their thread for two flushes;
/// a witness has few logs.
actor WitnessSeat {
    nonisolated let log: WitnessedLog
    private let cosigner: Cosigner
    private let file: String
    private let evidence: String
    private let edition: WitnessAnswer.Edition
    private(set) var latest: WitnessState
    /// The checkpoint cosigned last, with the log's signatures and ours.
    private(set) var note: [UInt8]?
    private var cosignedAt: Int64
    /// Set when a write failed: what the disk holds is unknown then, until it is read anew.
    private var isBroken = false

    /// Seconds that the clock may be behind the last cosignature.
    private static let skewSeconds: Int64 = 60
    /// Requests that are kept as evidence, for all logs together.
    private static let evidenceFiles = 1_000

    init(_ found: WitnessFolder.Log, folder: WitnessFolder, edition: WitnessAnswer.Edition) {
        log = found.log
        latest = found.latest
        note = found.note
        cosignedAt = found.cosignedAt
        file = found.file
        evidence = "\(folder.path)/evidence"
        cosigner = folder.cosigner
        self.edition = edition
    }

    /// What would be answered now; nothing changes.
    func preview(_ request: AddCheckpointRequest) -> WitnessDecision {
        WitnessDecision.decide(request, log: log, latest: latest, edition: edition)
    }

    /// Answers a request at a time, in seconds since 1970.
    func answer(_ request: AddCheckpointRequest, at now: Int64) -> WitnessAnswer {
        guard !isBroken else {
            return .unable(reason: "the witness could not keep its state and has to be restarted")
        }
        let decision = WitnessDecision.decide(request, log: log, latest: latest, edition: edition)
        switch decision {
        case .answer(let answer):
            if answer.isEvidence { keep(request) }
            return answer
        case .cosign(let verified): return cosign(verified, at: now)
        }
    }

    private func cosign(_ verified: VerifiedCheckpoint, at now: Int64) -> WitnessAnswer {
        guard now > 0, now + Self.skewSeconds >= cosignedAt else {
            return .unable(reason: "the witness's clock is behind its last cosignature")
        }
        do {
            let signature = try cosigner.cosign(verified.note.text, timestampSeconds: now)
            // Only what was verified is kept: lines of strangers prove nothing.
            var kept = try SignedNote(text: verified.note.text)
            for line in verified.note.verified { try kept.append(line.signature) }
            try kept.append(signature)
            let state = WitnessState(verified.checkpoint)
            if state != latest {
                do {
                    try File.replace(file, with: kept.bytes, mode: 0o600)
                } catch {
                    isBroken = true
                    return .unable(reason: "the witness cannot keep its state")
                }
                latest = state
                cosignedAt = now
                note = kept.bytes
            }
            return .cosigned([signature])
        } catch {
            return .unable(reason: "the witness cannot cosign: \(error)")
        }
    }

    /// Keeps a request that the log signed and that contradicts what was cosigned before.
    private func keep(_ request: AddCheckpointRequest) {
        let bytes = request.bytes
        let name = "\(WitnessFolder.id(ofOrigin: log.origin).prefix(16))-\(SHA256.hash(bytes).hex)"
        guard let names = try? File.list(evidence), names.count < Self.evidenceFiles,
            !names.contains(name)
        else { return }
        // Evidence is welcome, but its loss changes nothing about what is cosigned.
        _ = try? File.create("\(evidence)/\(name)", bytes, mode: 0o600)
    }
}

extension WitnessAnswer {
    /// Whether the log may have misbehaved: it signed what contradicts the tree cosigned before.
    var isEvidence: Bool {
        switch self {
        case .forked, .notConsistent: true
        default: false
        }
    }
}
