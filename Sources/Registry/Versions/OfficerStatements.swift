// How what officers sign about a version is recorded, and read again at each gate: in one way for all kinds.

internal import Attestation
internal import CanonicalJSON
internal import Cryptography
internal import Governance

/// A statement that wants to be recorded, with what it is judged by.
struct OfficerCase<S: OfficerStatement> {
    let statement: S
    let envelope: Envelope
    /// The envelope as it is stored.
    let document: [UInt8]
    let dossier: Dossier
    /// What it is judged against, whatever it says.
    let scene: OfficerScene

    /// The payload's digest: what the statement is called.
    var id: SHA256Digest { envelope.payloadDigest }
    var documentDigest: SHA256Digest { SHA256.hash(document) }

    /// Refuses a statement that something stands against.
    func require(
        _ problems: [JSONFinding], or code: String, _ message: String, hint: String? = nil
    ) throws(Refusal) {
        guard !problems.isEmpty else { return }
        throw Refusal(
            .unprocessable, code,
            "\(message): " + problems.map(\.message).joined(separator: " "), findings: problems,
            hint: hint, offence: .statementInvalid)
    }

    /// Refuses what somebody has signed who is not to judge the version.
    func requireNobodyRecused() throws(Refusal) {
        let signer = statement.signers.first { dossier.isRecused($0.principal) }
        guard let signer else { return }
        throw Refusal(
            .unprocessable, "signer-recused",
            "\(signer.principal) is not to judge the version.")
    }
}

extension Registry {
    /// Records a statement of officers on a version.
    ///
    /// - Parameters:
    ///   - name: how refusals call what cannot be read: `NAME-malformed`, with the sentence.
    ///   - underPolicy: whether the pack in force has a word in it.
    ///   - ofModel: whether it changes what counts for all versions of the model.
    ///   - decide: what happens, under the locks of the version and of everybody who signed.
    func recordStatement<S: OfficerStatement>(
        _ type: S.Type, _ envelope: Envelope, _ request: Request,
        named name: (code: String, sentence: String), underPolicy: Bool = false,
        ofModel: Bool = false,
        _ decide: @escaping @Sendable (OfficerCase<S>) throws -> Act
    ) async throws -> Outcome {
        let caller = try caller(of: request)
        let statement = try read(envelope, "\(name.code)-malformed", name.sentence) {
            (statement: Statement) throws(JSONFindings) in
            try S(reading: statement)
        }
        let keys = try verified(
            envelope, by: statement.signers.count, "\(name.code)-not-entitled")
        let document = envelope.canonicalBytes
        let reference = statement.version
        let subjects = Subjects(
            written: Set([Subjects.version(reference)])
                .union(ofModel ? [Subjects.model(reference.model)] : []),
            read: Set(statement.signers.map { Subjects.principal($0.principal) })
                .union([Subjects.principal(caller.principal)])
                .union(underPolicy ? [Subjects.policy] : []))
        return try await record(request, subjects, alone: true) { db, now in
            let dossier = try dossier(of: reference, db, now: now)
            return try decide(
                OfficerCase(
                    statement: statement, envelope: envelope, document: document, dossier: dossier,
                    scene: OfficerScene(
                        origin: root.origin, artifact: dossier.row.artifact,
                        keys: keys, chain: dossier.chain, now: now)))
        }
    }

    /// Refuses an envelope with more signatures than people who sign the statement.
    func requireNoMoreSignatures(
        _ envelope: Envelope, than signers: Int, _ code: String
    ) throws(Refusal) {
        guard envelope.signatures.count > signers else { return }
        throw Refusal(
            .unprocessable, code,
            "The statement is for \(signers) to sign, and \(envelope.signatures.count) "
                + "signatures are under it.",
            hint: "Everybody whom the statement names signs it once.",
            offence: .statementInvalid)
    }

    /// Verifies the signatures of a statement, before anything is locked: nobody holds up versions by naming
    /// them in a forged one. Every signature is a known key's, and there are no more than signers: gates
    /// verify all of them again.
    ///
    /// - Parameters:
    ///   - signers: how many people sign the statement by what it says.
    ///   - code: of the refusal.
    func verified(
        _ envelope: Envelope, by signers: Int, _ code: String
    ) throws(Refusal) -> Set<KeyID> {
        try requireNoMoreSignatures(envelope, than: signers, code)
        let keys = follower.snapshot.identities.signers(of: envelope)
        let named = Set(envelope.signatures.map(\.keyID))
        guard keys.count == named.count, !keys.isEmpty else {
            let sentence = TrustProblem.unknownKey.sentence
            throw Refusal(
                .unprocessable, code,
                "Not every signature of the statement is that of a key known here: \(sentence)",
                findings: [
                    JSONFinding(
                        JSONPointer(["signatures"]), TrustProblem.unknownKey.rawValue, sentence)
                ],
                hint: "`imprimatur statement sign` signs it with a registered key.",
                offence: .statementInvalid)
        }
        return keys
    }

    /// Reads a statement of a kind, or refuses it with everything that is wrong.
    func read<T>(
        _ envelope: Envelope, _ code: String, _ message: String,
        _ body: (Statement) throws(JSONFindings) -> T
    ) throws(Refusal) -> T {
        let findings: [JSONFinding]
        do {
            return try body(Statement(parsing: envelope.payload))
        } catch let error as JSONFindings {
            findings = error.findings
        } catch let error as AttestationError {
            findings = error.findings.map { JSONFinding(.root, $0.code.rawValue, $0.message) }
        } catch {
            findings = []
        }
        throw Refusal(.unprocessable, code, message, findings: findings)
    }
}

extension DossierSources {
    /// A statement that the log has, read again from its document; nil where that is not what the log
    /// says, or cannot be read.
    func signed<S: OfficerStatement>(
        _ type: S.Type, _ payload: SHA256Digest, in document: SHA256Digest, at: Timestamp
    ) -> (statement: S, scene: OfficerScene)? {
        guard let bytes = documents[document], let envelope = try? Envelope(parsing: bytes),
            envelope.payloadType == Statement.payloadType, envelope.payloadDigest == payload,
            let statement = try? Statement(parsing: envelope.payload),
            let signed = try? S(reading: statement)
        else { return nil }
        return (
            signed,
            OfficerScene(
                origin: root.origin, artifact: row.artifact,
                keys: cache.signers(of: envelope, document: document, snapshot.identities),
                chain: chain, now: at)
        )
    }

    /// The state of the version that a statement counts for: evidence that came later voids approvals,
    /// but undoes nothing that officers have said.
    func digests(asIn signed: SignedDigests) -> SignedDigests {
        SignedDigests(
            card: row.card, artifact: row.artifact, evidence: signed.evidence, policy: row.policy)
    }
}
