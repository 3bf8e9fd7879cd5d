// Makes every recorded decision again from its stored facts and pack, while the log is replayed (I9).

internal import Cryptography
internal import Database
internal import Governance

/// Replays decisions in the order of the log, and remembers the packs that came into force.
struct DecisionReplay {
    /// An entry and where it stands.
    struct Step: Sendable {
        let place: AuditFinding.Place
        let entry: Entry
    }

    private var packs: [SHA256Digest: PolicyPack] = [:]
    /// How many decisions came out as recorded.
    private(set) var decisions: Int64 = 0

    /// Documents of so many decisions are held in memory at once.
    private static let batch = 256

    /// Takes in the next entries; answers every decision that does not follow.
    mutating func take(_ steps: [Step], _ db: borrowing Connection) throws -> [AuditFinding] {
        var findings: [AuditFinding] = []
        var waiting: [Step] = []
        for step in steps {
            if case .policyActivated(let event) = step.entry.event {
                findings += try settle(&waiting, db)
                try learn(event, db)
            }
            guard step.entry.event.decision != nil else { continue }
            waiting.append(step)
            if waiting.count == Self.batch { findings += try settle(&waiting, db) }
        }
        return findings + (try settle(&waiting, db))
    }

    private mutating func learn(_ event: PolicyActivated, _ db: borrowing Connection) throws {
        let documents = try Documents.load([event.files], db)
        if let files = documents[event.files], let read = try? PackFiles.read(files),
            let pack = try? PolicyPack.parse(read), pack.digest == event.digest
        {
            packs[event.digest] = pack
        }
    }

    private mutating func settle(
        _ waiting: inout [Step], _ db: borrowing Connection
    ) throws -> [AuditFinding] {
        defer { waiting = [] }
        guard !waiting.isEmpty else { return [] }
        let wanted = waiting.compactMap(\.entry.event.decision).flatMap { [$0.decision, $0.facts] }
        let documents = try Documents.load(wanted, db)
        let packs = packs
        let problems = ParallelWork(waiting) { step in
            Self.problems(of: step.entry, documents, packs)
        }.wait()
        decisions += Int64(problems.count(where: \.isEmpty))
        return zip(waiting, problems).flatMap { step, problems in
            problems.map {
                AuditFinding(
                    .decisionDiffers, "audit.document", step.place, .unanchored,
                    "\(step.entry.event.kind): \($0)")
            }
        }
    }

    private static func problems(
        of entry: Entry, _ documents: [SHA256Digest: [UInt8]], _ packs: [SHA256Digest: PolicyPack]
    ) -> [String] {
        guard let recorded = entry.event.decision else { return [] }
        guard let document = documents[recorded.decision], let facts = documents[recorded.facts]
        else { return ["The decision's document or its facts are missing or altered."] }
        return recorded.problems(
            document: document, facts: facts, pack: entry.policy.flatMap { packs[$0] }, in: entry)
    }
}
