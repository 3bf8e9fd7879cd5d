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
    /// How many nobody can make again: their documents were disposed of.
    private(set) var disposed: Int64 = 0
    private var disposals: Disposals

    init(disposals: Disposals) {
        self.disposals = disposals
    }

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
            guard step.entry.decision != nil else { continue }
            waiting.append(step)
            if waiting.count == Self.batch { findings += try settle(&waiting, db) }
        }
        return findings + (try settle(&waiting, db))
    }

    /// Takes the packs that were in force before a replay which begins later, from its own rows.
    mutating func learn(_ db: borrowing Connection) throws {
        let rows = try db.all(
            "SELECT digest, files FROM pg_temp.policy_pack", as: ([UInt8], [UInt8]).self)
        for (digest, files) in rows {
            guard let digest = SHA256Digest(bytes: digest), let files = SHA256Digest(bytes: files)
            else { continue }
            try learn(digest, files: files, db)
        }
    }

    private mutating func learn(_ event: PolicyActivated, _ db: borrowing Connection) throws {
        try learn(event.digest, files: event.files, db)
    }

    private mutating func learn(
        _ digest: SHA256Digest, files: SHA256Digest, _ db: borrowing Connection
    ) throws {
        if let bytes = try Documents.load([files], db)[files],
            let read = try? PackFiles.read(bytes), let pack = try? PolicyPack.parse(read),
            pack.digest == digest
        {
            packs[digest] = pack
        }
    }

    private mutating func settle(
        _ waiting: inout [Step], _ db: borrowing Connection
    ) throws -> [AuditFinding] {
        defer { waiting = [] }
        guard !waiting.isEmpty else { return [] }
        let wanted = waiting.compactMap(\.entry.decision).flatMap { [$0.decision, $0.facts] }
        let documents = try Documents.load(wanted, db)
        let packs = packs
        let there = try waiting.filter { try !isDisposed($0, documents, db) }
        disposed += Int64(waiting.count - there.count)
        let problems = ParallelWork(there) { step in
            Self.problems(of: step.entry, documents, packs)
        }.wait()
        decisions += Int64(problems.count(where: \.isEmpty))
        return zip(there, problems).flatMap { step, problems in
            problems.map {
                AuditFinding(
                    .decisionDiffers, "audit.document", step.place, .unanchored,
                    "\(step.entry.event.kind): \($0)")
            }
        }
    }

    /// Whether what is missing of a decision is lawfully so.
    private mutating func isDisposed(
        _ step: Step, _ documents: [SHA256Digest: [UInt8]], _ db: borrowing Connection
    ) throws -> Bool {
        guard let decision = step.entry.decision, case .index(let index) = step.place else {
            return false
        }
        let absent = [decision.decision, decision.facts].filter { documents[$0] == nil }
        guard !absent.isEmpty else { return false }
        let book = try disposals.book(db)
        return absent.allSatisfy { book.excuses($0, namedAt: index) }
    }

    private static func problems(
        of entry: Entry, _ documents: [SHA256Digest: [UInt8]], _ packs: [SHA256Digest: PolicyPack]
    ) -> [String] {
        guard let recorded = entry.decision else { return [] }
        guard let document = documents[recorded.decision], let facts = documents[recorded.facts]
        else { return ["The decision's document or its facts are missing or altered."] }
        return recorded.problems(
            document: document, facts: facts, pack: entry.policy.flatMap { packs[$0] }, in: entry)
    }
}
