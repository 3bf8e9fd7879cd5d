// Keyless signatures verified offline: the bundles of the public sigstore conformance suite, and
// models that were really signed so, with everything that can be wrong with them.
//
// The trusted root of the public instance comes with the Python package `sigstore`, where it is
// installed.

import CanonicalJSON
import Cryptography
import Foundation
import TestSupport
import Testing
import TransparencyLog

@testable import Attestation

enum Sigstore {
    static let beacon =
        "https://github.com/sigstore-conformance/extremely-dangerous-public-oidc-beacon/.github"
        + "/workflows/extremely-dangerous-oidc-beacon.yml@refs/heads/main"
    static let actions = "https://token.actions.githubusercontent.com"

    static let publicRoot = Peers.sigstoreRoot

    static let arePresent = Fixtures.arePresent && publicRoot != nil
    static let hint: Comment = "skipped: no shared/fixtures, or no Python package sigstore"

    static func text(_ path: String) -> String {
        String(decoding: Fixtures.bytes(path), as: UTF8.self)
            .trimmingCharacters(in: .whitespacesAndNewlines)
    }
}

@Suite(.enabled(if: Sigstore.arePresent, Sigstore.hint))
struct `The bundles of the sigstore conformance suite` {
    static let accepted = [
        "happy-path-v0.1", "happy-path-v0.3-new-mediaType", "intoto-with-custom-trust-root",
        "rekor2-checkpoint-multiple-cosigs", "rekor2-checkpoint-origin-not-first",
        "rekor2-checkpoint-two-sigs-from-origin", "rekor2-timestamp-with-expired-cert-chain",
        "rekor2-timestamp-without-embedded-cert", "trust-root-tlog-validity-end-inclusive",
    ]

    static let refused: [(String, Set<AttestationFinding.Code>)] = [
        ("bundle-empty-certificate-chain_fail", [.malformed]),
        ("bundle-invalid-base64-signature_fail", [.malformed]),
        ("bundle-negative-log-index_fail", [.malformed]),
        // Its proof has no checkpoint either, which is found first.
        ("bundle-with-root-cert_fail", [.malformed]),
        ("checkpoint-bad-keyhint_fail", [.checkpointInvalid]),
        ("dsse-invalid-sig_fail", [.signatureInvalid, .logEntryMismatch]),
        ("dsse-mismatch-sig_fail", [.logEntryMismatch]),
        ("inclusion-proof-corrupted-hash_fail", [.notInLog]),
        ("integrated-time-in-future_fail", [.certificateExpired]),
        ("intoto-log-entry-mismatch_fail", [.logEntryMismatch]),
        ("intoto-set-outside-signing-cert-validity_fail", [.certificateExpired]),
        ("invalid-ct-key_fail", [.sctInvalid]),
        ("managed-key-no-key_fail", [.methodMismatch]),
        ("message-digest-mismatch_fail", [.artifactMismatch]),
        ("rekor2-checkpoint-missing-log-signature_fail", [.checkpointInvalid]),
        ("rekor2-checkpoint-missing-root-hash_fail", [.notInLog]),
        ("rekor2-dsse-invalid-sig_fail", [.signatureInvalid, .logEntryMismatch]),
        ("rekor2-dsse-mismatch-sig_fail", [.logEntryMismatch]),
        ("rekor2-no-inclusion-proof_fail", [.notInLog]),
        (
            "rekor2-timestamp-outside-trust-root-tsa-validity_fail",
            [.timestampInvalid, .timeMissing]
        ),
        ("rekor2-timestamp-payload-mismatch_fail", [.timestampInvalid, .timeMissing]),
        (
            "rekor2-timestamp-untrusted-tsa-without-embedded-cert_fail",
            [.timestampInvalid, .timeMissing]
        ),
        ("signature-mismatch_fail", [.signatureInvalid, .logEntryMismatch]),
        ("wrong-hashedrekord-artifact_fail", [.logEntryMismatch]),
        ("wrong-hashedrekord-entry_fail", [.logEntryMismatch]),
    ]

    static func codes(_ name: String) throws -> Set<AttestationFinding.Code> {
        let folder = "sigstore-bundles/\(name)"
        let own = Fixtures.bytes("\(folder)/artifact")
        let artifact =
            own.isEmpty ? Fixtures.bytes("sigstore-bundles/a.txt") : own
        let root = Fixtures.bytes("\(folder)/trusted_root.json")
        let identity = Sigstore.text("\(folder)/identity")
        let issuer = Sigstore.text("\(folder)/issuer")
        let trust = SigstoreTrust(
            root: try SigstoreTrustRoot(
                parsing: root.isEmpty ? #require(Sigstore.publicRoot) : root),
            identity: identity.isEmpty ? Sigstore.beacon : identity,
            issuer: issuer.isEmpty ? Sigstore.actions : issuer)
        let bundle = Fixtures.bytes("\(folder)/bundle.sigstore.json")
        let verdict = FileSignature.verify(
            bundle: bundle, file: .bytes(artifact), trust: .sigstore(trust), wanted: .any)
        return Set(verdict.findings.codes)
    }

    @Test(arguments: accepted)
    func `that are good are accepted`(name: String) throws {
        #expect(try Self.codes(name) == [])
    }

    @Test(arguments: refused)
    func `that are bad are refused, for the reason they were made for`(
        name: String, codes: Set<AttestationFinding.Code>
    ) throws {
        let found = try Self.codes(name)
        #expect(!found.isEmpty && codes.isSubset(of: found), "\(found)")
    }
}

/// A model that somebody really signed keyless, and what might have been done to it.
struct KeylessModel {
    static let names = ["v1.0.0-sigstore", "v1.1.0-sigstore"]

    var bundle: SigstoreBundle
    var trust: SigstoreTrust
    let model: ObservedModel

    init(_ name: String = "v1.1.0-sigstore") throws {
        bundle = try SigstoreBundle(
            parsing: Fixtures.bytes("oms/\(name)/model.sig"))
        trust = SigstoreTrust(
            root: try SigstoreTrustRoot(parsing: #require(Sigstore.publicRoot)),
            identity: "stefanb@us.ibm.com", issuer: "https://sigstore.verify.ibm.com/oauth2")
        model = ObservedModel(
            files: ["signme-1", "signme-2"].map {
                Fixtures.record("oms/\(name)/\($0)", as: $0)
            })
    }

    var verdict: ModelSignatureVerdict {
        ModelSignature.verify(bundle: bundle.bytes, trust: .sigstore(trust), model: model)
    }

    var codes: Set<AttestationFinding.Code> { Set(verdict.findings.codes) }

    mutating func replace(
        material: SigstoreBundle.Material? = nil, entries: [TransparencyLogEntry]? = nil,
        timestamps: [[UInt8]]? = nil
    ) {
        bundle = SigstoreBundle(
            envelope: bundle.envelope, material: material ?? bundle.material,
            logEntries: entries ?? bundle.logEntries, timestamps: timestamps ?? bundle.timestamps)
    }

    /// The entry with one thing changed.
    func entry(
        time: Int64? = nil, promise: [UInt8]? = nil, keepsPromise: Bool = true,
        proof: TransparencyLogEntry.InclusionProof? = nil, keepsProof: Bool = true,
        body: [UInt8]? = nil, log: [UInt8]? = nil
    ) -> TransparencyLogEntry {
        let old = bundle.logEntries[0]
        return TransparencyLogEntry(
            logIndex: old.logIndex, logKeyID: log ?? old.logKeyID, kind: old.kind,
            version: old.version, integratedTimeSeconds: time ?? old.integratedTimeSeconds,
            signedEntryTimestamp: keepsPromise ? promise ?? old.signedEntryTimestamp : nil,
            inclusionProof: keepsProof ? proof ?? old.inclusionProof : nil,
            canonicalizedBody: body ?? old.canonicalizedBody)
    }

    /// The trust root with one member of its file replaced.
    mutating func withRoot(_ member: String, _ value: JSON) throws {
        guard var members = try JSON(parsing: #require(Sigstore.publicRoot)).object else { return }
        members[member] = value
        trust.root = try SigstoreTrustRoot(parsing: JSON.object(members).canonicalBytes)
    }
}

@Suite(.enabled(if: Sigstore.arePresent, Sigstore.hint))
struct `A model signed keyless` {
    @Test(arguments: KeylessModel.names)
    func `verifies offline, years after its certificate has expired`(name: String) throws {
        let model = try KeylessModel(name)
        #expect(model.verdict.findings == [])
        let signer = model.verdict.signature?.certified
        #expect(signer?.identity == "stefanb@us.ibm.com")
        #expect(signer?.times.isEmpty == false)
    }

    @Test func `is nobody else's, and not confirmed by anybody else`() throws {
        var model = try KeylessModel()
        model.trust.identity = "somebody@us.ibm.com"
        #expect(model.codes == [.identityMismatch])
        model = try KeylessModel()
        model.trust.issuer = "https://accounts.google.com"
        #expect(model.codes == [.issuerMismatch])
    }

    @Test func `is refused without its log entry, or with two`() throws {
        var model = try KeylessModel()
        model.replace(entries: [])
        #expect(model.codes.contains(.logEntryCount))
        model = try KeylessModel()
        model.replace(entries: [model.entry(), model.entry()])
        #expect(model.codes.contains(.logEntryCount))
    }

    @Test func `is refused with a log entry of another signature`() throws {
        var model = try KeylessModel()
        model.replace(entries: try KeylessModel("v1.0.0-sigstore").bundle.logEntries)
        #expect(model.codes.contains(.logEntryMismatch))
    }

    @Test func `is refused when the log's promise is changed or is of another time`() throws {
        var model = try KeylessModel()
        var promise = model.bundle.logEntries[0].signedEntryTimestamp ?? []
        promise[promise.count - 1] ^= 1
        model.replace(entries: [model.entry(promise: promise)])
        #expect(model.codes == [.promiseInvalid])
        model = try KeylessModel()
        let time = model.bundle.logEntries[0].integratedTimeSeconds ?? 0
        model.replace(entries: [model.entry(time: time + 1)])
        #expect(model.codes == [.promiseInvalid])
    }

    @Test func `is refused without a proof, and when proof or checkpoint are changed`() throws {
        var model = try KeylessModel()
        let proof = try #require(model.bundle.logEntries[0].inclusionProof)
        model.replace(entries: [model.entry(keepsProof: false)])
        #expect(model.codes == [.notInLog])
        var hashes = proof.proof.hashes
        hashes[3] = SHA256.hash("x")
        model.replace(entries: [
            model.entry(
                proof: .init(
                    proof: .init(
                        index: proof.proof.index, treeSize: proof.proof.treeSize, hashes: hashes),
                    rootHash: proof.rootHash, checkpoint: proof.checkpoint))
        ])
        #expect(model.codes == [.notInLog])
        // A checkpoint that is nobody's word: its text is as it was, its signature is not.
        model.replace(entries: [
            model.entry(
                proof: .init(
                    proof: proof.proof, rootHash: proof.rootHash,
                    checkpoint: proof.checkpoint.replacingOccurrences(
                        of: "rekor.sigstore.dev - ", with: "rekor.sigstore.dev + ")))
        ])
        #expect(model.codes == [.checkpointInvalid])
    }

    @Test func `has its time from a time stamp or from the log, and needs one of them`() throws {
        var model = try KeylessModel()
        let stamps = model.bundle.timestamps
        model.replace(timestamps: [])
        #expect(model.codes == [])
        model.replace(entries: [model.entry(keepsPromise: false)], timestamps: stamps)
        #expect(model.codes == [])
        model.replace(timestamps: [])
        #expect(model.codes.contains(.timeMissing))
        var changed = stamps[0]
        changed[changed.count - 1] ^= 1
        model.replace(timestamps: [changed])
        #expect(model.codes.isSuperset(of: [.timestampInvalid, .timeMissing]))
        model.replace(timestamps: stamps + stamps)
        #expect(model.codes == [.timestampInvalid])
    }

    @Test(
        arguments: [
            ("tlogs", AttestationFinding.Code.logUntrusted), ("ctlogs", .sctInvalid),
            ("certificateAuthorities", .certificateUntrusted),
        ])
    func `is refused by a trusted root without its authorities`(
        member: String, code: AttestationFinding.Code
    ) throws {
        var model = try KeylessModel()
        try model.withRoot(member, [])
        #expect(model.codes.contains(code), "\(model.codes)")
    }

    @Test func `is refused with another certificate, or one that is changed`() throws {
        var model = try KeylessModel()
        let other = try KeylessModel("v1.0.0-sigstore").bundle.material
        let good = model.bundle.material
        model.replace(material: other)
        #expect(model.codes.isSuperset(of: [.logEntryMismatch, .signatureInvalid]))
        guard case .certificate(let leaf) = good else { return }
        let root = model.trust.root.certificateAuthorities[0].anchors[0].der
        model.replace(material: .certificateChain([leaf, root]))
        #expect(model.codes == [.anchorInBundle])
        for index in stride(from: 0, to: leaf.count, by: 5) {
            var changed = leaf
            changed[index] ^= 1
            model.replace(material: .certificate(changed))
            #expect(!model.codes.isEmpty, "byte \(index)")
        }
    }

    @Test func `is refused by a verifier who trusts other methods`() throws {
        let model = try KeylessModel()
        let trust = CertificateTrust(
            anchors: [], identity: "stefanb@us.ibm.com", now: CertifiedModel.now)
        #expect(
            ModelSignature.verify(
                bundle: model.bundle.bytes, trust: .certificate(trust), model: model.model
            ).findings.codes == [.methodMismatch])
        var keyed = try KeylessModel()
        keyed.replace(material: .publicKey(hint: "x", rawBytes: nil))
        #expect(keyed.codes == [.methodMismatch])
    }

    @Test func `needs a trusted root that is one`() throws {
        let good = try #require(Sigstore.publicRoot)
        let changes: [(inout [String: JSON]) -> Void] = [
            { $0["mediaType"] = "application/json" }, { $0["tlogs"] = [["publicKey": [:]]] },
            {
                $0["certificateAuthorities"] = [
                    ["certChain": ["certificates": []], "validFor": ["start": "2021-01-01"]]
                ]
            },
        ]
        for change in changes {
            guard var members = try JSON(parsing: good).object else { return }
            change(&members)
            #expect(throws: AttestationError.self) {
                try SigstoreTrustRoot(parsing: JSON.object(members).canonicalBytes)
            }
        }
    }
}
