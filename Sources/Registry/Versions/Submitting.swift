// Submits a version for approval: a signed card for a signed artifact, with its lineage.
//
// Signatures are verified before any lock is taken. All findings come at once, with JSON pointers.

package import Attestation
internal import CanonicalJSON
internal import Cryptography
internal import Database
package import Governance

extension Registry {
    /// What an owner sends.
    package struct Submission: Sendable {
        package let model: ModelName
        /// The signed card.
        package let card: Envelope
        /// The personal values that the card commits to.
        package let disclosures: [PersonalDisclosure]
        /// Every file of the artifact but its signature.
        package let files: [FileRecord]
        /// The artifact's OpenSSF Model Signing bundle, as it is.
        package let signature: [UInt8]

        package init(
            model: ModelName, card: Envelope, disclosures: [PersonalDisclosure],
            files: [FileRecord],
            signature: [UInt8]
        ) {
            self.model = model
            self.card = card
            self.disclosures = disclosures
            self.files = files
            self.signature = signature
        }
    }

    /// Records a new version, or refuses it with everything that is missing.
    package func submit(_ submission: Submission, _ request: Request) async throws -> Outcome {
        let caller = try caller(of: request)
        try require([.owner], of: caller, in: submission.model.namespace)
        let read = try read(submission)
        let requestID = Self.makeID("r-")
        let nonce = Hex.encode(Random.bytes(16))
        let documents = [
            submission.card.canonicalBytes, read.manifest.json.canonicalBytes, submission.signature,
        ]
        let subjects = Subjects(
            written: [Subjects.model(submission.model)],
            read: [Subjects.principal(caller.principal), Subjects.policy])
        let outcome = try await record(request, subjects, alone: true) { db, now in
            guard let pack = try packs.active(db) else {
                throw Refusal(.conflict, "policy-missing", "No policy pack is in force.")
            }
            let (snapshot, chain) = try identities(db)
            let examiner = Examiner(
                root: root, identities: snapshot.identities, cache: documentCache,
                chain: chain, schema: schema,
                pack: pack.pack, fold: snapshot.fold, now: now)
            let (signature, signatureKey) = try signature(
                of: submission, read.manifest, examiner, now)
            let tier = pack.pack.tier(of: read.card.card.json).tier
            let cardDigest = submission.card.payloadDigest
            let missing = pack.pack.missingCardFields(in: read.card.card.json, tier: tier)
            var facts = SubmitFacts(model: submission.model)
            facts.tier = tier
            facts.card = CardFact(
                digest: cardDigest, missing: missing,
                findings: cardFindings(read, submission, caller, (snapshot, chain), now),
                fairness: DeclaredFairness(read.card.card.json))
            facts.artifact = ArtifactFact(
                approvedDigest: read.card.artifact, presentedDigest: read.manifest.digest,
                signature: signature)
            facts.submitter = holder(caller, in: submission.model.namespace, chain, at: now)
            facts.policy = PolicyFact(
                digest: pack.pack.digest, activeDigest: snapshot.fold.policy ?? pack.pack.digest,
                signed: pack.isSigned)
            let decision = pack.pack.decide(
                gate: .submit, subject: .model(submission.model), facts: facts.json, now: now)
            let records = [decision.document.canonicalBytes, facts.json.canonicalBytes]
            guard decision.verdict == .allow else {
                return Act(
                    .gateDenied(
                        GateDenied(
                            gate: .submit, subject: .model(submission.model),
                            statement: cardDigest, decision: SHA256.hash(records[0]),
                            facts: SHA256.hash(records[1]))),
                    documents: records, policy: decision.policyDigest)
            }
            guard let signatureKey else {
                throw Refusal(
                    .conflict, "signature-missing", "The gate allowed what nobody has signed.")
            }
            let number = try db.oneOrNil(
                "SELECT versions FROM registry.model WHERE name = \(submission.model.description)",
                as: Int64.self)
            guard let version = VersionReference(model: submission.model, number: (number ?? 0) + 1)
            else {
                throw Refusal(.conflict, "too-many-versions", "The model has too many versions.")
            }
            let subject = "card/\(version)"
            let values = submission.disclosures.map { PersonalValue($0.value, salt: $0.salt) }
            return Act(
                .versionSubmitted(
                    VersionSubmitted(
                        version: version, label: read.label, tier: "\(tier.rawValue)",
                        card: cardDigest,
                        cardDocument: SHA256.hash(documents[0]), artifact: read.manifest.digest,
                        manifestDocument: SHA256.hash(documents[1]),
                        signatureDocument: SHA256.hash(documents[2]), signatureKey: signatureKey,
                        submitter: caller.principal, person: caller.person, request: requestID,
                        nonce: nonce, policy: pack.pack.digest, lineage: read.lineage,
                        decision: SHA256.hash(records[0]), facts: SHA256.hash(records[1]))),
                documents: documents + records,
                secrets: try vault.seal(values, of: subject, db), policy: decision.policyDigest)
        }
        return try await requireAllowed(outcome) { uncovered(submission) }
    }

    private struct ReadSubmission {
        let card: CardStatement
        let manifest: ArtifactManifest
        let label: String
        let lineage: [LineageLink]
    }

    private func read(_ submission: Submission) throws -> ReadSubmission {
        let manifest: ArtifactManifest
        do {
            manifest = try ArtifactManifest(files: submission.files)
        } catch {
            throw Refusal(
                .unprocessable, "files-malformed", "The list of files is not acceptable.",
                findings: error.findings.map {
                    JSONFinding(JSONPointer(["files"]), $0.code.rawValue, $0.message)
                })
        }
        do {
            let statement = try Statement(parsing: submission.card.payload)
            let card = try CardStatement(reading: statement, schema: schema)
            guard card.model == submission.model else {
                throw Refusal(
                    .unprocessable, "model-mismatch",
                    "The card is signed for \(card.model), not for \(submission.model).")
            }
            let strangers = submission.disclosures.filter {
                !PersonalFields.verify($0, against: card.card)
            }
            guard strangers.isEmpty else {
                throw Refusal(
                    .unprocessable, "disclosure-mismatch",
                    "A disclosed value is not the committed one.",
                    findings: strangers.map {
                        JSONFinding(
                            $0.pointer, "disclosure", "This value is not the committed one.")
                    })
            }
            let lineage = CardLineage(card.card)
            return ReadSubmission(
                card: card, manifest: manifest,
                label: card.card.json["model"]?["version"]?.string ?? "",
                lineage: lineage.edges.map(LineageLink.init))
        } catch let error as JSONFindings {
            throw Refusal(
                .unprocessable, "card-malformed", "The card is not acceptable.",
                findings: error.findings)
        } catch let error as AttestationError {
            throw Refusal(
                .unprocessable, "card-malformed", "The card's envelope is not acceptable.",
                findings: error.findings.map { JSONFinding(.root, $0.code.rawValue, $0.message) })
        }
    }

    private func cardFindings(
        _ read: ReadSubmission, _ submission: Submission, _ caller: Caller,
        _ known: (snapshot: Follower.Snapshot, chain: TrustChain), _ now: Timestamp
    ) -> [String] {
        var findings: [String] = []
        if read.card.origin != root.origin { findings.append("wrong-origin") }
        let signers = known.snapshot.identities.signers(of: submission.card)
        let isCallers = signers.contains {
            known.chain.holder(of: $0, at: now)?.principal == caller.principal
        }
        if !isCallers { findings.append(Self.unsignedCard) }
        if let name = read.card.card.modelName, name != submission.model.description {
            findings.append("model-name-differs")
        }
        return findings
    }

    /// What the artifact's signature is worth now, and by which key it is.
    private func signature(
        of submission: Submission, _ manifest: ArtifactManifest, _ examiner: Examiner,
        _ now: Timestamp
    ) throws(Refusal) -> (fact: SignatureFact, key: KeyID?) {
        let namespace = submission.model.namespace
        guard !ArtifactSigners.isCertified(submission.signature) else {
            return examiner.certified(
                submission.signature, manifest, in: namespace, recordedAt: nil)
        }
        guard let key = signingKey(of: submission.signature, examiner.identities) else {
            throw Refusal(
                .unprocessable, "signature-key-unknown",
                "The artifact is not signed by a key that is registered here.",
                findings: [
                    JSONFinding(
                        JSONPointer(["signature"]), "key-unknown",
                        "No registered key has the hint of this bundle.")
                ], offence: .statementInvalid)
        }
        let fact = examiner.signature(
            submission.signature, manifest, key, in: namespace, at: now)
        return (fact, key.id)
    }

    private static let unsignedCard = "not-signed-by-submitter"

    /// The registered key whose hint the bundle carries; the hint only finds it.
    func signingKey(of bundle: [UInt8], _ identities: IdentityBook) -> PublicKey? {
        guard let bundle = try? SigstoreBundle(parsing: bundle),
            case .publicKey(let hint?, _) = bundle.material
        else { return nil }
        return identities.key(hint: hint)
    }

    /// Files of the artifact that the signature leaves out, as findings of a submission that was denied.
    private func uncovered(_ submission: Submission) -> [JSONFinding] {
        // A repository of git has files that signing tools leave out unless told otherwise. What is
        // left out is the same whoever signed.
        ModelSignature.uncovered(by: submission.signature, files: submission.files).map {
            JSONFinding(
                JSONPointer(["files"]), "file-uncovered",
                "\($0) is not covered by the signature: sign it too, or take it out of the artifact."
            )
        }
    }
}

extension LineageLink {
    /// An edge of a card, as the log records it.
    init(_ edge: LineageEdge) {
        self.init(
            kind: edge.kind.rawValue, label: edge.version ?? "", name: edge.name,
            digest: edge.digest?.description ?? "")
    }
}
