// Models signed by certificate: what a good chain looks like, and everything that makes a bad one.

import CanonicalJSON
import Cryptography
import TestSupport
import Testing

@testable import Attestation

/// A model signed by certificate, with everything that a verifier needs.
struct CertifiedModel {
    static let files = [record("a", "1"), record("b", "2")]
    static let now = UTCTime.seconds("2026-11-21T12:00:00Z") ?? 0

    let workshop: CertificateWorkshop
    var bundle: [UInt8]
    var trust: CertificateTrust

    /// Root, intermediate and signer; `change` issues other certificates before anything is signed.
    init(
        chain: [String] = ["signer", "middle"],
        _ change: (CertificateWorkshop) throws -> Void = { _ in }
    ) throws {
        let workshop = try CertificateWorkshop()
        self.workshop = workshop
        try workshop.issue("root", CertificateWorkshop.authority)
        try workshop.issue(
            "middle", by: "root", CertificateWorkshop.authority + ["authorityKeyIdentifier=keyid"])
        try workshop.issue("signer", by: "middle", CertificateWorkshop.signer)
        try change(workshop)
        let statement = try ModelSignature.statement(name: "m", files: Self.files)
        let key = try PrivateKey(pem: workshop.bytes("signer.key"))
        bundle = try ModelSignature.sign(
            statement, with: key, certificates: chain.flatMap { try Self.read($0, workshop) })
        trust = CertificateTrust(
            anchors: try Self.read("root", workshop), identity: "release@example.org",
            now: Self.now)
    }

    static func read(_ name: String, _ workshop: CertificateWorkshop) throws -> [Certificate] {
        try Certificate.all(pem: workshop.bytes("\(name).crt"))
    }

    func verdict(_ files: [FileRecord] = Self.files) -> ModelSignatureVerdict {
        ModelSignature.verify(
            bundle: bundle, trust: .certificate(trust), model: ObservedModel(files: files))
    }

    var codes: Set<AttestationFinding.Code> { Set(verdict().findings.codes) }

    /// The same bundle with other certificates or time stamps.
    mutating func replace(
        chain: [[UInt8]]? = nil, timestamps: [[UInt8]]? = nil
    ) throws {
        let old = try SigstoreBundle(parsing: bundle)
        bundle =
            SigstoreBundle(
                envelope: old.envelope,
                material: chain.map { .certificateChain($0) } ?? old.material,
                timestamps: timestamps ?? old.timestamps
            ).bytes
    }

    var signature: [UInt8] {
        get throws { try SigstoreBundle(parsing: bundle).envelope.signatures[0].bytes }
    }
}

@Suite struct `A model signed by certificate` {
    @Test func `verifies below the root that the caller brings, for the identity asked for`() throws
    {
        let model = try CertifiedModel()
        let verdict = model.verdict()
        #expect(verdict.findings == [])
        #expect(verdict.signature?.certified?.identity == "release@example.org")
        #expect(verdict.signature?.certified?.issuer == "CN=middle")
        #expect(verdict.signature?.certified?.isRevocationKnown == false)
        #expect(
            model.verdict([record("a", "1"), record("b", "X")]).findings.codes == [.fileAltered])
    }

    @Test func `is not anybody else's`() throws {
        var model = try CertifiedModel()
        for other in ["release@example.org ", "RELEASE@example.org", "other@example.org", ""] {
            model.trust.identity = other
            #expect(model.codes == [.identityMismatch])
        }
        // A common name is no identity, but in the profile of the signers in circulation.
        model.trust.identity = "CN=signer"
        #expect(model.codes == [.identityMismatch])
        model.trust.profile = .omsCompat
        #expect(model.codes == [])
    }

    @Test func `is refused by a verifier who trusts a key, and by certificate when it is by key`()
        throws
    {
        var model = try CertifiedModel()
        let key = try PrivateKey(pem: model.workshop.bytes("signer.key"))
        let files = ObservedModel(files: CertifiedModel.files)
        #expect(
            ModelSignature.verify(bundle: model.bundle, key: key.publicKey, model: files)
                .findings.codes == [.unsupportedMethod])
        model.bundle = try ModelSignature.sign(
            ModelSignature.statement(name: "m", files: CertifiedModel.files), with: key)
        #expect(model.codes == [.methodMismatch])
    }

    struct Fault: CustomStringConvertible, Sendable {
        let description: String
        let codes: Set<AttestationFinding.Code>
        var compat: Set<AttestationFinding.Code>?
        let change: @Sendable (CertificateWorkshop) throws -> Void
    }

    private static func signer(
        without prefix: String, plus: [String] = []
    ) -> @Sendable (CertificateWorkshop) throws -> Void {
        { workshop in
            try workshop.issue(
                "signer", by: "middle",
                CertificateWorkshop.signer.filter { !$0.hasPrefix(prefix) } + plus)
        }
    }

    static let faults: [Fault] = [
        Fault(description: "has expired", codes: [.certificateExpired]) {
            try $0.issue(
                "signer", by: "middle", CertificateWorkshop.signer, until: "20200102000000Z")
        },
        Fault(description: "is of the future", codes: [.certificateNotYetValid]) {
            try $0.issue(
                "signer", by: "middle", CertificateWorkshop.signer, from: "20380101000000Z")
        },
        Fault(
            description: "is for TLS servers", codes: [.certificatePurpose], compat: [],
            change: signer(without: "extendedKeyUsage", plus: ["extendedKeyUsage=serverAuth"])),
        Fault(
            description: "is for code and clients", codes: [.certificatePurpose], compat: [],
            change: signer(
                without: "extendedKeyUsage", plus: ["extendedKeyUsage=codeSigning,clientAuth"])),
        Fault(
            description: "has no purpose", codes: [.certificatePurpose], compat: [],
            change: signer(without: "extendedKeyUsage")),
        Fault(
            description: "has no key usage", codes: [.certificateUsage], compat: [],
            change: signer(without: "keyUsage")),
        Fault(
            description: "has a key usage that nobody must heed", codes: [.certificateUsage],
            compat: [],
            change: signer(without: "keyUsage", plus: ["keyUsage=digitalSignature"])),
        Fault(
            description: "is for encryption too", codes: [.certificateUsage], compat: [],
            change: signer(
                without: "keyUsage", plus: ["keyUsage=critical,digitalSignature,keyEncipherment"])),
        Fault(
            description: "is for nothing that counts",
            codes: [.certificateUsage, .certificatePurpose], compat: [.certificateUsage],
            change: { workshop in
                try workshop.issue(
                    "signer", by: "middle",
                    [
                        "keyUsage=critical,keyAgreement", "subjectKeyIdentifier=hash",
                        "authorityKeyIdentifier=keyid", "subjectAltName=email:release@example.org",
                    ])
            }),
        Fault(
            description: "is an authority's", codes: [.signerIsAuthority, .certificateUsage],
            compat: []
        ) {
            try $0.issue(
                "signer", by: "middle",
                CertificateWorkshop.signer.filter {
                    !$0.hasPrefix("basic") && !$0.hasPrefix("keyU")
                }
                    + [
                        "basicConstraints=critical,CA:TRUE",
                        "keyUsage=critical,digitalSignature,keyCertSign",
                    ])
        },
        Fault(description: "is below one that is no authority", codes: [.issuerNoAuthority]) {
            try $0.issue("middle", by: "root", CertificateWorkshop.signer)
            try $0.issue("signer", by: "middle", CertificateWorkshop.signer)
        },
        Fault(description: "is below another root", codes: [.certificateUntrusted]) {
            try $0.issue("root", CertificateWorkshop.authority)
        },
        Fault(description: "is signed with SHA-1", codes: [.certificateWeak]) {
            try $0.issue("signer", by: "middle", CertificateWorkshop.signer, digest: "sha1")
        },
        Fault(description: "is below a short RSA key", codes: [.certificateWeak]) {
            try $0.issue(
                "middle", by: "root",
                CertificateWorkshop.authority + ["authorityKeyIdentifier=keyid"],
                key: ["RSA", "-pkeyopt", "rsa_keygen_bits:1024"])
            try $0.issue("signer", by: "middle", CertificateWorkshop.signer)
        },
        Fault(description: "is too deep", codes: [.certificatePathLength]) {
            try $0.issue(
                "root",
                CertificateWorkshop.authority.dropFirst() + [
                    "basicConstraints=critical,CA:TRUE,pathlen:0"
                ])
            try $0.issue(
                "middle", by: "root",
                CertificateWorkshop.authority + ["authorityKeyIdentifier=keyid"])
            try $0.issue("signer", by: "middle", CertificateWorkshop.signer)
        },
        Fault(description: "must be understood and is not", codes: [.certificatePathInvalid]) {
            try $0.issue(
                "signer", by: "middle",
                CertificateWorkshop.signer + ["1.2.3.4=critical,ASN1:UTF8String:x"])
        },
    ]

    @Test(arguments: faults)
    func `is refused when the certificate`(_ fault: Fault) throws {
        var model = try CertifiedModel(fault.change)
        #expect(fault.codes.isSubset(of: model.codes), "\(model.verdict().findings)")
        if fault.codes.isDisjoint(with: [.certificateUntrusted, .issuerNoAuthority]) {
            #expect(model.codes == fault.codes, "\(model.verdict().findings)")
        }
        model.trust.profile = .omsCompat
        let compat = fault.compat ?? fault.codes
        #expect(compat.isSubset(of: model.codes), "\(model.verdict().findings)")
        #expect(compat.isEmpty == model.codes.isEmpty, "\(model.verdict().findings)")
    }

    @Test func `is refused when its bundle lacks the issuer or brings the root`() throws {
        #expect(try CertifiedModel(chain: ["signer"]).codes == [.certificateUntrusted])
        #expect(try CertifiedModel(chain: ["signer", "middle", "root"]).codes == [.anchorInBundle])
    }

    @Test func `is refused when the trust file holds an intermediate and no root`() throws {
        var model = try CertifiedModel()
        model.trust.anchors = try CertifiedModel.read("middle", model.workshop)
        #expect(model.codes.contains(.certificateUntrusted))
    }

    @Test func `is refused when any byte of the certificate is changed`() throws {
        let model = try CertifiedModel()
        guard case .certificateChain(let chain) = try SigstoreBundle(parsing: model.bundle).material
        else { return }
        for index in stride(from: 0, to: chain[0].count, by: 3) {
            var changed = model
            var leaf = chain[0]
            leaf[index] ^= 1
            try changed.replace(chain: [leaf, chain[1]])
            #expect(!changed.codes.isEmpty, "byte \(index)")
        }
    }

    @Test func `is not made with the certificate of another key`() throws {
        let model = try CertifiedModel()
        let statement = try ModelSignature.statement(name: "m", files: CertifiedModel.files)
        #expect(throws: CryptographyError.self) {
            try ModelSignature.sign(
                statement, with: PrivateKey.generate(.ecdsaP256),
                certificates: CertifiedModel.read("signer", model.workshop))
        }
    }
}

@Suite struct `A revoked certificate` {
    static func lists(
        _ model: CertifiedModel, revoked: String? = nil, hours: Int = 24
    ) throws -> [RevocationList] {
        if let revoked { try model.workshop.revoke("signer", by: "middle", at: revoked) }
        return try ["root", "middle"].flatMap {
            try RevocationList.all(pem: model.workshop.list(by: $0, hours: hours))
        }
    }

    static func now() throws -> Int64 {
        let ran = try Peers.run(["date", "+%s"])
        return Int64(ran.output.dropLast()) ?? 0
    }

    @Test func `is refused, and one that is not revoked is known to be good`() throws {
        var model = try CertifiedModel()
        model.trust.now = try Self.now() + 1
        model.trust.revocationLists = try Self.lists(model)
        #expect(model.codes == [])
        #expect(model.verdict().signature?.certified?.isRevocationKnown == true)
        model.trust.revocationLists = try Self.lists(model, revoked: "200601000000Z")
        #expect(model.codes == [.certificateRevoked])
    }

    @Test func `is unknown when a list is missing, out of date, or another's`() throws {
        var model = try CertifiedModel()
        let now = try Self.now()
        let lists = try Self.lists(model)
        model.trust.now = now + 1
        model.trust.revocationLists = [lists[0]]
        #expect(model.codes == [.revocationUnknown])
        model.trust.revocationLists = lists
        model.trust.now = now + 100_000
        #expect(model.codes == [.revocationUnknown])
        model.trust.now = now - 100_000
        #expect(model.codes == [.revocationUnknown])
        let other = try CertifiedModel()
        model.trust.now = now + 1
        model.trust.revocationLists = [lists[0], try Self.lists(other)[1]]
        #expect(model.codes == [.revocationUnknown])
    }
}

@Suite struct `A time stamp` {
    static let authority = [
        "basicConstraints=critical,CA:FALSE", "keyUsage=critical,digitalSignature",
        "extendedKeyUsage=critical,timeStamping", "subjectKeyIdentifier=hash",
        "authorityKeyIdentifier=keyid",
    ]

    static func scene() throws -> CertifiedModel {
        var model = try CertifiedModel { workshop in
            try workshop.issue("clock-root", CertificateWorkshop.authority)
            try workshop.issue("clock", by: "clock-root", authority)
            try workshop.issue(
                "signer", by: "middle", CertificateWorkshop.signer, until: "20300101000000Z")
        }
        try model.replace(timestamps: [model.workshop.stamp(model.signature, by: "clock")])
        model.trust.timestampAnchors = try CertifiedModel.read("clock-root", model.workshop)
        return model
    }

    @Test func `keeps a signature valid when its certificate has expired since`() throws {
        var model = try Self.scene()
        model.trust.now = UTCTime.seconds("2050-01-01T00:00:00Z") ?? 0
        #expect(model.codes == [])
        #expect(model.verdict().signature?.certified?.times.count == 1)
        // Without trust in its authority it says nothing.
        model.trust.timestampAnchors = []
        #expect(model.codes == [.certificateExpired])
    }

    @Test func `keeps a signature valid when its certificate was revoked later, not before`() throws
    {
        var model = try Self.scene()
        let now = try `A revoked certificate`.now()
        model.trust.now = now + 1
        model.trust.revocationLists = try `A revoked certificate`.lists(
            model, revoked: "290101000000Z")
        #expect(model.codes == [])
        model.trust.revocationLists = try `A revoked certificate`.lists(
            model, revoked: "200101000000Z")
        #expect(model.codes == [.certificateRevoked])
    }

    @Test func `is refused of another signature, another authority, and when it is changed`() throws
    {
        var model = try Self.scene()
        let good = try SigstoreBundle(parsing: model.bundle).timestamps[0]
        try model.replace(timestamps: [model.workshop.stamp([1, 2, 3], by: "clock")])
        #expect(model.codes == [.timestampInvalid])
        try model.replace(timestamps: [good])
        let anchors = model.trust.timestampAnchors
        model.trust.timestampAnchors = try CertifiedModel.read("root", model.workshop)
        #expect(model.codes == [.timestampInvalid])
        model.trust.timestampAnchors = anchors
        for index in stride(from: 0, to: good.count, by: 41) {
            var changed = good
            changed[index] ^= 1
            try model.replace(timestamps: [changed])
            let codes = model.codes
            // Some bytes (unsigned attributes, the status text) are nobody's word.
            #expect(codes == [] || codes == [.timestampInvalid], "byte \(index): \(codes)")
        }
        try model.replace(timestamps: [[], Array(good.dropLast())])
        #expect(model.codes == [.timestampInvalid])
    }
}

@Suite(.enabled(if: Fixtures.arePresent, "skipped: shared/fixtures is not there"))
struct `Models that model-signing signed by certificate` {
    @Test(arguments: ["v1.0.0-certificate", "v1.1.0-certificate"])
    func `verify under the profile of their kind, and not under the strict one`(
        name: String
    ) throws {
        let bundle = Fixtures.bytes("oms/\(name)/model.sig")
        let model = ObservedModel(
            files: ["signme-1", "signme-2"].map { Fixtures.record("oms/\(name)/\($0)", as: $0) })
        var trust = CertificateTrust(
            anchors: try Certificate.all(pem: Fixtures.bytes("oms/keys/ca-cert.pem")),
            identity: "CN=intermediate-ca", profile: .omsCompat, now: CertifiedModel.now)
        func codes() -> Set<AttestationFinding.Code> {
            Set(
                ModelSignature.verify(bundle: bundle, trust: .certificate(trust), model: model)
                    .findings.codes)
        }
        #expect(codes() == [])
        trust.identity = "CN=somebody"
        #expect(codes() == [.identityMismatch])
        trust.identity = "CN=intermediate-ca"
        trust.now = UTCTime.seconds("2036-01-01T00:00:00Z") ?? 0
        #expect(codes() == [.certificateExpired])
        trust.now = CertifiedModel.now
        trust.profile = .strict
        #expect(codes() == [.signerIsAuthority, .identityMismatch])
    }
}

@Suite struct `A time of a foreign document` {
    @Test(
        arguments: [
            ("1970-01-01T00:00:00Z", Int64(0)), ("2021-01-12T11:53:27Z", 1_610_452_407),
            ("2024-02-29T23:59:59Z", 1_709_251_199), ("2022-10-20T00:00:00.000Z", 1_666_224_000),
            ("9999-12-31T23:59:59Z", 253_402_300_799),
        ])
    func `is read and written`(text: String, seconds: Int64) {
        #expect(UTCTime.seconds(text) == seconds)
        #expect(UTCTime.text(seconds) == text.prefix(19) + "Z")
    }

    @Test(
        arguments: [
            "", "2021-01-12", "2021-01-12T11:53:27", "2021-01-12T11:53:27+00:00",
            "2021-02-29T00:00:00Z", "2021-13-01T00:00:00Z", "2021-01-12T24:00:00Z",
            "2021-01-12T11:53:27.Z", "2021-01-12t11:53:27Z", "+021-01-12T11:53:27Z",
        ])
    func `is refused in any other form`(text: String) {
        #expect(UTCTime.seconds(text) == nil)
    }
}
