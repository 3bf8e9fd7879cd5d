// Artifacts signed by certificate: whom the pack names may, and nobody else, for as long as the
// certificate was good.

import Attestation
import CanonicalJSON
import Cryptography
import Governance
import Registry
import TestSupport
import Testing

/// An authority of a test, what it issued, and packs that trust it.
private struct Certified {
    static let files = TestService.files("one")
    static let identity = "release@example.org"

    let workshop: CertificateWorkshop

    /// Root and signer; `change` issues other certificates.
    init(_ change: (CertificateWorkshop) throws -> Void = { _ in }) throws {
        workshop = try CertificateWorkshop()
        try workshop.issue("root", CertificateWorkshop.authority)
        try workshop.issue("signer", by: "root", CertificateWorkshop.signer)
        try change(workshop)
    }

    func bundle(_ signer: String = "signer", files: [FileRecord] = files) throws -> [UInt8] {
        try ModelSignature.sign(
            ModelSignature.statement(name: "scorecard", files: files),
            with: PrivateKey(pem: workshop.bytes("\(signer).key")),
            certificates: Certificate.all(pem: workshop.bytes("\(signer).crt")))
    }

    /// The signer's bundle with a time stamp.
    func stamped(_ signer: String = "signer", by authority: String) throws -> [UInt8] {
        let bundle = try SigstoreBundle(parsing: bundle(signer))
        let stamp = try workshop.stamp(bundle.envelope.signatures[0].bytes, by: authority)
        return SigstoreBundle(
            envelope: bundle.envelope, material: bundle.material, timestamps: [stamp]
        ).bytes
    }

    /// The pack's file, with the authority's certificate and who may be certified.
    func signatures(
        _ principal: PrincipalID, identity: String = identity, root: String = "root",
        more: String = "", pin: String = ""
    ) -> String {
        """
        trusts:
          - name: release-ca
            method: certificate
            authorities: |
        \(Self.indented(workshop.bytes("\(root).crt")))
        \(more)
            identities:
              - identity: \(identity)
                principal: \(principal)
        \(pin)
        """
    }

    static func block(_ name: String, _ pem: [UInt8]) -> String {
        "    \(name): |\n\(indented(pem))"
    }

    static func indented(_ pem: [UInt8]) -> String {
        String(decoding: pem, as: UTF8.self).split(separator: "\n").map { "      \($0)" }
            .joined(separator: "\n")
    }
}

extension TestService {
    /// The artifact's signature as a decision's facts have it.
    fileprivate func signatureFact(_ outcome: Registry.Outcome) async throws -> JSON {
        guard let recorded = outcome.recorded.entry.event.decision else { return .null }
        let facts = try await document(recorded.facts)
        return try JSON(parsing: facts)["artifact"]?["signature"] ?? .null
    }

    /// Submits; "submitted", or the findings of the signature and the rules that deny.
    fileprivate func attempt(
        _ owner: TestPerson, _ bundle: [UInt8], files: [FileRecord] = Certified.files
    ) async throws -> Set<String> {
        let submission = try submission(
            by: owner, "credit/scorecard", files: files, bundle: bundle)
        do {
            try await submit(submission, by: owner)
            return ["submitted"]
        } catch let refusal as Refusal {
            return Set(refusal.findings.map(\.code))
        }
    }
}

@Suite struct `An artifact signed by certificate` {
    @Test func `is submitted, approved and deployed when the pack names who signed`() async throws {
        let certified = try Certified()
        try await TestService.with { service in
            let team = try await service.makeTeam()
            let changes = ["signatures.yaml": certified.signatures(team.owner.principal)]
            try await service.activatePack(changes)
            let pack = try PolicyPack.parse(TestService.packFiles(changes))
            let version = try await service.submit(
                service.submission(
                    by: team.owner, "credit/scorecard", files: Certified.files,
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
        let certified = try Certified()
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
        let certified = try Certified()
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
                return Certified.block("revocation_lists", try $0.list(by: "root"))
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
        let certified = try Certified(fault.issue)
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
        let certified = try Certified { workshop in
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
                by: team.owner, "credit/scorecard", files: Certified.files,
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
        let certified = try Certified { workshop in
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
                        Certified.block("revocation_lists", list),
                        Certified.block(
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

@Suite(
    .enabled(
        if: Peers.sigstoreRoot != nil && Fixtures.has("oms/v1.1.0-sigstore/model.sig"),
        "skipped: no shared/fixtures, or no Python package sigstore"))
struct `An artifact signed keyless` {
    static let identity = "stefanb@us.ibm.com"
    static let issuer = "https://sigstore.verify.ibm.com/oauth2"

    private func signatures(
        _ principal: PrincipalID, issuer: String = issuer, root: [UInt8]
    ) -> String {
        """
        trusts:
          - name: public-sigstore
            method: sigstore
            trusted_root: |
        \(Certified.indented(root))
            identities:
              - identity: \(Self.identity)
                issuer: \(issuer)
                principal: \(principal)
        """
    }

    private func files(altered: Bool = false) throws -> [FileRecord] {
        try ["signme-1", "signme-2"].map { name in
            let bytes = try Fixtures.bytes("oms/v1.1.0-sigstore/\(name)") + (altered ? [0x0A] : [])
            return FileRecord(path: name, size: Int64(bytes.count), sha256: SHA256.hash(bytes))
        }
    }

    @Test func `is submitted when the pack names identity and issuer`() async throws {
        let root = try #require(Peers.sigstoreRoot)
        let bundle = try Fixtures.bytes("oms/v1.1.0-sigstore/model.sig")
        try await TestService.with { service in
            let owner = try await service.enrol([.owner])
            try await service.activatePack([
                "signatures.yaml": signatures(owner.principal, root: root)
            ])
            let submission = try service.submission(
                by: owner, "credit/scorecard", files: files(), bundle: bundle)
            let outcome = try await service.registry.submit(submission, service.request(owner))
            let fact = try await service.signatureFact(outcome)
            #expect(fact["method"] == "sigstore")
            #expect(fact["identity"]?.string == Self.identity)
            #expect(fact["issuer"]?.string == Self.issuer)
            #expect(fact["timeSource"] == "stamp")
            #expect(fact["trust"] == "public-sigstore")
            #expect(
                try await service.attempt(owner, bundle, files: files(altered: true))
                    == ["file-altered", "SUB-004"])
        }
    }

    @Test func `is refused from another issuer, and under a root that does not know the log`()
        async throws
    {
        let root = try #require(Peers.sigstoreRoot)
        let bundle = try Fixtures.bytes("oms/v1.1.0-sigstore/model.sig")
        try await TestService.with { service in
            let owner = try await service.enrol([.owner])
            let first = try await service.activatePack([
                "signatures.yaml": signatures(
                    owner.principal, issuer: "https://issuer.example.org", root: root)
            ])
            let files = try files()
            #expect(
                try await service.attempt(owner, bundle, files: files)
                    == ["issuer-mismatch", "SUB-004"])
            guard var members = try JSON(parsing: root).object else { return }
            members["tlogs"] = []
            try await service.activatePack(
                version: 3, after: first,
                [
                    "signatures.yaml": signatures(
                        owner.principal, root: JSON.object(members).canonicalBytes)
                ])
            #expect(
                try await service.attempt(owner, bundle, files: files).isSuperset(of: [
                    "log-untrusted", "SUB-004",
                ]))
        }
    }
}
