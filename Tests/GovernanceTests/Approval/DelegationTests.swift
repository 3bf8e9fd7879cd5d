// swift-format-ignore-file: NeverForceUnwrap, NeverUseForceTry
import Attestation
import CanonicalJSON
import Cryptography
import Testing

@testable import Governance

@Suite struct `A delegation` {
    /// A validator who is away, and somebody with a key and no role.
    private struct Scene {
        var cast: Cast
        let key: PrivateKey
        let delegation: SHA256Digest

        static let recorded = SampleFacts.days(-3)

        init(
            at time: Timestamp = Self.recorded, by signer: PrivateKey? = nil,
            _ edit: (inout Delegation) -> Void = { _ in }
        ) throws {
            cast = try Cast()
            key = try .generate(.ed25519)
            try cast.world.assign(key, to: Cast.stranger, signedBy: [key, cast.adminKey])
            cast.world.links.append((Cast.stranger, Cast.strangerPerson))
            var statement = Delegation(
                origin: TrustWorld.origin,
                delegator: SigningOfficer(
                    principal: Cast.validator, role: .validator, assignment: cast.validatorRole),
                delegate: Cast.stranger, scope: .namespace(NamespacePattern("credit")!),
                highestTier: .high, reason: "away", validFrom: SampleFacts.days(-3),
                validUntil: SampleFacts.days(3))
            edit(&statement)
            delegation = try cast.world.delegate(
                statement, signedBy: [signer ?? cast.validatorKey], at: time)
        }

        func entitlement(
            at time: Timestamp = SampleFacts.now, signers: [PrivateKey]? = nil,
            _ edit: (inout ApprovalStatement) -> Void = { _ in }
        ) -> [TrustProblem] {
            var approval = SampleFacts.statement()
            approval.signer = .init(
                principal: Cast.stranger, role: .validator, assignment: cast.validatorRole,
                delegation: delegation)
            edit(&approval)
            return cast.world.chain.entitlement(
                of: approval, signers: Set((signers ?? [key]).map(\.publicKey.id)), at: time
            ).problems
        }
    }

    @Test func `lets the delegate approve, by an own key and as an own person`() throws {
        let scene = try Scene()
        let chain = scene.cast.world.chain
        #expect(chain.problems.isEmpty)
        #expect(scene.entitlement() == [])
        var approval = SampleFacts.statement()
        approval.signer = .init(
            principal: Cast.stranger, role: .validator, assignment: scene.cast.validatorRole,
            delegation: scene.delegation)
        #expect(chain.delegation(of: approval)?.delegator == Cast.validator)
        #expect(
            chain.delegation(of: approval)?.person == chain.person(of: Cast.validatorPerson))
        // The delegator's role is the one that has to be old enough.
        #expect(
            chain.heldRoles(for: approval, at: SampleFacts.now)
                == [.init(role: .validator, since: TrustWorld.start)])
        // Without the delegation the same signature is nobody's.
        #expect(
            scene.entitlement { $0.signer.delegation = nil } == [.keyNotCovered, .wrongPrincipal])
    }

    @Test func `is for its time, person, role, assignment and scope alone`() throws {
        let scene = try Scene()
        #expect(scene.entitlement(at: SampleFacts.days(-4)) == [.notValidThen])
        #expect(scene.entitlement(at: SampleFacts.days(4)) == [.notValidThen])
        #expect(scene.entitlement { $0.signer.role = .riskOfficer } == [.wrongRole])
        #expect(scene.entitlement { $0.signer.assignment = .zero } == [.assignmentUnknown])
        #expect(scene.entitlement { $0.signer.delegation = .zero } == [.delegationUnknown])
        #expect(
            scene.entitlement(signers: [scene.cast.validatorKey]) { _ in } == [.unknownKey])
        #expect(
            scene.entitlement(signers: [scene.cast.adminKey]) {
                $0.signer.principal = Cast.admin
            } == [.administers, .wrongPrincipal])
        let narrow = try Scene { $0.scope = .model(ModelName("credit/other")!) }
        #expect(narrow.entitlement() == [.wrongNamespace])
        let exact = try Scene { $0.scope = .model(ModelName("credit/scorecard")!) }
        #expect(exact.entitlement() == [])
        // Recorded after the approval, whatever it says of its beginning.
        let late = try Scene(at: SampleFacts.days(1))
        #expect(late.entitlement() == [.notValidThen])
    }

    @Test func `is the word of whoever holds the role by an own assignment`() throws {
        func problems(_ scene: Scene) -> [TrustProblem]? {
            scene.cast.world.chain.problems[scene.delegation]
        }
        let forged = try PrivateKey.generate(.ed25519)
        #expect(problems(try Scene(by: forged)) == [.unknownKey])
        #expect(problems(try Scene { $0.origin = "example.com/other" }) == [.wrongOrigin])
        #expect(problems(try Scene { $0.delegate = Cast.validator }) == [.selfAssigned])
        #expect(problems(try Scene { $0.delegate = Cast.validatorPerson }) == [.selfAssigned])
        #expect(problems(try Scene { $0.delegator.role = .riskOfficer }) == [.wrongRole])
        #expect(
            problems(try Scene { $0.scope = .namespace(NamespacePattern("**")!) })
                == [.wrongNamespace])
        #expect(
            problems(try Scene { $0.scope = .model(ModelName("fraud/one")!) })
                == [.wrongNamespace])
        #expect(problems(try Scene(at: SampleFacts.days(4))) == [.notValidThen])
        // Who has the role by a delegation has no assignment of it, and so nothing to give.
        var scene = try Scene()
        var again = Delegation(
            origin: TrustWorld.origin,
            delegator: SigningOfficer(
                principal: Cast.stranger, role: .validator, assignment: scene.cast.validatorRole),
            delegate: SampleFacts.principal(4), scope: .namespace(NamespacePattern("credit")!),
            highestTier: .high, reason: "away too", validFrom: SampleFacts.days(-3),
            validUntil: SampleFacts.days(3))
        let first = try scene.cast.world.delegate(
            again, signedBy: [scene.key], at: SampleFacts.days(-2))
        again.delegator.assignment = scene.delegation
        let second = try scene.cast.world.delegate(
            again, signedBy: [scene.key], at: SampleFacts.days(-2))
        #expect(scene.cast.world.chain.problems[first] == [.keyNotCovered, .wrongPrincipal])
        #expect(scene.cast.world.chain.problems[second] == [.assignmentUnknown])
    }

    @Test func `ends with the delegator's role, and when it is revoked`() throws {
        let before = SampleFacts.days(-2)
        for target in [\Scene.delegation, \Scene.cast.validatorRole] {
            var scene = try Scene()
            scene.cast.world.revocations = [
                TrustRevocation(
                    .assignment(scene[keyPath: target]), effectiveFrom: SampleFacts.days(-1))
            ]
            let problem: TrustProblem =
                target == \Scene.delegation ? .revoked : .delegatorNotEntitled
            #expect(scene.entitlement() == [problem])
            // What the log took before stays.
            #expect(scene.entitlement(at: before) == [])
        }
        // As compromised: from its beginning.
        var scene = try Scene()
        scene.cast.world.revocations = [
            TrustRevocation(.assignment(scene.delegation), effectiveFrom: SampleFacts.days(-3))
        ]
        #expect(scene.entitlement(at: before) == [.revoked])
        // A link that makes the two one person takes it away, whenever it becomes known.
        var linked = try Scene()
        linked.cast.world.links.append((Cast.strangerPerson, Cast.validatorPerson))
        #expect(linked.entitlement() == [.delegationUnknown])
    }

    @Test func `counts as far as the pack lets it`() throws {
        let delegation = CorpusSamples.delegation()
        let rules = DelegationRules(roles: [.validator], maximumDays: 14)
        #expect(delegation.problems(under: rules, tier: .limited) == [])
        #expect(delegation.problems(under: rules) == [])
        #expect(delegation.problems(under: nil) == [.notAllowed])
        #expect(delegation.problems(under: rules, tier: .high) == [.tierTooHigh])
        #expect(
            delegation.problems(under: DelegationRules(roles: [.riskOfficer], maximumDays: 14))
                == [.roleNotDelegable])
        #expect(
            delegation.problems(under: DelegationRules(roles: [.validator], maximumDays: 13))
                == [.tooLong])
    }

    @Test(
        arguments: [
            ("/scope", ["namespace": "credit", "model": "credit/scorecard"], "/predicate/scope"),
            ("/scope", [:], "/predicate/scope"),
            ("/scope", ["model": "credit"], "/predicate/scope"),
            ("/highestTier", 4, "/predicate/highestTier"),
            ("/reason", "", "/predicate/reason"),
            ("/delegator/role", "owner", "/predicate/delegator/role"),
            ("/delegate", "Ada", "/predicate/delegate"),
            ("/validUntil", .string(SampleFacts.days(-1).description), "/predicate/validUntil"),
            ("/renewable", true, "/predicate/renewable"),
        ] as [(String, JSON, String)])
    func `is refused with the place of the fault`(
        pointer: String, value: JSON, place: String
    ) throws {
        let good = CorpusSamples.delegation().statement
        #expect(try Delegation(reading: good) == CorpusSamples.delegation())
        let bad = Statement(
            subjects: good.subjects, predicateType: good.predicateType,
            predicate: try good.predicate.setting(pointer, value))
        do {
            _ = try Delegation(reading: bad)
            Issue.record("it is read")
        } catch {
            #expect(error.findings.map(\.pointer.description) == [place])
        }
    }

    // MARK: gates

    private func decide(_ facts: DeployFacts) throws -> Decision {
        try ShippedPack.pack().decide(
            gate: .deploy, subject: .version(SampleFacts.version), facts: facts.json,
            now: SampleFacts.now)
    }

    private func acting(for number: Int) -> DelegationFact {
        DelegationFact(
            digest: SampleFacts.digest("delegation"), delegator: SampleFacts.principal(number),
            person: SampleFacts.principal(number + 10))
    }

    @Test func `fills one place: delegate and delegator never two`() throws {
        let pack = try ShippedPack.pack()
        var facts = SampleFacts.deploy(pack)
        #expect(try decide(facts).verdict == .allow)
        let approvals = try #require(facts.approvals)
        // Somebody who is away in the place of the first.
        facts.approvals?[0].delegation = acting(for: 77)
        #expect(try decide(facts).verdict == .allow)
        // Who approves another place is the one who is away, or acts for two.
        for person in [approvals[1].person, approvals[2].person] {
            facts.approvals = approvals
            facts.approvals?[0].delegation = DelegationFact(
                digest: .zero, delegator: person, person: person)
            let decision = try decide(facts)
            #expect(decision.denials.map(\.id) == ["DEP-101"])
        }
        facts.approvals = approvals
        facts.approvals?[0].delegation = acting(for: 77)
        facts.approvals?[1].delegation = acting(for: 77)
        #expect(try decide(facts).denials.map(\.id) == ["DEP-101"])
    }

    @Test func `takes over the delegator's conflicts`() throws {
        let pack = try ShippedPack.pack()
        var facts = SampleFacts.deploy(pack)
        let submitter = try #require(facts.submitter).person
        facts.approvals?[0].delegation = DelegationFact(
            digest: .zero, delegator: submitter, person: submitter)
        #expect(try decide(facts).denials.map(\.id) == ["DEP-103"])

        // At the approve gate: among what is wrong with the statement, so that no pack can pass over it.
        let author = DelegationFact(digest: .zero, delegator: submitter, person: submitter)
        for (fact, denials) in [(acting(for: 77), 0), (author, 1)] {
            let conflicts = fact.conflicts(authors: [submitter], priors: [])
            var approve = SampleFacts.approve(pack)
            approve.statement?.delegation = fact
            approve.statement?.problems = conflicts
            approve.statement?.verified = conflicts.isEmpty
            let decision = pack.decide(
                gate: .approve, subject: .version(SampleFacts.version), facts: approve.json,
                now: SampleFacts.now)
            #expect(decision.denials.count == denials)
        }

        let fact = acting(for: 77)
        let prior = ApproveFacts.PriorStatement(
            digest: .zero, person: fact.person, meaning: .approve)
        #expect(fact.conflicts(authors: [], priors: []) == [])
        #expect(fact.conflicts(authors: [fact.person], priors: []) == ["delegator-is-author"])
        #expect(fact.conflicts(authors: [], priors: [prior]) == ["delegator-has-answered"])
    }
}
