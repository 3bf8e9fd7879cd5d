// Artifacts signed by certificate: whom the pack names may, and nobody else, for as long as the
// certificate was good.

import Attestation
import CanonicalJSON
import Cryptography
import Governance
import Registry
import TestSupport
import Testing

@Suite struct `An artifact signed by certificate` {
    @Test func `is submitted, approved and deployed when the pack names who signed`() async throws {
        let certified = try CertifiedSigner()
        try await TestService.with { service in
            let team = try await service.makeTeam()
            let changes = ["signatures.yaml": certified.signatures(team.owner.principal)]
            try await service.activatePack(changes)
            let pack = try PolicyPack.parse(TestService.packFiles(changes))
            let version = try await service.submit(
                service.submission(
                    by: team.owner, "credit/scorecard", files: CertifiedSigner.files,
                    bundle: certified.bundle()), by: team.owner)
            try await service.evaluate(version, by: team.reviewer)
            try await service.approve(version, by: team.validator, as: .validator)
            try await service.approve(version, by: team.officer, as: .complianceOfficer)
            let answer = try await service.deploy(version, by: team.deployer)
            #expect(answer.verdict == "allow", "\(answer.denials)")
            let fact = try await service.signatureFact(answer.outcome)
            #expect(fact["method"] == "certificate")
            #expect(fact["trust"] == "release-ca")
            #expect(fact["identity"] == "release@example.org")
            #expect(fact["issuer"] == "CN=root")
            #expect(fact["signer"]?.string == team.owner.principal.description)
            #expect(fact["signerRoles"] == ["owner"])
            #expect(fact["timeSource"] == "log")
            #expect(fact["revocation"] == "unknown")
            let row = try #require(
                await service.logged().compactMap { logged -> VersionSubmitted? in
                    guard case .versionSubmitted(let event) = logged.entry.event else { return nil }
                    return event
                }.first)
            let key = try PrivateKey(pem: certified.workshop.bytes("signer.key")).publicKey.id
            #expect(row.signatureKey == key)
            // Whoever has no pack reader of ours can still check key, files and decision.
            try await service.settled()
            let report = try await service.registry.report(
                model: version.reference.model, for: service.administrator.caller)
            let check = ReportCheck.check(
                report.json, root: service.registry.root, acceptingDevelopment: true)
            #expect(check.findings == [])
            for logged in try await service.logged() {
                guard let recorded = logged.entry.event.decision else { continue }
                let document = try await service.document(recorded.decision)
                let facts = try await service.document(recorded.facts)
                let now = try #require(
                    JSON(parsing: document)["now"]?.string.flatMap { Timestamp($0) })
                let again = pack.decide(
                    gate: recorded.gate, subject: recorded.subject, facts: try JSON(parsing: facts),
                    now: now)
                #expect(again.document.canonicalBytes == document)
            }
        }
    }

    @Test func `is nobody's without a pack that names the signer`() async throws {
        let certified = try CertifiedSigner()
        try await TestService.with { service in
            let owner = try await service.enrol([.owner])
            let bundle = try certified.bundle()
            #expect(
                try await service.attempt(owner, bundle) == ["method-not-accepted", "SUB-004"])
            try await service.activatePack([
                "signatures.yaml": certified.signatures(
                    owner.principal, identity: "other@example.org")
            ])
            #expect(
                try await service.attempt(owner, bundle) == ["identity-not-assigned", "SUB-004"])
        }
    }

    @Test func `counts only for the principal that the pack names, who must be an owner`()
        async throws
    {
        let certified = try CertifiedSigner()
        try await TestService.with { service in
            let owner = try await service.enrol([.owner])
            let deployer = try await service.enrol([.deployer])
            try await service.activatePack([
                "signatures.yaml": certified.signatures(deployer.principal)
            ])
            #expect(try await service.attempt(owner, certified.bundle()) == ["SUB-004"])
        }
    }

    struct Fault: Sendable, CustomStringConvertible {
        let description: String
        var signer = "signer"
        var root = "root"
        var seed = "one"
        let findings: Set<String>
        var issue: @Sendable (CertificateWorkshop) throws -> Void = { _ in }
        var more: @Sendable (CertificateWorkshop) throws -> String = { _ in "" }
        var pin = ""
    }

    private static let faults = [
        Fault(
            description: "another authority", root: "other", findings: ["certificate-untrusted"],
            issue: { try $0.issue("other", CertificateWorkshop.authority) }),
        Fault(
            description: "expired", signer: "old", findings: ["certificate-expired"],
            issue: {
                try $0.issue(
                    "old", by: "root", CertificateWorkshop.signer, until: "20210101000000Z")
            }),
        Fault(
            description: "not for signing code", signer: "web",
            findings: ["certificate-usage", "certificate-purpose"],
            issue: {
                try $0.issue(
                    "web", by: "root",
                    [
                        "basicConstraints=critical,CA:FALSE", "subjectKeyIdentifier=hash",
                        "keyUsage=critical,digitalSignature,keyEncipherment",
                        "extendedKeyUsage=serverAuth", "authorityKeyIdentifier=keyid",
                        "subjectAltName=email:release@example.org",
                    ])
            }),
        Fault(
            description: "revoked", findings: ["certificate-revoked"],
            more: {
                try $0.revoke("signer", by: "root", at: "260101000000Z")
                return CertifiedSigner.block("revocation_lists", try $0.list(by: "root"))
            }),
        Fault(description: "other files", seed: "two", findings: ["file-altered"]),
        Fault(
            description: "after the time of the name", findings: ["identity-not-valid-then"],
            pin: "        valid_until: \"2026-01-01T00:00:00.000Z\""),
        Fault(
            description: "before the time of the name", findings: ["identity-not-valid-then"],
            pin: "        valid_from: \"2090-01-01T00:00:00.000Z\""),
    ]

    @Test(arguments: faults)
    func `is refused, with the reason`(fault: Fault) async throws {
        let certified = try CertifiedSigner(fault.issue)
        try await TestService.with { service in
            let owner = try await service.enrol([.owner])
            try await service.activatePack([
                "signatures.yaml": certified.signatures(
                    owner.principal, root: fault.root, more: fault.more(certified.workshop),
                    pin: fault.pin)
            ])
            let found = try await service.attempt(
                owner, certified.bundle(fault.signer), files: TestService.files(fault.seed))
            #expect(found == fault.findings.union(["SUB-004"]))
            let entries = try await service.logged()
            #expect(
                entries.contains { if case .gateDenied = $0.entry.event { true } else { false } })
        }
    }

    @Test func `stays good after its certificate has expired, because the log took it before`()
        async throws
    {
        let certified = try CertifiedSigner { workshop in
            let now = TestClock().now
            try workshop.issue(
                "brief", by: "root", CertificateWorkshop.signer,
                until: Self.asn1(now.adding(seconds: 86_400)))
        }
        try await TestService.with { service in
            let team = try await service.makeTeam()
            try await service.activatePack([
                "signatures.yaml": certified.signatures(team.owner.principal)
            ])
            let submission = try service.submission(
                by: team.owner, "credit/scorecard", files: CertifiedSigner.files,
                bundle: certified.bundle("brief"))
            let version = try await service.submit(submission, by: team.owner)
            try await service.evaluate(version, by: team.reviewer)
            try await service.approve(version, by: team.validator, as: .validator)
            try await service.approve(version, by: team.officer, as: .complianceOfficer)
            service.clock.advance(days: 3)
            var answer = try await service.deploy(version, by: team.deployer)
            // The fold is level with the log again a moment after the clock was moved.
            for _ in 0..<50 where answer.denials == ["DEP-501"] {
                try await Task.sleep(for: .milliseconds(100))
                answer = try await service.deploy(version, by: team.deployer)
            }
            #expect(answer.verdict == "allow", "\(answer.denials)")
            // Nothing new can be signed with it.
            #expect(
                try await service.attempt(team.owner, certified.bundle("brief"))
                    == ["certificate-expired", "SUB-004"])
        }
    }

    @Test func `with a time stamp from before the revocation is good, and without it is not`()
        async throws
    {
        let certified = try CertifiedSigner { workshop in
            try workshop.issue(
                "clock", by: "root",
                [
                    "basicConstraints=critical,CA:FALSE", "keyUsage=critical,digitalSignature",
                    "extendedKeyUsage=critical,timeStamping", "subjectKeyIdentifier=hash",
                    "authorityKeyIdentifier=keyid",
                ])
        }
        let stamped = try certified.stamped(by: "clock")
        // Revoked a moment after the stamp.
        let later = TestClock().now.adding(seconds: 5)
        try certified.workshop.revoke("signer", by: "root", at: Self.asn1(later, years: 2))
        let list = try certified.workshop.list(by: "root", hours: 24 * 30)
        try await TestService.with { service in
            let owner = try await service.enrol([.owner])
            try await service.activatePack([
                "signatures.yaml": certified.signatures(
                    owner.principal,
                    more: [
                        CertifiedSigner.block("revocation_lists", list),
                        CertifiedSigner.block(
                            "timestamp_authorities", certified.workshop.bytes("root.crt")),
                    ].joined(separator: "\n"))
            ])
            service.clock.advance(days: 1)
            #expect(try await service.attempt(owner, stamped) == ["submitted"])
            #expect(
                try await service.attempt(owner, certified.bundle())
                    == ["certificate-revoked", "SUB-004"])
        }
    }

    /// A time as certificates write it.
    private static func asn1(_ time: Timestamp, years: Int = 4) -> String {
        let digits = time.description.prefix(19).filter { $0.isNumber }
        return String(digits.dropFirst(4 - years)) + "Z"
    }
}
