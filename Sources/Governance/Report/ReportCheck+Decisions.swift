// Step 8 of checking a report: decisions, made again from the included facts and pack (I9).

internal import CanonicalJSON
internal import Cryptography

extension ReportCheck {
    /// Makes every decision again.
    mutating func checkDecisions(_ lines: [ReportLine]) {
        var files: [SHA256Digest: SHA256Digest] = [:]
        for case .policyActivated(let event) in lines.map(\.entry.event) {
            files[event.digest] = event.files
        }
        var packs: [SHA256Digest: PolicyPack] = [:]
        for (digest, document) in files {
            if let pack = documents[document].flatMap(readPack), pack.digest == digest {
                packs[digest] = pack
            }
        }
        for (position, line) in lines.enumerated() {
            switch line.entry.event {
            case .deploymentDecided(let event):
                check(
                    Recorded(
                        decision: event.decision, facts: event.facts, verdict: event.verdict,
                        gate: .deploy, version: event.version, time: line.entry.time),
                    packs, at: Self.place(position))
            case .retirementDecided(let event):
                check(
                    Recorded(
                        decision: event.decision, facts: event.facts, verdict: event.verdict,
                        gate: .retire, version: event.version, time: line.entry.time),
                    packs, at: Self.place(position))
            case .logOpened, .serviceStarted, .policyActivated, .principalRegistered, .keyAssigned,
                .keyRevoked, .roleAssigned, .roleRevoked, .tokenIssued, .tokenRevoked,
                .versionSubmitted, .evaluationRecorded, .approvalRecorded, .versionSuspended,
                .versionWithdrawn, .gateAsked, .deploymentConfirmed, .deploymentEnded, .holdPlaced,
                .holdReleased, .erasureRefused, .subjectErased:
                break
            }
        }
    }

    /// What a line says of a decision.
    private struct Recorded {
        let decision: SHA256Digest
        let facts: SHA256Digest
        let verdict: Verdict
        let gate: Gate
        let version: VersionReference
        let time: Timestamp
    }

    private mutating func check(
        _ recorded: Recorded, _ packs: [SHA256Digest: PolicyPack], at place: JSONPointer
    ) {
        // Missing documents are findings of their own already.
        guard let record = documents[recorded.decision], let facts = documents[recorded.facts]
        else {
            return
        }
        guard let document = try? JSON(parsing: record), let facts = try? JSON(parsing: facts)
        else {
            find(place, "decision", "Decision or facts are not JSON.")
            return
        }
        guard document["verdict"]?.string == recorded.verdict.rawValue,
            document["gate"]?.string == recorded.gate.rawValue,
            document["subject"]?.string == recorded.version.description,
            document["now"]?.string == recorded.time.description
        else {
            find(place, "decision", "The decision is about something else than the line.")
            return
        }
        guard let digest = document["policy"]?["digest"]?.string.flatMap({ SHA256Digest(hex: $0) }),
            let pack = packs[digest]
        else {
            find(place, "decision", "The policy pack of the decision is not among the lines.")
            return
        }
        let differences = Decision.replay(document: document, facts: facts, pack: pack)
        for difference in differences {
            find(place, "decision", "Made again, the decision differs at \(difference)")
        }
        if differences.isEmpty { verdict.decisions += 1 }
    }
}
