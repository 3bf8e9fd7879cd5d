// What another pack would have decided where decisions are recorded: every flip, with its reason.
//
// A simulation decides over the facts as they were recorded, at the time of the decision, as if the
// other pack had been the active one: where the facts name the pack that decided, as the one asked and the
// one in force, they name the other one instead, and it counts as in effect. What the pack that
// decided had a part in stays as recorded: the tier, the fields that a card lacks, and the smallest
// groups that fairness was computed for. The recorded pack itself must come to the same bytes.

package import CanonicalJSON
internal import Cryptography

/// Past decisions under another pack.
package struct PackSimulation: Sendable {
    /// A decision that the other pack turns around.
    package struct Flip: Sendable, Hashable {
        /// Where it is recorded, such as the index of its entry.
        package let place: String
        package let gate: Gate
        package let subject: String
        package let time: String
        /// What was decided, and what would have been.
        package let was: Verdict
        package let would: Verdict
        /// The rules that deny and did not, or denied and do not, with their reasons.
        package let reasons: [String]

        /// `{"gate","place","reasons","subject","time","was","would"}`.
        package var json: JSON {
            [
                "place": .string(place), "gate": .string(gate.rawValue),
                "subject": .string(subject), "time": .string(time),
                "was": .string(was.rawValue), "would": .string(would.rawValue),
                "reasons": .array(reasons.map(JSON.string)),
            ]
        }

        /// One line, then one for each reason.
        package var lines: [String] {
            ["\(place)  \(time)  \(gate.rawValue) \(subject): \(was.rawValue) → \(would.rawValue)"]
                + reasons.map { "    \($0)" }
        }
    }

    /// How one decision came out.
    package enum Outcome: Sendable, Hashable {
        /// The same verdict; `isIdentical` where the same pack came to the same bytes.
        case same(isIdentical: Bool)
        case flip(Flip)
        /// The record cannot be read, or the pack that made it came to something else.
        case unusable(String)
    }

    /// Decides again.
    package static func judge(
        document: JSON, facts: JSON, place: String, pack: PolicyPack
    ) -> Outcome {
        guard document["type"] == .string(Decision.type),
            let gate = document["gate"]?.string.flatMap({ Gate(rawValue: $0) }),
            let now = document["now"]?.string.flatMap({ Timestamp($0) }),
            let subject = document["subject"]?.string.flatMap({ DecisionSubject($0) }),
            let was = document["verdict"]?.string.flatMap({ Verdict(rawValue: $0) }),
            let digest = document["policy"]?["digest"]?.string,
            document["factsDigest"] == .hex(SHA256.hash(facts.canonicalBytes))
        else { return .unusable("\(place): the record of this decision cannot be read") }
        if digest == pack.digest.hex {
            let differences = Decision.replay(document: document, facts: facts, pack: pack)
            guard let first = differences.first else { return .same(isIdentical: true) }
            return .unusable("\(place): the same pack does not decide the same: \(first)")
        }
        let pack = pack.inEffect(from: now)
        let asked = facts.asked(of: pack.digest.hex, insteadOf: digest)
        // Most decisions stay as they were, and need no reasons.
        let would = pack.verdict(gate: gate, subject: subject, facts: asked, now: now)
        guard would != was else { return .same(isIdentical: false) }
        let decision = pack.decide(gate: gate, subject: subject, facts: asked, now: now)
        let reasons: [String]
        switch decision.verdict {
        case .deny:
            reasons = decision.denials.map { "\($0.id) \($0.title): \($0.reason ?? "")" }
        case .allow:
            reasons = (document["rules"]?.array ?? []).filter(Self.denied).map { rule in
                let id = rule["id"]?.string ?? ""
                let now = decision.rules.first { $0.id == id }
                let became =
                    now.map { "\($0.mode.rawValue), \($0.result.rawValue)" } ?? "no such rule"
                return "\(id) denied (\(rule["reason"]?.string ?? "")); now: \(became)"
            }
        }
        return .flip(
            Flip(
                place: place, gate: gate, subject: subject.description, time: now.description,
                was: was, would: decision.verdict, reasons: reasons))
    }

    private static func denied(_ rule: JSON) -> Bool {
        rule["result"] == "error" || (rule["result"] == "fail" && rule["mode"] == "enforce")
    }

    /// How many decisions were looked at.
    package private(set) var decisions = 0
    /// Of those the same pack had made, how many came to the same bytes.
    package private(set) var identical = 0
    /// In the order of the record.
    package private(set) var flips: [Flip] = []
    package private(set) var unusable: [String] = []

    package init() {}

    /// Counts an outcome.
    package mutating func add(_ outcome: Outcome) {
        decisions += 1
        switch outcome {
        case .same(let isIdentical): identical += isIdentical ? 1 : 0
        case .flip(let flip): flips.append(flip)
        case .unusable(let message): unusable.append(message)
        }
    }

    /// `{"decisions","flips","identical","unusable"}`.
    package var json: JSON {
        [
            "decisions": .integer(Int64(decisions)), "identical": .integer(Int64(identical)),
            "flips": .array(flips.map(\.json)),
            "unusable": .array(unusable.map(JSON.string)),
        ]
    }
}

extension JSON {
    /// Facts in which one pack is named as the one asked and the one in force instead of another.
    fileprivate func asked(of digest: String, insteadOf other: String) -> JSON {
        guard var members = object, var policy = members["policy"]?.object else { return self }
        for name in ["digest", "activeDigest"] where policy[name] == .string(other) {
            policy[name] = .string(digest)
        }
        members["policy"] = .object(policy)
        return .object(members)
    }
}

extension PackSimulation {
    /// Runs a pack over the decisions in a report, in order of time; its proofs are not looked at.
    package init(_ pack: PolicyPack, over report: JSON) throws(JSONFindings) {
        self.init()
        let source = try ReportSource(report)
        for line in source.lines {
            guard let signed = try? SignedEntry(parsing: line.entry),
                let entry = try? Entry(parsing: signed.payload),
                let recorded = entry.decision
            else { continue }
            let place = "entry \(line.index)"
            let document = source.documents[recorded.decision].flatMap { try? JSON(parsing: $0) }
            let facts = source.documents[recorded.facts].flatMap { try? JSON(parsing: $0) }
            guard let document, let facts else {
                add(.unusable("\(place): the decision or its facts are not in the report"))
                continue
            }
            add(Self.judge(document: document, facts: facts, place: place, pack: pack))
        }
    }
}
