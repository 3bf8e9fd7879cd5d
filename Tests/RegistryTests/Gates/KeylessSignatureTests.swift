// Artifacts signed without a key of one's own: whom the pack names, as its issuer confirmed it, and nobody
// else.

import Attestation
import CanonicalJSON
import Cryptography
import Governance
import Registry
import TestSupport
import Testing

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
        \(CertifiedSigner.indented(root))
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
            var members = try #require(JSON(parsing: root).object)
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
