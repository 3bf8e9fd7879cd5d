// An authority, those whom it certifies, and packs that trust it.

import Attestation
import CanonicalJSON
import Cryptography
import Governance
import Registry
import TestSupport

/// An authority of a test, what it issued, and packs that trust it.
struct CertifiedSigner {
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
    func signatureFact(_ outcome: Registry.Outcome) async throws -> JSON {
        guard let recorded = outcome.recorded.entry.event.decision else { return .null }
        let facts = try await document(recorded.facts)
        return try JSON(parsing: facts)["artifact"]?["signature"] ?? .null
    }

    /// Submits; "submitted", or the findings of the signature and the rules that deny.
    func attempt(
        _ owner: TestPerson, _ bundle: [UInt8], files: [FileRecord] = CertifiedSigner.files
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
