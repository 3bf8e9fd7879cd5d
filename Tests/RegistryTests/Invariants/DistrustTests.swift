// I6: the gate does not trust its database. An insider with every right edits rows and documents; what
// favours a version does not count, what restricts it is not forgotten, running and after a restart.

import Attestation
import CanonicalJSON
import Cryptography
import Database
import Governance
import Registry
import TestSupport
import Testing

@Suite struct `I6: the gate does not trust its database` {
    /// Asks the gate now and after a restart.
    func expectDenied(
        _ service: TestService, _ version: TestVersion, _ team: TestTeam, by rules: Set<String>,
        naming words: [String] = []
    ) async throws {
        func ask(_ service: TestService, _ when: String) async throws {
            let answer = try await service.deploy(version, by: team.deployer)
            #expect(answer.verdict == "deny", "\(when)")
            #expect(answer.document == nil)
            #expect(
                rules.isSubset(of: Set(answer.denials)), "\(when): \(answer.denials), not \(rules)")
            for word in words {
                #expect(answer.reasons.contains(word), "\(when): \(answer.reasons)")
            }
        }
        try await ask(service, "running")
        try await service.restarted { try await ask($0, "restarted") }
    }

    // MARK: what favours

    @Test func `everything set to approved, every restriction deleted`() async throws {
        try await TestService.with { service in
            let team = try await service.makeTeam()
            let version = try await service.submit(by: team.owner)
            try await service.approve(version, by: team.validator, as: .validator, meaning: .reject)
            _ = try await service.registry.suspend(
                version.reference, reason: "bias found", service.request(team.officer))
            _ = try await service.registry.revokeRole(
                try #require(team.deployer.assignments[.deployer]), of: team.deployer.principal,
                reason: "left", service.request(service.administrator))
            try await service.settled()
            var statements = [
                "DELETE FROM registry.restriction", "DELETE FROM registry.approval",
                "UPDATE registry.version SET state = 'open', tier = '1'",
                "UPDATE registry.assignment SET revoked_at = NULL, revoked_reason = NULL",
                "UPDATE registry.assignment SET role = 'deployer' WHERE role = 'owner'",
            ]
            for (person, role) in [
                (team.validator, Role.validator), (team.officer, .complianceOfficer),
                (team.reviewer, .fairnessReviewer),
            ] {
                let forged = try await approval(
                    of: version, claiming: person, role, by: team.owner, service)
                statements.append(try await row(forged, version, person, role, service))
            }
            let evaluation = try service.evaluationStatement(of: version, by: team.owner)
            let stored = try await service.plant(evaluation.canonicalBytes)
            statements.append(
                """
                INSERT INTO registry.evaluation VALUES (\(evaluation.payloadDigest.sql), \(stored),
                    '\(version.reference)', 'fairness', '\(team.reviewer.key.publicKey.id.hex)', now())
                """)
            try await service.sabotage(statements)
            try await expectDenied(
                service, version, team, by: ["DEP-102", "DEP-201", "DEP-301", "DEP-401"],
                naming: ["suspension", "rejection", "(log)"])
        }
    }

    private func approval(
        of version: TestVersion, claiming person: TestPerson, _ role: Role, by signer: TestPerson,
        _ service: TestService
    ) async throws -> Envelope {
        let genuine = try await service.approvalStatement(of: version, by: person, as: role)
        return try Envelope.sign(genuine.payload, type: genuine.payloadType, with: [signer.key])
    }

    /// Plants an approval and answers the row that points to it.
    private func row(
        _ envelope: Envelope, _ version: TestVersion, _ person: TestPerson, _ role: Role,
        _ service: TestService
    ) async throws -> String {
        let stored = try await service.plant(envelope.canonicalBytes)
        return """
            INSERT INTO registry.approval
            SELECT \(envelope.payloadDigest.sql), \(stored), name, request_id, '\(person.principal)',
                   '\(person.principal)', '\(role.rawValue)', 'approve', now(), now() + interval '30 days'
            FROM registry.version WHERE name = '\(version.reference)'
            """
    }

    enum Forgery: String, CaseIterable {
        case signedBySomebodyElse, unsigned, neverRecorded, claimingAnothersRole, ofAnotherVersion
        case roleRowOnly
    }

    @Test(arguments: Forgery.allCases)
    func `an approval counts only as its signer's recorded word`(forgery: Forgery) async throws {
        try await TestService.with { service in
            let team = try await service.makeTeam()
            let other = try await service.makeApproved(team, "credit/other", seed: "other")
            // All that lacks is the validator.
            let version = try await service.submit(by: team.owner)
            try await service.evaluate(version, by: team.reviewer)
            try await service.approve(version, by: team.officer, as: .complianceOfficer)
            try await service.settled()
            let (validator, officer) = (team.validator, team.officer)
            var statements: [String] = []
            switch forgery {
            case .signedBySomebodyElse:
                let forged = try await approval(
                    of: version, claiming: validator, .validator, by: officer, service)
                statements = [try await row(forged, version, validator, .validator, service)]
            case .unsigned:
                let genuine = try await service.approvalStatement(
                    of: version, by: validator, as: .validator)
                let forged = try Envelope.sign(genuine.payload, type: genuine.payloadType, with: [])
                statements = [try await row(forged, version, validator, .validator, service)]
            case .neverRecorded:
                let genuine = try await service.approvalStatement(
                    of: version, by: validator, as: .validator)
                statements = [try await row(genuine, version, validator, .validator, service)]
            case .claimingAnothersRole:
                let claimed = try await service.approvalStatement(
                    of: version, by: team.owner, as: .validator
                ) { $0.signer.assignment = validator.assignments[.validator] ?? .zero }
                statements = [try await row(claimed, version, team.owner, .validator, service)]
            case .ofAnotherVersion:
                statements = [
                    """
                    UPDATE registry.approval SET version = '\(version.reference)', request_id =
                        (SELECT request_id FROM registry.version WHERE name = '\(version.reference)')
                    WHERE version = '\(other.reference)' AND role = 'validator'
                    """
                ]
            case .roleRowOnly:
                // The reviewer's role row says validator; the signed assignment does not.
                let claimed = try await service.approvalStatement(
                    of: version, by: team.reviewer, as: .validator
                ) { $0.signer.assignment = team.reviewer.assignments[.fairnessReviewer] ?? .zero }
                statements = [
                    try await row(claimed, version, team.reviewer, .validator, service),
                    """
                    UPDATE registry.assignment SET role = 'validator'
                    WHERE principal = '\(team.reviewer.principal)'
                    """,
                ]
            }
            try await service.sabotage(statements)
            let answer = try await service.deploy(version, by: team.deployer)
            #expect(
                !Set(answer.denials).isDisjoint(with: ["DEP-101", "DEP-102"]), "\(answer.denials)")
            try await expectDenied(service, version, team, by: [], naming: ["validator"])
        }
    }

    /// Each edit would let a version through that lacks what it needs; the log knows better.
    @Test func `a lowered tier does not lower what is needed`() async throws {
        try await TestService.with { service in
            let team = try await service.makeTeam()
            let version = try await service.submit(by: team.owner)
            try await service.approve(version, by: team.validator, as: .validator)
            try await service.settled()
            #expect(try await service.deploy(version, by: team.deployer).verdict == "deny")
            try await service.sabotage(["UPDATE registry.version SET tier = '1'"])
            try await expectDenied(
                service, version, team, by: ["DEP-101", "DEP-301"],
                naming: ["compliance-officer", "row-altered"])
        }
    }

    @Test func `an exchanged submitter cannot approve`() async throws {
        try await TestService.with { service in
            let team = try await service.makeTeam()
            let both = try await service.enrol([.owner, .validator])
            let version = try await service.submit(by: both)
            try await service.evaluate(version, by: team.reviewer)
            try await service.approve(version, by: team.officer, as: .complianceOfficer)
            #expect(
                try await service.refusal {
                    try await service.approve(version, by: both, as: .validator)
                } == "gate-denied")
            try await service.sabotage([
                """
                UPDATE registry.version SET submitter = '\(team.owner.principal)',
                    person = '\(team.owner.principal)'
                """
            ])
            #expect(
                try await service.refusal {
                    try await service.approve(version, by: both, as: .validator)
                } == "gate-denied")
            try await expectDenied(
                service, version, team, by: ["DEP-101", "DEP-301"], naming: ["row-altered"])
        }
    }

    static let versionEdits = [
        "artifact_digest = sha256('other')", "card_document = sha256('other')",
        "card_statement = sha256('other')", "manifest_document = sha256('other')",
        "signature_document = sha256('other')", "policy = sha256('other')",
        "signature_key = encode(sha256('other'), 'hex')", "request_nonce = 'other'",
        "request_id = 'r-other'", "submitted_at = submitted_at - interval '1 day'",
    ]

    @Test func `no edited column of a version goes unnoticed`() async throws {
        try await TestService.with { service in
            let team = try await service.makeTeam()
            let version = try await service.makeApproved(team)
            #expect(try await service.deploy(version, by: team.deployer).verdict == "allow")
            try await service.settled()
            for edit in Self.versionEdits {
                try await service.sabotage([
                    "CREATE TABLE public.kept AS SELECT * FROM registry.version",
                    "UPDATE registry.version SET \(edit)",
                ])
                let answer = try await service.deploy(version, by: team.deployer)
                #expect(answer.verdict == "deny", "\(edit)")
                #expect(answer.reasons.contains("row-altered"), "\(edit): \(answer.reasons)")
                try await service.sabotage([
                    "DELETE FROM registry.version",
                    "INSERT INTO registry.version SELECT * FROM public.kept",
                ])
                try await service.asSuperuser(["DROP TABLE public.kept"])
            }
            #expect(try await service.deploy(version, by: team.deployer).verdict == "allow")
        }
    }

    @Test func `a version that the log does not know is denied`() async throws {
        try await TestService.with { service in
            let team = try await service.makeTeam()
            let version = try await service.makeApproved(team)
            try await service.settled()
            try await service.sabotage([
                """
                INSERT INTO registry.version SELECT 'credit/scorecard@2', model, 2, label, tier, state,
                    card_statement, card_document, artifact_digest, manifest_document,
                    signature_document, signature_key, submitter, person, 'r-2', request_nonce, policy,
                    submitted_at FROM registry.version
                """,
                """
                INSERT INTO registry.approval SELECT sha256(statement), document, 'credit/scorecard@2',
                    'r-2', principal, person, role, meaning, signed_at, expires_at
                FROM registry.approval
                """,
            ])
            let invented = TestVersion(
                reference: try #require(VersionReference("credit/scorecard@2")),
                files: version.files, artifact: version.artifact)
            func ask(_ service: TestService) async throws {
                let code = try await service.refusal {
                    try await service.deploy(invented, by: team.deployer)
                }
                #expect(code == "version-not-in-log")
            }
            try await ask(service)
            try await service.restarted(ask)
        }
    }

    @Test func `keys and roles that only rows give are none`() async throws {
        try await TestService.with { service in
            let team = try await service.makeTeam()
            let version = try await service.makeApproved(team)
            let intruder = try await service.enrol([.owner])
            // Signed by the intruder and one administrator: two are needed, a custodian among them.
            let from = service.clock.now
            let forged = try RoleAssignment(
                origin: service.origin, principal: intruder.principal, person: intruder.principal,
                role: .deployer, namespace: #require(NamespacePattern("credit")),
                credentials: [intruder.keyStatement], validFrom: from,
                validUntil: from.adding(seconds: 1_000)
            ).statement.sign(with: [intruder.key])
            let stored = try await service.plant(forged.canonicalBytes)
            try await service.sabotage([
                """
                INSERT INTO registry.assignment VALUES (\(forged.payloadDigest.sql), \(stored),
                    '\(intruder.principal)', '\(intruder.principal)', 'deployer', 'credit', now(),
                    now() + interval '1 day')
                """
            ])
            for _ in 0..<2 {
                let answer = try await service.deploy(version, by: intruder)
                #expect(answer.denials == ["DEP-401"])
            }
            try await service.restarted { again in
                let answer = try await again.deploy(version, by: intruder)
                #expect(answer.denials == ["DEP-401"])
            }
        }
    }

    // MARK: policy

    enum RoguePack: String, CaseIterable { case unsigned, signedButNotActivated, laxAndSigned }

    @Test(arguments: RoguePack.allCases)
    func `rows that point to another policy pack deny`(rogue: RoguePack) async throws {
        try await TestService.with { service in
            let team = try await service.makeTeam()
            let version = try await service.makeApproved(team)
            let files = try PackFiles.load(folder: nil).map { file -> PackFile in
                var text = String(decoding: file.bytes, as: UTF8.self)
                if file.path == "pack.yaml" {
                    text = text.replacing("version: 1\n", with: "version: 2\n")
                }
                if rogue == .laxAndSigned, file.path == "approvals.yaml" {
                    text = text.replacing(
                        "      - { role: compliance-officer, count: 1 }\n", with: "")
                }
                let bytes = Array(text.utf8)
                return try PackFile(path: file.path, bytes: bytes, tree: StrictYAML.json(bytes))
            }
            let pack = try PolicyPack.parse(files)
            let signer = rogue == .unsigned ? team.owner.key : service.custodian
            let statement = try PackStatement(
                pack, files: files, origin: service.origin, predecessor: nil
            ).statement
                .sign(with: [signer])
            let document = try await service.plant(statement.canonicalBytes)
            let stored = try await service.plant(PackFiles.document(files))
            try await service.sabotage([
                """
                INSERT INTO registry.policy_pack VALUES (\(pack.digest.sql), 'rogue', '2', \(document),
                    \(stored), now() + interval '1 hour')
                """
            ])
            try await expectDenied(
                service, version, team, by: ["DEP-502"], naming: [pack.digest.hex])
        }
    }

    @Test func `without the pack's documents nothing is permitted`() async throws {
        try await TestService.with { service in
            let team = try await service.makeTeam()
            let version = try await service.makeApproved(team)
            try await service.settled()
            try await service.sabotage([
                "DELETE FROM audit.document WHERE sha256 IN (SELECT files FROM registry.policy_pack)"
            ])
            try await service.restarted { again in
                let code = try await again.refusal {
                    try await again.deploy(version, by: team.deployer)
                }
                #expect(code == "policy-missing")
            }
        }
    }
}
