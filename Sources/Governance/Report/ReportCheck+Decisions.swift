// Step 9 of checking a report: decisions, made again from the included facts and pack (I9).

internal import CanonicalJSON
internal import Cryptography

extension ReportCheck {
    /// Makes every decision again.
    mutating func checkDecisions(_ lines: [ReportLine]) {
        var packs: [SHA256Digest: PolicyPack] = [:]
        for case .policyActivated(let event) in lines.map(\.entry.event) {
            if let pack = documents[event.files].flatMap(readPack), pack.digest == event.digest {
                packs[event.digest] = pack
            }
        }
        for (position, line) in lines.enumerated() {
            // Missing documents are findings of their own already.
            guard let recorded = line.entry.decision,
                let document = documents[recorded.decision], let facts = documents[recorded.facts]
            else { continue }
            let problems = recorded.problems(
                document: document, facts: facts, pack: line.entry.policy.flatMap { packs[$0] },
                in: line.entry)
            for problem in problems { find(Self.place(position), "decision", problem) }
            if problems.isEmpty { verdict.decisions += 1 }
        }
    }
}
