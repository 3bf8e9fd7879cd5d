// What `missing` promises: it is enough, and none of it can be left out.

import CanonicalJSON
import Cryptography
import Fairness
import Testing

@testable import Governance

@Suite struct `What is missing` {
    /// Small and repeatable.
    private struct Chance: RandomNumberGenerator {
        var state: UInt64
        mutating func next() -> UInt64 {
            state &+= 0x9E37_79B9_7F4A_7C15
            var z = state
            z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
            z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
            return z ^ (z >> 31)
        }
    }

    /// Facts in which things are wrong that something can be done about.
    private func facts(_ pack: PolicyPack, _ chance: inout Chance) -> DeployFacts {
        var facts = SampleFacts.deploy(pack)
        let tier = [Tier.minimal, .limited, .high].randomElement(using: &chance) ?? .high
        facts.tier = tier
        facts.tierDetermination = SampleFacts.signed(for: tier)
        if Int.random(in: 0..<3, using: &chance) == 0 {
            facts.tierDetermination?.determination = nil
        } else if Bool.random(using: &chance) {
            facts.tierDetermination?.determination?.problems = ["revoked"]
        }
        if Bool.random(using: &chance) {
            let fields = ["/model/task", "/use/purpose", "/risk/rationale"]
            facts.card?.missing = fields.filter { _ in Bool.random(using: &chance) }
                .compactMap { try? JSONPointer(parsing: $0) }
        }
        if Int.random(in: 0..<3, using: &chance) == 0 {
            facts.artifact?.presentedDigest = SampleFacts.digest("other")
        }
        if Int.random(in: 0..<3, using: &chance) == 0 {
            facts.artifact?.signature?.signerRoles = [.auditor]
        }
        if Int.random(in: 0..<3, using: &chance) == 0 { facts.requester?.roles = [.owner] }
        if Int.random(in: 0..<3, using: &chance) == 0 {
            facts.evaluations = []
        } else if Bool.random(using: &chance) {
            facts.evaluations?[0].evaluatedAt = SampleFacts.days(-200)
        }
        if Int.random(in: 0..<3, using: &chance) == 0 {
            facts.restrictions = [
                RestrictionFact(
                    kind: .suspension, id: "s-1", source: .log, reason: "drift"),
                RestrictionFact(kind: .hold, id: "h-1", source: .rows, reason: "claim"),
            ].filter { _ in Bool.random(using: &chance) }
        }
        if Int.random(in: 0..<3, using: &chance) == 0 {
            let severity = FindingSeverity.allCases.randomElement(using: &chance) ?? .critical
            let blocking = Bool.random(using: &chance)
            facts.findings = [
                FindingFact(
                    id: "f-1", severity: severity, blocking: blocking, role: .validator,
                    owner: SampleFacts.principal(1), dueAt: SampleFacts.days(3), source: .both)
            ]
            if blocking {
                facts.restrictions?.append(
                    RestrictionFact(kind: .finding, id: "f-1", source: .both, reason: "bias"))
            }
        }
        facts.approvals = facts.approvals?.filter { _ in Bool.random(using: &chance) }.map {
            var approval = $0
            switch Int.random(in: 0..<9, using: &chance) {
            case 0: approval.valid = false
            case 1: approval.person = SampleFacts.submitter.person
            case 2: approval.environments = []
            case 3: approval.expiresAt = SampleFacts.days(-1)
            case 4:
                approval.digests = SignedDigests(
                    card: SampleFacts.digest("old"), artifact: approval.digests.artifact,
                    evidence: approval.digests.evidence, policy: approval.digests.policy)
            case 5:
                approval.outdated = [
                    ReviewDue(trigger: .drift, since: SampleFacts.days(-1), reason: "psi")
                ]
            default: break
            }
            return approval
        }
        return facts
    }

    /// The facts after what is missing has come, all but one of it.
    private func supplied(
        _ facts: DeployFacts, _ needs: [Need], _ pack: PolicyPack
    ) throws -> DeployFacts {
        var facts = facts
        let whole = SampleFacts.evaluation(pack)
        for (number, need) in needs.enumerated() {
            switch need.kind {
            case "artifact":
                facts.artifact?.presentedDigest = need.detail.string.flatMap {
                    SHA256Digest(hex: $0)
                }
            case "artifact-signature": facts.artifact?.signature?.signerRoles = [.owner]
            case "role": facts.requester?.roles = [.deployer]
            case "card-field":
                facts.card?.missing.removeAll { $0.description == need.detail.string }
            case "lift", "release":
                facts.restrictions?.removeAll { $0.id == need.detail["id"]?.string }
            case "finding-closure":
                facts.restrictions?.removeAll { $0.id == need.detail["id"]?.string }
                facts.findings?.removeAll { $0.id == need.detail["id"]?.string }
            case "approval":
                let role = try #require(need.detail["role"]?.string.flatMap { Role(rawValue: $0) })
                facts.approvals?.append(SampleFacts.approval(30 + number, role))
            case "evaluation", "renewed-evaluation":
                var evaluation = whole
                evaluation.digest = SampleFacts.digest("evaluation \(number)")
                evaluation.evaluatedAt = SampleFacts.now
                evaluation.measures.removeAll {
                    need.detail.string?.hasPrefix($0.measure.rawValue) != true
                }
                facts.evaluations?.append(evaluation)
            case "tier-determination":
                facts.tierDetermination = SampleFacts.signed(for: facts.tier ?? .high)
            default: Issue.record("nobody supplies \(need.kind)")
            }
        }
        return facts
    }

    private func decide(_ facts: DeployFacts, _ pack: PolicyPack) -> Decision {
        pack.decide(
            gate: .deploy, subject: SampleFacts.subject, facts: facts.json, now: SampleFacts.now)
    }

    @Test(arguments: 0..<16)
    func `is enough, and nothing of it can be left out`(_ seed: Int) throws {
        let pack = try ShippedPack.pack()
        var chance = Chance(state: UInt64(seed))
        var denied = 0
        for _ in 0..<25 {
            let facts = facts(pack, &chance)
            let decision = decide(facts, pack)
            guard decision.verdict == .deny else {
                #expect(decision.missing.isEmpty)
                continue
            }
            denied += 1
            #expect(!decision.missing.isEmpty)
            let helped = decide(try supplied(facts, decision.missing, pack), pack)
            #expect(
                helped.verdict == .allow,
                "\(decision.missing) leaves \(helped.denials.map(\.id)): \(helped.denials)")
            for index in decision.missing.indices {
                var fewer = decision.missing
                let left = fewer.remove(at: index)
                let still = decide(try supplied(facts, fewer, pack), pack)
                #expect(still.verdict == .deny, "\(left) is not needed")
            }
        }
        #expect(denied > 10)
    }
}
