// I7: what the gate does not know denies, by name; who administers approves nothing.

import Attestation
import CanonicalJSON
import Cryptography
import Governance
import Registry
import TestSupport
import Testing

@Suite struct `I7: deny by default` {
    /// The facts and the pack of a decision that allowed.
    private func allowed(
        _ service: TestService, gate: Gate
    ) async throws -> (facts: JSON, pack: PolicyPack, subject: DecisionSubject, now: Timestamp) {
        let team = try await service.makeTeam()
        let version = try await service.makeApproved(team)
        let answer =
            gate == .deploy
            ? try await service.deploy(version, by: team.deployer)
            : try await service.registry.retire(
                version.reference, reason: "superseded by a better one", successor: nil,
                service.request(team.owner))
        #expect(answer.verdict == "allow")
        let facts: SHA256Digest
        switch answer.outcome.recorded.entry.event {
        case .deploymentDecided(let event): facts = event.facts
        case .retirementDecided(let event): facts = event.facts
        default: throw TestFailure("no decision")
        }
        let pack = try PolicyPack.parse(PackFiles.load(folder: nil))
        let now = try #require(answer.decision["now"]?.string.flatMap { Timestamp($0) })
        return (
            try JSON(parsing: try await service.document(facts)), pack, .version(version.reference),
            now
        )
    }

    @Test(arguments: [Gate.deploy, .retire])
    func `each missing fact denies with its name`(gate: Gate) async throws {
        try await TestService.with { service in
            let (facts, pack, subject, now) = try await allowed(service, gate: gate)
            #expect(
                pack.decide(gate: gate, subject: subject, facts: facts, now: now).verdict == .allow)
            for (name, value) in facts.object ?? [:] {
                var members = facts.object ?? [:]
                members[name] = nil
                expectMissing(name, members, gate, pack, subject, now)
                for inner in value.object?.keys.sorted() ?? [] {
                    members[name] = .object((value.object ?? [:]).filter { $0.key != inner })
                    expectMissing("\(name).\(inner)", members, gate, pack, subject, now)
                }
                for (index, element) in (value.array ?? []).enumerated() {
                    for inner in element.object?.keys.sorted() ?? [] {
                        var list = value.array ?? []
                        list[index] = .object((element.object ?? [:]).filter { $0.key != inner })
                        members[name] = .array(list)
                        expectMissing(
                            "\(name)[\(index)].\(inner)", members, gate, pack, subject, now)
                    }
                }
            }
        }
    }

    /// Facts that are recorded but that no rule of the gate reads: their absence may not matter.
    static let unread: [Gate: Set<String>] = [
        .deploy: [
            "card.findings", "requester.person", "submitter.principal", "activeDeployments",
            "approvals[0].principal", "approvals[1].principal", "evaluations[0].kind",
            "evaluations[0].signer", "evaluations[0].problems",
            // A pack may demand that agents recompute digests; the shipped one does not.
            "artifact.digestSource", "tierDetermination.derived",
        ],
        .retire: ["requester.person", "tier", "policy.requestDigest"],
    ]

    private func expectMissing(
        _ name: String, _ members: [String: JSON], _ gate: Gate, _ pack: PolicyPack,
        _ subject: DecisionSubject, _ now: Timestamp
    ) {
        let decision = pack.decide(gate: gate, subject: subject, facts: .object(members), now: now)
        if decision.verdict == .allow {
            #expect(Self.unread[gate]?.contains(name) == true, "\(gate) allows without \(name)")
            return
        }
        let said = decision.denials.map { "\($0.reason ?? "")" }.joined(separator: "\n")
        let last = name.split(separator: ".").last.map(String.init) ?? name
        #expect(said.contains(last) || said.contains("about"), "\(name): \(said)")
    }

    @Test func `an unknown fact denies`() async throws {
        try await TestService.with { service in
            let (facts, pack, subject, now) = try await allowed(service, gate: .deploy)
            var members = facts.object ?? [:]
            members["blessedBy"] = "the board"
            let decision = pack.decide(
                gate: .deploy, subject: subject, facts: .object(members), now: now)
            #expect(decision.verdict == .deny)
            #expect(decision.denials.map(\.id) == [PolicyPack.factsRule])
            #expect(decision.denials.first?.reason?.contains("blessedBy") == true)
        }
    }

    @Test func `who administers approves nothing`() async throws {
        try await TestService.with { service in
            let team = try await service.makeTeam()
            var administrator = try await service.enrol([.validator])
            administrator.assignments[.administrator] = try await service.grant(
                .administrator, to: administrator)
            let version = try await service.submit(by: team.owner)
            do {
                try await service.approve(version, by: administrator, as: .validator)
                Issue.record("an administrator approved")
            } catch let refusal as Refusal {
                #expect(refusal.code == "gate-denied")
                #expect(refusal.message.contains(TrustProblem.administers.rawValue))
            }
        }
    }

    @Test func `expired approvals and evaluations deny`() async throws {
        try await TestService.with { service in
            let team = try await service.makeTeam()
            let version = try await service.makeApproved(team)
            #expect(try await service.deploy(version, by: team.deployer).verdict == "allow")
            service.clock.advance(days: 31)
            let answer = try await service.deploy(version, by: team.deployer)
            #expect(answer.denials.contains("DEP-106"), "\(answer.denials)")
            #expect(answer.reasons.contains("expired"))
        }
    }

    @Test func `a fold that does not follow the log denies`() async throws {
        try await TestService.with { service in
            let team = try await service.makeTeam()
            let version = try await service.makeApproved(team)
            try await service.settled()
            // The follower cannot read checkpoints any more; the gate still could answer.
            try await service.asSuperuser([
                "REVOKE SELECT ON audit.checkpoint FROM imprimatur_writer"
            ])
            try await Task.sleep(for: .milliseconds(11_000))
            let answer = try await service.deploy(version, by: team.deployer)
            #expect(answer.denials == ["DEP-501"])
            #expect(answer.reasons.contains("healthy: false"))
        }
    }

    @Test func `what the caller found beside the signed bytes denies, but signature files do not`()
        async throws
    {
        try await TestService.with { service in
            let team = try await service.makeTeam()
            let version = try await service.makeApproved(team)
            let signature = UncoveredFact(path: "model.sig", reason: "signature")
            let allowed = try await service.deploy(
                version, by: team.deployer, uncovered: [signature])
            #expect(allowed.verdict == "allow", "\(allowed.reasons)")
            for gap in [
                UncoveredFact(path: "start.sh", reason: "signature"),
                UncoveredFact(path: "model.sig", reason: "symbolic-link"),
                UncoveredFact(path: ".git/hooks/x", reason: "always-ignored"),
            ] {
                let denied = try await service.deploy(
                    version, by: team.deployer, uncovered: [signature, gap])
                #expect(denied.denials == ["DEP-004"], "\(gap)")
            }
        }
    }

    @Test func `other bytes, another environment, a stranger, no role: each denies by name`()
        async throws
    {
        try await TestService.with { service in
            let team = try await service.makeTeam()
            let version = try await service.makeApproved(team)
            let bytes = try await service.deploy(
                version, by: team.deployer, artifact: SHA256.hash("other"))
            #expect(bytes.denials == ["DEP-001"])
            let place = try await service.deploy(version, by: team.deployer, environment: "staging")
            #expect(place.denials == ["DEP-105"])
            let owner = try await service.deploy(version, by: team.owner)
            #expect(owner.denials == ["DEP-401"])
            let elsewhere = try await service.enrol([.deployer], in: "hiring")
            #expect(try await service.deploy(version, by: elsewhere).denials == ["DEP-401"])
        }
    }
}
