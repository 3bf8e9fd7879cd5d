import Attestation
import CanonicalJSON
import Cryptography
import Database
import Governance
import Registry
import TestSupport
import Testing

extension TestService {
    /// A statement that puts a version into a tier.
    func tierStatement(
        _ tier: Tier, of version: TestVersion, by signers: [(person: TestPerson, role: Role)],
        edit: (inout TierDetermination) -> Void = { _ in }
    ) async throws -> Envelope {
        let status = try await registry.status(of: version.reference)
        func digest(_ name: String) throws -> SHA256Digest {
            try #require(status["digests"]?[name]?.string.flatMap { SHA256Digest(hex: $0) })
        }
        let derived = try #require(
            status["tierDetermination"]?["derived"].flatMap { Tier(json: $0) })
        let now = clock.now
        var statement = TierDetermination(
            origin: origin, version: version.reference, artifact: try digest("artifact"),
            card: try digest("card"), policy: try digest("policy"), derived: derived, tier: tier,
            reason: "its scores reach more people than the card says",
            signers: signers.map { $0.person.signing(as: $0.role) }, signedAt: now,
            expiresAt: now.adding(seconds: 86_400))
        edit(&statement)
        return try statement.statement.sign(with: signers.map(\.person.key))
    }

    func determine(
        _ tier: Tier, of version: TestVersion, by signers: [(person: TestPerson, role: Role)]
    ) async throws {
        _ = try await registry.determineTier(
            tierStatement(tier, of: version, by: signers), request(signers[0].person))
        try await settled()
    }

    func auditReplay() async throws -> ReplayReport {
        try await settled()
        return try await Auditing.replay(scratch.url(as: .migrator), root: registry.root)
    }

    /// Puts a pack in force that wants validators to sign for tiers from this one on.
    func wantTiers(from tier: Int) async throws {
        var changes: [String: String] = [:]
        for gate in ["approve", "deploy"] {
            let file = try PackFiles.load(folder: nil).first { $0.path == "gates/\(gate).yaml" }
            changes["gates/\(gate).yaml"] =
                String(decoding: file?.bytes ?? [], as: UTF8.self) + """
                      - id: \(gate == "deploy" ? "DEP" : "APP")-901
                        title: A validator has signed for the tier
                        mode: enforce
                        check: tier-determined
                        with: { from_tier: \(tier) }
                        reason: "tier {tier} is signed by {determined.by}, problems {determined.problems}"
                        waivable: false

                    """
        }
        try await activatePack(changes)
    }
}

@Suite struct `The tier of a version` {
    private func denials(
        _ service: TestService, _ team: TestTeam, _ version: TestVersion
    ) async throws -> [String] {
        try await service.settled()
        return try await service.deploy(version, by: team.deployer, dryRun: true).denials
    }

    @Test func `is signed by a validator before anybody approves, and decisions say by whom`()
        async throws
    {
        try await TestService.with { service in
            try await service.wantTiers(from: 2)
            let team = try await service.makeTeam()
            let version = try await service.submit(by: team.owner)
            try await service.evaluate(version, by: team.reviewer)
            #expect(
                try await service.refusal {
                    try await service.approve(version, by: team.validator, as: .validator)
                } != nil)
            let denied = try await service.deploy(version, by: team.deployer, dryRun: true)
            #expect(denied.denials.contains("DEP-901"))
            #expect(
                denied.decision["missing"]?.array?.contains([
                    "kind": "tier-determination", "detail": ["roles": ["validator"], "tier": 2],
                ]) == true, "\(denied.decision["missing"] ?? .null)")
            try await service.determine(.limited, of: version, by: [(team.validator, .validator)])
            try await service.approve(version, by: team.validator, as: .validator)
            try await service.approve(version, by: team.officer, as: .complianceOfficer)
            try await service.settled()
            let answer = try await service.deploy(version, by: team.deployer)
            #expect(answer.verdict == "allow", "\(answer.denials)")
            let rule = answer.decision["rules"]?.array?.first { $0["id"] == "DEP-901" }
            #expect(rule?["result"] == "pass")
            #expect(
                rule?["values"]?["determined.by"]
                    == [.string("\(team.validator.principal) as validator")])
            let report = try await service.auditReplay()
            #expect(report.findings.named == [])
        }
    }

    @Test func `is not asked for by a pack that does not say so, nor below the tier it says`()
        async throws
    {
        try await TestService.with { service in
            let team = try await service.makeTeam()
            let version = try await service.makeApproved(team)
            #expect(try await denials(service, team, version) == [])
        }
        try await TestService.with { service in
            try await service.wantTiers(from: 3)
            let team = try await service.makeTeam()
            let version = try await service.makeApproved(team)
            #expect(try await denials(service, team, version) == [])
        }
    }

    @Test func `is raised by one validator, and then the stricter quorum approves`() async throws {
        try await TestService.with { service in
            let team = try await service.makeTeam()
            let version = try await service.makeApproved(team)
            #expect(try await denials(service, team, version) == [])
            try await service.determine(.high, of: version, by: [(team.validator, .validator)])
            let denied = try await service.deploy(version, by: team.deployer, dryRun: true)
            #expect(denied.denials.contains("DEP-101"))
            #expect(
                denied.decision["missing"]?.array?.contains([
                    "kind": "approval", "detail": ["role": "fairness-reviewer"],
                ]) == true)
            #expect(try await service.registry.status(of: version.reference)["tier"] == "3")
            // It restricts: neither rows nor documents have a say in it.
            try await service.sabotage([
                "DELETE FROM registry.tier_determination"
            ])
            #expect(try await denials(service, team, version).contains("DEP-101"))
            try await service.approve(version, by: team.reviewer, as: .fairnessReviewer)
            let left = try await denials(service, team, version)
            #expect(!left.contains("DEP-101"), "\(left)")
        }
    }

    @Test func `comes down from that of the version before by the stricter quorum only`()
        async throws
    {
        try await TestService.with { service in
            try await service.wantTiers(from: 3)
            let team = try await service.makeTeam()
            let first = try await service.submit(by: team.owner)
            try await service.determine(.high, of: first, by: [(team.validator, .validator)])
            let second = try await service.submit(by: team.owner, seed: "two")
            try await service.evaluate(second, by: team.reviewer)
            // Nobody has approved the first: nothing is taken from anybody yet.
            try await service.approve(second, by: team.validator, as: .validator)
            try await service.approve(first, by: team.validator, as: .validator)
            let denied = try await service.deploy(second, by: team.deployer, dryRun: true)
            #expect(denied.denials.contains("DEP-901"))
            let quorum: [(person: TestPerson, role: Role)] = [
                (team.validator, .validator), (team.reviewer, .fairnessReviewer),
                (team.officer, .complianceOfficer),
            ]
            #expect(
                denied.decision["missing"]?.array?.contains([
                    "kind": "tier-determination",
                    "detail": [
                        "roles": ["validator", "fairness-reviewer", "compliance-officer"],
                        "tier": 2,
                    ],
                ]) == true, "\(denied.decision["missing"] ?? .null)")
            for signers in [Array(quorum.prefix(1)), Array(quorum.prefix(2))] {
                #expect(
                    try await service.refusal {
                        try await service.determine(.limited, of: second, by: signers)
                    } == "tier-not-entitled")
            }
            try await service.determine(.limited, of: second, by: quorum)
            try await service.approve(second, by: team.officer, as: .complianceOfficer)
            #expect(try await denials(service, team, second) == [])
            // Who could sign is asked again at every gate: a row is nothing.
            let report = try await service.auditReplay()
            #expect(report.findings.named == [])
        }
    }

    @Test func `is signed by a validator who did not make it, for this very card, and never lower`()
        async throws
    {
        try await TestService.with { service in
            let team = try await service.makeTeam()
            let version = try await service.submit(by: team.owner)
            let both = try await service.enrol([.owner, .validator])
            let own = try await service.submit(by: both, "credit/own", seed: "own")
            let validator: [(person: TestPerson, role: Role)] = [(team.validator, .validator)]
            func refusal(_ envelope: Envelope) async throws -> String? {
                try await service.refusal {
                    try await service.registry.determineTier(
                        envelope, service.request(team.validator))
                }
            }
            func edited(_ edit: (inout TierDetermination) -> Void) async throws -> Envelope {
                try await service.tierStatement(.high, of: version, by: validator, edit: edit)
            }
            for (statement, name) in [
                (try await service.tierStatement(.minimal, of: version, by: validator), "lower"),
                (
                    try await service.tierStatement(
                        .high, of: version, by: [(team.officer, .complianceOfficer)]),
                    "no validator"
                ),
                (
                    try await service.tierStatement(
                        .high, of: version, by: [(team.officer, .validator)]), "no such role"
                ),
                (
                    try await service.tierStatement(.high, of: own, by: [(both, .validator)]),
                    "author"
                ),
                (try await edited { $0.card = .zero }, "card"),
                (try await edited { $0.artifact = .zero }, "artifact"),
                (try await edited { $0.policy = .zero }, "policy"),
                (try await edited { $0.derived = .minimal }, "derived"),
                (try await edited { $0.origin = "example.com/other" }, "origin"),
                (
                    try await edited {
                        $0.expiresAt = $0.signedAt.adding(seconds: -1)
                        $0.signedAt = $0.signedAt.adding(seconds: -2)
                    }, "expired"
                ),
            ] {
                #expect(try await refusal(statement) == "tier-not-entitled", "\(name)")
            }
            let statement = try await service.tierStatement(.high, of: version, by: validator)
            #expect(try await refusal(statement) == nil)
            #expect(try await refusal(statement) == "tier-known")
        }
    }
}
