// I9: every recorded decision, evaluated again from its stored facts and pack, is the same bytes.

import CanonicalJSON
import Cryptography
import Governance
import Registry
import TestSupport
import Testing
import TransparencyLog

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
        let stolen = try service.submission(
            by: team.owner, "credit/stolen", signedWith: team.deployer.key)
        _ = try? await service.registry.submit(stolen, asOwner)
        let unfair = try await service.submit(by: team.owner, seed: "unfair")
        try await service.evaluate(unfair, by: team.reviewer, fair: false)
        let own = try await service.approvalStatement(of: unfair, by: team.owner, as: .validator)
        _ = try? await service.registry.recordApproval(own, asOwner)
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
                guard let recorded = entry.decision else { continue }
                #expect(entry.documents.contains(recorded.decision))
                #expect(entry.documents.contains(recorded.facts))
                let document = try await service.document(recorded.decision)
                let facts = try await service.document(recorded.facts)
                let pack = packs[entry.policy?.hex ?? ""]
                #expect(
                    recorded.problems(document: document, facts: facts, pack: pack, in: entry)
                        == [], "\(entry.event.kind)")
                let now = try #require(
                    JSON(parsing: document)["now"]?.string.flatMap { Timestamp($0) })
                let again = try #require(pack).decide(
                    gate: recorded.gate, subject: recorded.subject,
                    facts: JSON(parsing: facts), now: now)
                #expect(again.document.canonicalBytes == document)
                #expect(entry.configuration != nil)
                verdicts["\(recorded.gate) \(again.verdict)", default: 0] += 1
            }
            #expect(
                Set(verdicts.keys) == [
                    "submit allow", "submit deny", "approve allow", "approve deny",
                    "deploy allow", "deploy deny", "retire allow", "retire deny",
                ])
            #expect(verdicts.values.reduce(0, +) >= 13)
        }
    }

    @Test func `a retry of what a gate refused is refused alike, and recorded once`() async throws {
        try await TestService.with { service in
            let team = try await service.makeTeam()
            let version = try await service.submit(by: team.owner)
            let statement = try await service.approvalStatement(
                of: version, by: team.owner, as: .validator)
            var refusals: [Refusal] = []
            for _ in 0..<2 {
                do {
                    _ = try await service.registry.recordApproval(
                        statement, service.request(team.owner, key: "again"))
                } catch let refusal as Refusal {
                    refusals.append(refusal)
                }
            }
            try await service.settled()
            #expect(refusals.count == 2)
            #expect(refusals.first?.code == "gate-denied")
            #expect(refusals.first == refusals.last)
            let recorded = try await service.logged().filter {
                $0.entry.event.kind == GateDenied.kind
            }
            #expect(recorded.count == 1)
            #expect(
                refusals.first?.entry
                    == recorded.first.map { MerkleTree.leafHash(of: $0.bytes) })
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

    @Test func `a permit that lasts longer than its decision allows is found`() async throws {
        try await TestService.with { service in
            let team = try await service.makeTeam()
            let version = try await service.makeApproved(team)
            let id = try await service.run(version, by: team.deployer)
            _ = try await service.registry.permitRun(
                id, artifact: version.artifact, service.request(team.deployer))
            try await service.settled()
            let packs = try await packs(service)
            var kinds: Set<String> = []
            for logged in try await service.logged() {
                let entry = logged.entry
                guard let recorded = entry.decision, let longer = entry.event.lasting(longer: 1)
                else { continue }
                kinds.insert(entry.event.kind)
                let document = try await service.document(recorded.decision)
                let facts = try await service.document(recorded.facts)
                let pack = packs[entry.policy?.hex ?? ""]
                func problems(_ event: Event) -> [String] {
                    let other = Entry(
                        actor: entry.actor, configuration: entry.configuration,
                        documents: entry.documents, idempotency: entry.idempotency, event: event,
                        origin: entry.origin, policy: entry.policy, request: entry.request,
                        subjects: entry.subjects, time: entry.time)
                    return recorded.problems(
                        document: document, facts: facts, pack: pack, in: other)
                }
                #expect(problems(entry.event) == [])
                let found = problems(longer)
                #expect(found.count == 1 && found[0].hasPrefix("The permit lasts"), "\(found)")
            }
            #expect(kinds == ["deployment.decided", "run.decided"])
        }
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
                context: DecisionContext())
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
                                target: "", use: nil, verdict: .deny, artifact: version.artifact,
                                decision: decision, facts: decision, trustRoot: decision,
                                trustRootVersion: 1, deployment: "", permit: nil,
                                permitDocument: nil, notAfter: nil)))
                }
            }
        }
    }
}

extension Event {
    /// The same event with a permit that lasts longer; nil where none was given.
    fileprivate func lasting(longer seconds: Int64) -> Event? {
        func longer(_ event: DeploymentDecided) -> DeploymentDecided? {
            event.notAfter.map { notAfter in
                DeploymentDecided(
                    version: event.version, environment: event.environment, target: event.target,
                    use: event.use, verdict: event.verdict, artifact: event.artifact,
                    decision: event.decision, facts: event.facts, trustRoot: event.trustRoot,
                    trustRootVersion: event.trustRootVersion, deployment: event.deployment,
                    permit: event.permit, permitDocument: event.permitDocument,
                    notAfter: notAfter.adding(seconds: seconds))
            }
        }
        switch self {
        case .deploymentDecided(let event): return longer(event).map { .deploymentDecided($0) }
        case .runDecided(let event):
            return longer(event.decided).map { .runDecided(RunDecided($0)) }
        default: return nil
        }
    }
}
