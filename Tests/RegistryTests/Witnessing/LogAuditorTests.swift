// An auditing witness: what the service says it decided is judged again, and forgeries are not cosigned.

import Attestation
import CanonicalJSON
import Cryptography
import Database
import Governance
import Synchronization
import TestSupport
import Testing
import TransparencyLog

@testable import Registry

@Suite struct `A witness that audits` {
    @Test func `has nothing against a whole life`() async throws {
        try await TestService.with { service in
            let team = try await service.makeTeam()
            let auditor = try service.auditor()
            let version = try await service.makeApproved(team)
            #expect(try await service.examine(auditor) == [])
            let answer = try await service.deploy(version, by: team.deployer)
            #expect(answer.verdict == "allow")
            let asDeployer = service.request(team.deployer)
            _ = try await service.registry.confirmDeployment(answer.deployment, asDeployer)
            #expect(try await service.examine(auditor) == [])
            _ = try await service.registry.endDeployment(
                answer.deployment, reason: "done", asDeployer)
            // A hold that two people released does not stand in the way of the next deployment.
            let officers = try await service.makeOfficers()
            let scope = HoldScope.version(version.reference)
            let hold = try await service.placeHold(on: scope, by: team.officer)
            #expect(try await service.deploy(version, by: team.deployer).verdict == "deny")
            let release = try service.release(
                hold, on: scope, inside: team.officer, outside: officers.outsider)
            _ = try await service.registry.releaseHold(
                hold, release, service.request(team.officer))
            #expect(try await service.deploy(version, by: team.deployer).verdict == "allow")
            // A second version and a denial later; and all again from the start.
            let second = try await service.submit(by: team.owner, seed: "two")
            #expect(try await service.deploy(second, by: team.deployer).verdict == "deny")
            #expect(try await service.examine(auditor) == [])
            #expect(try await service.examine(service.auditor()) == [])
        }
    }

    @Test func `has nothing against an approval for another, until it is taken back`() async throws
    {
        try await TestService.with { service in
            let team = try await service.makeTeam()
            let deputy = try await service.enrol([])
            let version = try await service.submit(by: team.owner)
            try await service.evaluate(version, by: team.reviewer)
            let delegation = try await service.delegate(
                by: team.validator, to: deputy, as: .validator)
            try await service.answer(
                version, by: deputy, for: team.validator, as: .validator, under: delegation)
            try await service.approve(version, by: team.officer, as: .complianceOfficer)
            let auditor = try service.auditor()
            #expect(try await service.deploy(version, by: team.deployer).verdict == "allow")
            #expect(try await service.examine(auditor) == [])
            _ = try await service.registry.revokeDelegation(
                delegation, of: team.validator.principal, reason: "not mine", compromised: true,
                service.request(team.validator))
            // What was allowed then stays what it was; what follows is denied, as the witness would.
            #expect(try await service.deploy(version, by: team.deployer).verdict == "deny")
            #expect(try await service.examine(auditor) == [])
            #expect(try await service.examine(service.auditor()) == [])
        }
    }

    /// A deployment that somebody with the service's keys writes past the gate.
    enum Forgery: CaseIterable {
        case nothingApproved, oneRoleMissing, notEvaluated, otherBytes, otherEnvironment
        case suspended, held, notADeployer, approvalsExpired, approvalsForged
    }

    @Test(arguments: Forgery.allCases)
    func `finds a deployment without what it needs`(_ forgery: Forgery) async throws {
        try await TestService.with { service in
            let team = try await service.makeTeam()
            let auditor = try service.auditor()
            var version = try await service.submit(by: team.owner)
            var (environment, person, artifact) = ("production", team.deployer, version.artifact)
            let expected: String
            switch forgery {
            case .nothingApproved: expected = "DEP-101"
            case .oneRoleMissing:
                try await service.evaluate(version, by: team.reviewer)
                try await service.approve(version, by: team.validator, as: .validator)
                expected = "DEP-101"
            case .notEvaluated:
                try await service.approve(version, by: team.validator, as: .validator)
                try await service.approve(version, by: team.officer, as: .complianceOfficer)
                expected = "DEP-201"
            case .approvalsForged:
                try await service.evaluate(version, by: team.reviewer)
                // Whoever has the service's keys can write that they approved, but cannot sign it.
                for (person, role) in [
                    (team.validator, Role.validator), (team.officer, .complianceOfficer),
                ] {
                    try await service.forgeApproval(of: version, by: person, as: role)
                }
                expected = "DEP-102"
            case .otherBytes:
                version = try await service.makeApproved(team, seed: "two")
                artifact = SHA256.hash("something else")
                expected = "DEP-001"
            case .otherEnvironment:
                version = try await service.makeApproved(team, seed: "two")
                (artifact, environment, expected) = (version.artifact, "staging", "DEP-105")
            case .suspended:
                version = try await service.makeApproved(team, seed: "two")
                (artifact, expected) = (version.artifact, "DEP-301")
                _ = try await service.registry.suspend(
                    version.reference, reason: "under examination",
                    service.request(team.validator))
            case .held:
                version = try await service.makeApproved(team, seed: "two")
                (artifact, expected) = (version.artifact, "DEP-301")
                _ = try await service.placeHold(on: .version(version.reference), by: team.officer)
            case .notADeployer:
                version = try await service.makeApproved(team, seed: "two")
                (artifact, person, expected) = (version.artifact, team.owner, "DEP-401")
            case .approvalsExpired:
                version = try await service.makeApproved(team, seed: "two")
                (artifact, expected) = (version.artifact, "DEP-106")
                service.clock.advance(days: 40)
            }
            let before = try await service.examine(auditor)
            #expect(before == [])
            let index = try await service.forge(
                version, artifact: artifact, environment: environment, by: person)
            let reasons = try await service.examine(auditor)
            #expect(reasons.allSatisfy { $0.hasPrefix("entry \(index): ") }, "\(reasons)")
            #expect(reasons.contains { $0.contains(expected) }, "\(reasons)")
            // It stays so, for him and for the next one; unless the operator lives with it.
            #expect(try await service.examine(auditor) == reasons)
            #expect(try await service.examine(service.auditor()) == reasons)
            #expect(try await service.examine(service.auditor(accepting: [index])) == [])
        }
    }

    @Test func `an auditing witness goes on over a log whose evidence was disposed of`()
        async throws
    {
        try await TestService.with { service in
            try await service.shortenPeriods()
            let team = try await service.makeTeam()
            let version = try await service.makeApproved(team)
            #expect(try await service.deploy(version, by: team.deployer).verdict == "allow")
            service.clock.advance(days: 2)
            try await service.retire(version, by: team)
            service.clock.advance(days: 110)
            let officers = try await service.makeOfficers()
            let plan = try await service.registry.disposal(of: version.reference)
            try await service.settled()
            #expect(try await service.examine(service.auditor()) == [])
            try await service.dispose(plan, by: officers)
            try await service.settled()
            #expect(try await service.examine(service.auditor()) == [])
            try await service.sabotage([
                "DELETE FROM audit.document WHERE sha256 = \(plan.list.digest.sql)"
            ])
            #expect(try await service.examine(service.auditor()) != [])
        }
    }

    @Test func `finds a pack in force that fewer signed than the one before it asks for`()
        async throws
    {
        try await TestService.with { service in
            let team = try await service.makeTeam()
            let version = try await service.submit(by: team.owner)
            // He has the root from before, and follows the log to the next one.
            let auditor = try service.auditor()
            let custodians = try await service.rootOfThree()
            let first = try PolicyPack.parse(PackFiles.load(folder: nil))
            #expect(try await service.examine(auditor) == [])
            let next = try service.nextPack(
                predecessor: first.digest, signers: Array(custodians.prefix(2)))
            let document = next.envelope.canonicalBytes
            let index = try await service.write(
                .policyActivated(
                    PolicyActivated(
                        name: first.name, version: "2", digest: next.digest,
                        statement: next.envelope.payloadDigest, document: SHA256.hash(document),
                        files: SHA256.hash(next.files), predecessor: first.digest)),
                documents: [document, next.files], of: version, by: team.owner)
            #expect(
                try await service.examine(auditor) == [
                    "entry \(index): the pack in force before asks for more: "
                        + "2 custodians signed the pack, not 3"
                ])
        }
    }

    @Test func `believes what the gate was told that callers found, which a pack may ask them for`()
        async throws
    {
        try await TestService.with { service in
            let team = try await service.makeTeam()
            let gate = try #require(
                TestService.packFiles([:]).first { $0.path == "gates/deploy.yaml" })
            let demanding = String(decoding: gate.bytes, as: UTF8.self).replacing(
                "!has(artifact.contradictions) || artifact.contradictions.size() == 0",
                with: "has(artifact.contradictions) && artifact.contradictions.size() == 0")
            try await service.activatePack(["gates/deploy.yaml": demanding])
            let version = try await service.makeApproved(team)
            let production = try #require(TestService.production)
            func deploy(_ found: [ContradictionFact]?) async throws -> Registry.GateAnswer {
                try await service.registry.deploy(
                    .init(
                        version: version.reference, environment: production, target: "test",
                        artifact: version.artifact, use: nil, contradictions: found, dryRun: false),
                    service.request(team.deployer))
            }
            #expect(try await deploy(nil).denials == ["DEP-005"])
            #expect(try await deploy([]).verdict == "allow")
            #expect(try await service.examine(service.auditor()) == [])
            // The negative twin: nobody looked, and an allowance was written past the gate.
            let index = try await service.forge(
                version, artifact: version.artifact, environment: "production", by: team.deployer)
            let reasons = try await service.examine(service.auditor())
            #expect(reasons.count == 1, "\(reasons)")
            #expect(reasons.first?.hasPrefix("entry \(index): ") == true, "\(reasons)")
            #expect(reasons.first?.contains("DEP-005") == true, "\(reasons)")
        }
    }

    @Test func `finds an emergency whose review is due later than the pack says, as does a report`()
        async throws
    {
        try await BreakGlassScene.with { scene in
            let service = scene.service
            func found() async throws -> (witness: [String], report: [JSONFinding]) {
                let witness = try await service.examine(service.auditor())
                let report = try await service.registry.report(
                    model: scene.version.reference.model, for: service.administrator.caller
                ).json
                let verdict = ReportCheck.check(
                    report, root: service.registry.root, acceptingDevelopment: true)
                return (witness, verdict.findings)
            }
            _ = try await scene.open()
            let honest = try await found()
            #expect(honest.witness == [] && honest.report == [], "\(honest)")
            // The same people break it again; when a third one looks is written by whoever has the keys.
            let envelope = try await service.breakGlass(
                scene.version, by: scene.team.officer, and: scene.risk
            ) { $0.incident = "INC-2042" }
            let glass = try BreakGlass(reading: Statement(parsing: envelope.payload))
            let document = envelope.canonicalBytes
            let index = try await service.write(
                .breakGlassRecorded(
                    BreakGlassRecorded(
                        glass, statement: envelope.payloadDigest, document: SHA256.hash(document),
                        reviewDueAt: glass.expiresAt.adding(seconds: 3_650 * 86_400))),
                documents: [document], of: scene.version, by: scene.risk)
            let forged = try await found()
            #expect(forged.witness.count == 1, "\(forged)")
            #expect(
                forged.witness.first?.hasPrefix("entry \(index): the glass was broken for ") == true
            )
            #expect(
                forged.report.contains {
                    $0.code == "authority" && $0.message.contains("its review is due by")
                }, "\(forged)")
        }
    }

    @Test func `finds such a pack also behind one that nobody can read`() async throws {
        try await TestService.with { service in
            let team = try await service.makeTeam()
            let version = try await service.submit(by: team.owner)
            let log = ServiceLog(registry: service.registry)
            let auditor = try service.auditor(log)
            let custodians = try await service.rootOfThree()
            var last = try PolicyPack.parse(PackFiles.load(folder: nil)).digest
            var number = 1
            /// Writes the activation of the next pack; answers its index.
            func activate(signedBy count: Int, hidden: Bool = false) async throws -> Int64 {
                number += 1
                let next = try service.nextPack(
                    version: number, predecessor: last,
                    signers: Array(custodians.prefix(count)))
                let document = next.envelope.canonicalBytes
                if hidden {
                    log.hidden.withLock {
                        $0.formUnion([SHA256.hash(document), SHA256.hash(next.files)])
                    }
                }
                let index = try await service.write(
                    .policyActivated(
                        PolicyActivated(
                            name: "imprimatur-default", version: "\(number)",
                            digest: next.digest, statement: next.envelope.payloadDigest,
                            document: SHA256.hash(document), files: SHA256.hash(next.files),
                            predecessor: last)),
                    documents: [document, next.files], of: version, by: team.owner)
                last = next.digest
                return index
            }
            _ = try await activate(signedBy: 3, hidden: true)
            // The accepting twin: as many signed the next one as the last one that he has asks for.
            _ = try await activate(signedBy: 3)
            #expect(try await service.examine(auditor) == [])
            _ = try await activate(signedBy: 3, hidden: true)
            let index = try await activate(signedBy: 2)
            #expect(
                try await service.examine(auditor) == [
                    "entry \(index): the pack in force before asks for more: "
                        + "2 custodians signed the pack, not 3"
                ])
        }
    }

    @Test func `finds a permit that lasts longer than what it rests on`() async throws {
        try await TestService.with { service in
            let team = try await service.makeTeam()
            let version = try await service.makeApproved(team)
            let auditor = try service.auditor()
            // The accepting twin: as long as the pack gives them.
            _ = try await service.forge(
                version, artifact: version.artifact, environment: "production", by: team.deployer)
            #expect(try await service.examine(auditor) == [])
            let index = try await service.forge(
                version, artifact: version.artifact, environment: "production", by: team.deployer,
                lasting: 10 * 365 * 86_400)
            let reasons = try await service.examine(auditor)
            #expect(reasons.count == 1, "\(reasons)")
            #expect(reasons.first?.hasPrefix("entry \(index): ") == true)
            #expect(reasons.first?.contains("The permit lasts until") == true)
        }
    }

    @Test func `finds a deployment that runs without a permit`() async throws {
        try await TestService.with { service in
            let team = try await service.makeTeam()
            let version = try await service.makeApproved(team)
            let production = try #require(TestService.production)
            let index = try await service.write(
                .deploymentConfirmed(
                    DeploymentConfirmed(
                        deployment: "d-000000000000000000000000", version: version.reference,
                        environment: production)), of: version, by: team.deployer)
            let reasons = try await service.examine(service.auditor())
            #expect(reasons.count == 1)
            #expect(
                reasons.first?.hasPrefix("entry \(index): credit/scorecard@1 is said to run")
                    == true)
        }
    }

    @Test func `counts what cannot be shown as missing, and an unreachable log as no answer`()
        async throws
    {
        try await TestService.with { service in
            let team = try await service.makeTeam()
            let version = try await service.makeApproved(team)
            #expect(try await service.deploy(version, by: team.deployer).verdict == "allow")
            let entries = try await service.logged()
            let approval = try #require(
                entries.compactMap { logged -> SHA256Digest? in
                    guard case .approvalRecorded(let event) = logged.entry.event else { return nil }
                    return event.document
                }.first)
            let log = ServiceLog(registry: service.registry)
            log.hidden.withLock { $0 = [approval] }
            let reasons = try await service.examine(service.auditor(log))
            #expect(reasons.count == 1 && reasons[0].contains("DEP-101"), "\(reasons)")
            log.hidden.withLock { $0 = [] }
            log.isAway.withLock { $0 = true }
            let auditor = try service.auditor(log)
            await #expect(throws: (any Error).self) { try await service.examine(auditor) }
            log.isAway.withLock { $0 = false }
            #expect(try await service.examine(auditor) == [])
            // Another document under the name is none.
            log.replaced.withLock { $0 = [approval: Array("{}".utf8)] }
            let replaced = try await service.examine(service.auditor(log))
            #expect(replaced.count == 1 && replaced[0].contains("DEP-101"), "\(replaced)")
        }
    }

    @Test func `judges permits to run like deployments, and asks for one that runs`() async throws {
        try await TestService.with { service in
            let team = try await service.makeTeam()
            let version = try await service.makeApproved(team)
            let id = try await service.run(version, by: team.deployer)
            let answer = try await service.registry.permitRun(
                id, artifact: version.artifact, service.request(team.deployer))
            #expect(try await service.examine(service.auditor()) == [])
            guard case .runDecided(let good) = answer.outcome.recorded.entry.event else {
                throw TestFailure("no permit to run")
            }
            // The same for a deployment that nobody has confirmed.
            let decided = good.decided
            let forged = DeploymentDecided(
                version: decided.version, environment: decided.environment,
                target: decided.target, use: decided.use, verdict: .allow,
                artifact: decided.artifact, decision: decided.decision, facts: decided.facts,
                trustRoot: decided.trustRoot, trustRootVersion: decided.trustRootVersion,
                deployment: "d-forged", permit: decided.permit,
                permitDocument: decided.permitDocument, notAfter: decided.notAfter)
            _ = try await service.write(
                .runDecided(RunDecided(forged)), of: version, by: team.deployer)
            let reasons = try await service.examine(service.auditor())
            #expect(reasons.contains { $0.contains("no such deployment runs") }, "\(reasons)")
        }
    }

    @Test func `refuses entries that are not those of the tree, or of nobody`() async throws {
        try await TestService.with { service in
            let team = try await service.makeTeam()
            _ = try await service.makeApproved(team)
            let log = ServiceLog(registry: service.registry)
            log.flipped.withLock { $0 = true }
            let reasons = try await service.examine(service.auditor(log))
            #expect(
                reasons == ["the entries that the log serves do not have the root that it signed"])
            // What he has read of the false entries does not stand in the way of the true ones.
            let auditor = try service.auditor(log)
            _ = try await service.examine(auditor)
            log.flipped.withLock { $0 = false }
            #expect(try await service.examine(auditor) == [])
            // Under another root nobody is entitled to anything.
            try await TestService.with { other in
                let stranger = try LogAuditor(
                    root: other.registry.root, source: ServiceLog(registry: service.registry))
                let reasons = try await service.examine(stranger)
                #expect(reasons.contains { $0.contains("is for the log") })
            }
        }
    }
}

/// The log as the service would serve it to an auditor.
final class ServiceLog: LogSource {
    let registry: Registry
    let hidden = Mutex<Set<SHA256Digest>>([])
    let replaced = Mutex<[SHA256Digest: [UInt8]]>([:])
    let isAway = Mutex(false)
    let flipped = Mutex(false)

    init(registry: Registry) { self.registry = registry }

    func entries(_ bundle: EntryBundleID) async throws -> [UInt8] {
        guard !isAway.withLock({ $0 }) else { throw WitnessUnreachable("away") }
        var bytes = try await registry.entryBundle(bundle)
        if flipped.withLock({ $0 }) { bytes[bytes.count - 40] ^= 1 }
        return bytes
    }

    func document(_ digest: SHA256Digest) async throws -> [UInt8]? {
        if hidden.withLock({ $0.contains(digest) }) { return nil }
        if let other = replaced.withLock({ $0[digest] }) { return other }
        return try await registry.document(digest)
    }
}

extension TestService {
    func auditor(
        _ log: ServiceLog? = nil, accepting: Set<Int64> = []
    ) throws -> LogAuditor {
        try LogAuditor(
            root: registry.root, source: log ?? ServiceLog(registry: registry),
            accepting: accepting)
    }

    /// Examines the tree as it is once everything is in it.
    func examine(_ auditor: LogAuditor) async throws -> [String] {
        try await settled()
        // What is read is shown a moment later, once it is pinned.
        let isShown = try await eventually {
            let snapshot = registry.follower.snapshot
            return snapshot.published?.checkpoint.size == snapshot.fold.size
        }
        guard isShown, let published = registry.follower.snapshot.published else {
            throw TestFailure("the log is not shown")
        }
        return try await auditor.examine(published.checkpoint)
    }

    /// Writes an entry past every use case; answers its index.
    fileprivate func write(
        _ event: Event, documents: [[UInt8]] = [], of version: TestVersion, by person: TestPerson
    ) async throws -> Int64 {
        let recorded = try await registry.writer.write(
            request(person),
            Subjects(
                written: [Subjects.version(version.reference)],
                read: [Subjects.principal(person.principal), Subjects.policy])
        ) { _, _ in Act(event, documents: documents) }
        try await settled()
        return try await registry.database.read { db in
            try db.one(
                "SELECT index FROM audit.leaf WHERE entry_id = \(recorded.entryID)", as: Int64.self)
        }
    }

    /// Writes an approval past the gate, signed with a key that nobody holds.
    fileprivate func forgeApproval(
        of version: TestVersion, by person: TestPerson, as role: Role
    ) async throws {
        var forger = TestPerson(
            principal: person.principal, key: try .generate(.ecdsaP256), caller: person.caller,
            keyStatement: person.keyStatement)
        forger.assignments = person.assignments
        let envelope = try await approvalStatement(of: version, by: forger, as: role)
        let approval = try ApprovalStatement(reading: Statement(parsing: envelope.payload))
        _ = try await write(
            .approvalRecorded(
                ApprovalRecorded(
                    version: version.reference, request: approval.request.id,
                    statement: envelope.payloadDigest,
                    document: SHA256.hash(envelope.canonicalBytes), principal: person.principal,
                    person: person.caller.person, role: role, meaning: .approve,
                    key: person.key.publicKey.id, signedAt: approval.signedAt,
                    expiresAt: approval.expiresAt, decision: nil, facts: nil)),
            documents: [envelope.canonicalBytes], of: version, by: person)
    }

    /// Writes an allowance past the gate.
    fileprivate func forge(
        _ version: TestVersion, artifact: SHA256Digest, environment: String, by person: TestPerson,
        lasting seconds: Int64 = 600
    ) async throws -> Int64 {
        guard let environment = EnvironmentName(environment) else {
            throw TestFailure("environment")
        }
        let documents = ["decision", "facts", "permit"].map { name in
            JSON.object(["forged": .string("\(name) \(seconds)")]).canonicalBytes
        }
        let digests = documents.map { SHA256.hash($0) }
        return try await write(
            .deploymentDecided(
                DeploymentDecided(
                    version: version.reference, environment: environment, target: "test",
                    use: nil, verdict: .allow, artifact: artifact, decision: digests[0],
                    facts: digests[1],
                    trustRoot: registry.root.digest, trustRootVersion: registry.root.version,
                    deployment: "d-forged-\(seconds)", permit: digests[2],
                    permitDocument: digests[2],
                    notAfter: clock.now.adding(seconds: seconds))),
            documents: documents, of: version, by: person)
    }
}
