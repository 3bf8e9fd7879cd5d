// I9: every recorded decision, evaluated again from its stored facts and pack, is the same bytes.

import CanonicalJSON
import Cryptography
import Governance
import Registry
import TestSupport
import Testing

@Suite struct `I9: replayable` {
    /// Denials and allowances of every kind that the service records.
    private func decide(_ service: TestService) async throws {
        let team = try await service.makeTeam()
        let version = try await service.submit(by: team.owner)
        _ = try await service.deploy(version, by: team.deployer)
        try await service.evaluate(version, by: team.reviewer)
        _ = try await service.deploy(version, by: team.owner, environment: "staging", dryRun: true)
        try await service.approve(version, by: team.validator, as: .validator)
        try await service.approve(version, by: team.officer, as: .complianceOfficer)
        _ = try await service.deploy(version, by: team.deployer, dryRun: true)
        let answer = try await service.deploy(version, by: team.deployer)
        _ = try await service.deploy(version, by: team.deployer, artifact: SHA256.hash("other"))
        _ = try await service.registry.confirmDeployment(
            answer.deployment, service.request(team.deployer))
        let asOwner = service.request(team.owner)
        for _ in 0..<2 {
            _ = try await service.registry.retire(
                version.reference, reason: "superseded by a better one", successor: nil, asOwner)
            _ = try? await service.registry.endDeployment(
                answer.deployment, reason: "done", service.request(team.deployer))
        }
        let unfair = try await service.submit(by: team.owner, seed: "unfair")
        try await service.evaluate(unfair, by: team.reviewer, fair: false)
        _ = try await service.deploy(unfair, by: team.deployer)
        _ = try await service.registry.suspend(unfair.reference, reason: "bias", asOwner)
        service.clock.advance(days: 40)
        _ = try await service.deploy(unfair, by: team.deployer)
        try await service.settled()
    }

    @Test func `every decision replays byte by byte, and names its pack and configuration`()
        async throws
    {
        try await TestService.with { service in
            try await decide(service)
            let packs = try await packs(service)
            var verdicts: [String: Int] = [:]
            for logged in try await service.logged() {
                let entry = logged.entry
                let recorded: (decision: SHA256Digest?, facts: SHA256Digest?)
                switch entry.event {
                case .deploymentDecided(let event): recorded = (event.decision, event.facts)
                case .retirementDecided(let event): recorded = (event.decision, event.facts)
                case .gateAsked: recorded = (nil, nil)
                default: continue
                }
                var documents: [SHA256Digest: JSON] = [:]
                for digest in entry.documents {
                    documents[digest] = try? JSON(parsing: await service.document(digest))
                }
                let found = documents.first { $0.value["type"] == .string(Decision.type) }
                let (digest, decision) = try #require(found)
                if let named = recorded.decision { #expect(digest == named) }
                let named = try #require(
                    decision["factsDigest"]?.string.flatMap { SHA256Digest(hex: $0) })
                if let facts = recorded.facts { #expect(facts == named) }
                let facts = try #require(documents[named], "\(entry.event.kind) without its facts")
                let pack = try #require(packs[decision["policy"]?["digest"]?.string ?? ""])
                #expect(Decision.replay(document: decision, facts: facts, pack: pack) == [])
                let gate = try #require(decision["gate"]?.string.flatMap { Gate(rawValue: $0) })
                let subject = try #require(
                    decision["subject"]?.string.flatMap { VersionReference($0) })
                let again = pack.decide(
                    gate: gate, subject: .version(subject), facts: facts,
                    now: try #require(decision["now"]?.string.flatMap { Timestamp($0) }))
                #expect(SHA256.hash(again.document.canonicalBytes) == digest)
                #expect(entry.policy?.hex == decision["policy"]?["digest"]?.string)
                #expect(entry.time.description == decision["now"]?.string)
                #expect(entry.configuration != nil)
                verdicts["\(gate) \(again.verdict)", default: 0] += 1
            }
            #expect(
                Set(verdicts.keys) == [
                    "deploy allow", "deploy deny", "retire allow", "retire deny",
                ])
            #expect(verdicts.values.reduce(0, +) >= 9)
        }
    }

    @Test func `a record that was altered is found`() async throws {
        try await TestService.with { service in
            try await decide(service)
            let packs = try await packs(service)
            let event = try await service.logged().compactMap { logged -> DeploymentDecided? in
                guard case .deploymentDecided(let event) = logged.entry.event else { return nil }
                return event
            }
            let first = try #require(event.first)
            let decision = try JSON(parsing: await service.document(first.decision))
            let facts = try JSON(parsing: await service.document(first.facts))
            let pack = try #require(packs[decision["policy"]?["digest"]?.string ?? ""])
            var altered = decision.object ?? [:]
            altered["verdict"] = "allow"
            #expect(
                Decision.replay(document: .object(altered), facts: facts, pack: pack)
                    .map(\.pointer.description) == ["/verdict"])
            var other = facts.object ?? [:]
            other["environment"] = "staging"
            #expect(!Decision.replay(document: decision, facts: .object(other), pack: pack).isEmpty)
        }
    }

    /// The packs that the log has activated, by digest, from their documents alone.
    private func packs(_ service: TestService) async throws -> [String: PolicyPack] {
        var packs: [String: PolicyPack] = [:]
        for logged in try await service.logged() {
            guard case .policyActivated(let event) = logged.entry.event else { continue }
            let files = try PackFiles.read(try await service.document(event.files))
            let pack = try PolicyPack.parse(files)
            #expect(pack.digest == event.digest)
            packs[pack.digest.hex] = pack
        }
        return packs
    }

    @Test func `two decisions in one millisecond are both recorded`() async throws {
        try await TestService.with { service in
            let team = try await service.makeTeam()
            let version = try await service.submit(by: team.owner)
            try await service.settled()
            let now = service.clock.now
            let production = try #require(TestService.production)
            let registry = service.registry
            let frozen = Writer(
                database: registry.database, origin: service.origin,
                signer: EntrySigner(key: try KeyFile.load(service.directory.serviceKey)),
                clock: { now },
                context: DecisionContext(
                    policyDigest: registry.follower.snapshot.fold.policy))
            let decision = SHA256.hash("decision")
            for _ in 0..<2 {
                _ = try await frozen.write(
                    service.request(team.deployer),
                    Subjects(written: [Subjects.version(version.reference)])
                ) { _, _ in
                    Act(
                        .deploymentDecided(
                            DeploymentDecided(
                                version: version.reference, environment: production,
                                target: "", verdict: .deny, artifact: version.artifact,
                                decision: decision, facts: decision, deployment: "", permit: nil,
                                permitDocument: nil, notAfter: nil)))
                }
            }
        }
    }
}
