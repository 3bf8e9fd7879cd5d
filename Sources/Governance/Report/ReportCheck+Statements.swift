// Step 8 of checking a report: what people signed, and whether they were entitled to.
//
// Keys and roles are those that follow from the report's own lines under the trust root, at the time
// of each entry (identity, authority). A statement must say what its line says (statement).

internal import Attestation
internal import CanonicalJSON
internal import Cryptography
internal import Fairness

extension ReportCheck {
    /// Reads who holds which key and role from the lines, and judges each assignment.
    mutating func checkIdentities(_ lines: [ReportLine]) {
        identities = IdentityBook(root: history.root(at: 0))
        for line in lines {
            if case .rootChanged = line.entry.event {
                identities.rotate(to: history.root(at: line.index + 1))
            } else {
                identities.apply(
                    line.entry,
                    document: IdentityBook.document(of: line.entry).flatMap { documents[$0] },
                    asKnownThen: true)
            }
        }
        for (position, line) in lines.enumerated() {
            let statement: SHA256Digest
            switch line.entry.event {
            case .keyAssigned(let event): statement = event.statement
            case .roleAssigned(let event): statement = event.statement
            case .delegationRecorded(let event): statement = event.statement
            default: continue
            }
            let place = Self.place(position)
            if identities.missing.contains(statement) {
                find(place, "statement", "The document is not the statement that the line names.")
            }
            if let problems = identities.chain.problems[statement] {
                let words = problems.map(\.rawValue).joined(separator: ", ")
                find(place, "authority", "The assignment does not count: \(words).")
            }
            verdict.statements += 1
        }
    }

    /// Verifies every other signed document.
    mutating func checkStatements(_ lines: [ReportLine]) {
        for (position, line) in lines.enumerated() {
            let place = Self.place(position)
            switch line.entry.event {
            case .policyActivated(let event):
                check(event, under: history.root(at: line.index), at: place)
            case .versionSubmitted(let event): check(event, at: place)
            case .evaluationRecorded(let event): check(event, at: place)
            case .approvalRecorded(let event): check(event, line.entry.time, at: place)
            case .versionLifted(let event): check(event, line.entry.time, at: place)
            case .findingRaised(let event): check(event, line.entry.time, at: place)
            case .findingClosed(let event): check(event, line.entry.time, at: place)
            case .abstentionRecorded(let event): check(event, line.entry.time, at: place)
            case .provenanceRecorded(let event):
                check(event, line.entry.time, lines, at: place)
            case .environmentObserved(let event): check(event, line.entry.time, at: place)
            case .legacyImported(let event): check(event, line.entry.time, at: place)
            case .waiverRecorded(let event): check(event, line.entry.time, at: place)
            case .breakGlassRecorded(let event): check(event, line.entry.time, at: place)
            case .breakGlassReviewed(let event): check(event, line.entry.time, at: place)
            case .tierDetermined(let event): check(event, line.entry.time, at: place)
            case .deploymentDecided(let event):
                check(permit: event.permit, event.permitDocument, line.entry.time, at: place) {
                    try Permit($0).agrees(with: event)
                }
            case .runDecided(let event):
                check(
                    permit: event.decided.permit, event.decided.permitDocument, line.entry.time,
                    at: place
                ) { try Permit($0).agrees(with: event.decided) }
            case .retirementDecided(let event):
                check(
                    permit: event.certificate, event.certificateDocument, line.entry.time,
                    at: place
                ) {
                    try RetirementCertificate(reading: $0).agrees(with: event)
                }
            case .logOpened, .serviceStarted, .rootChanged, .principalRegistered, .keyAssigned,
                .keyRevoked,
                .roleAssigned, .roleRevoked, .delegationRecorded, .delegationRevoked, .tokenIssued,
                .tokenRevoked, .versionSuspended,
                .versionWithdrawn, .gateAsked, .gateDenied, .deploymentConfirmed,
                .deploymentEnded, .statusListed, .holdPlaced, .actorsCounted, .logHeartbeat,
                .accessRefused,
                .evidenceRead, .logRecovered, .restrictionCarried, .projectionsDigested,
                .versionAlerted:
                break
            case .holdReleased(let event): check(event, line.entry.time, lines, at: place)
            case .erasureRefused(let event):
                check(
                    erasureOf: event.subject, event.document, event.statement, line.entry.time,
                    lines, at: place)
            case .disposalRefused(let event):
                check(
                    disposalOf: event.version, event.document, event.statement, list: nil,
                    line.entry.time, lines, at: place)
            case .documentsDisposed(let event):
                check(
                    disposalOf: event.version, event.document, event.statement, list: event.list,
                    line.entry.time, lines, at: place)
            case .subjectErased(let event):
                check(
                    erasureOf: event.subject, event.document, event.statement, line.entry.time,
                    lines, at: place)
            }
        }
    }

    static func place(_ position: Int) -> JSONPointer { JSONPointer(["lines"]).appending(position) }

    /// The envelope and statement of a document, if they are those that the line names.
    mutating func statement(
        _ document: SHA256Digest, _ payload: SHA256Digest, at place: JSONPointer
    ) -> (envelope: Envelope, statement: Statement)? {
        // A missing document is a finding of its own already.
        guard let bytes = documents[document] else { return nil }
        guard let envelope = try? Envelope(parsing: bytes), envelope.payloadDigest == payload,
            envelope.payloadType == Statement.payloadType,
            let statement = try? Statement(parsing: envelope.payload)
        else {
            find(place, "statement", "Document \(document) is not the statement \(payload).")
            return nil
        }
        verdict.statements += 1
        return (envelope, statement)
    }

    mutating func expect(_ holds: Bool, _ place: JSONPointer, _ message: String) {
        if !holds { find(place, "statement", message) }
    }

    private mutating func check(
        _ event: PolicyActivated, under root: TrustRoot, at place: JSONPointer
    ) {
        guard let (envelope, statement) = statement(event.document, event.statement, at: place)
        else { return }
        let signers = envelope.verify(with: root.custodians)
        let problem =
            packInForce?.problem(
                withActivationBy: signers.count, threshold: root.threshold,
                development: root.development)
            ?? (signers.count < root.threshold
                ? "\(signers.count) custodians signed the policy pack, not \(root.threshold)" : nil)
        if let problem { find(place, "authority", "\(problem).") }
        let signed = try? PackStatement(reading: statement)
        expect(
            signed?.digest == event.digest && signed?.origin == root.origin
                && signed?.name == event.name && signed.map { "\($0.version)" } == event.version
                && signed?.predecessor == event.predecessor, place,
            "The signed pack is another one.")
        guard let files = documents[event.files] else { return }
        packInForce = readPack(files)
        expect(
            packInForce?.digest == event.digest, place,
            "The files are not those of the pack \(event.digest).")
    }

    private mutating func check(_ event: VersionSubmitted, at place: JSONPointer) {
        guard let (envelope, statement) = statement(event.cardDocument, event.card, at: place)
        else {
            return
        }
        let subject = statement.subjects.first
        expect(
            subject?.name == event.version.model.description && subject?.sha256 == event.artifact
                && statement.predicate["origin"]?.string == root.origin, place,
            "The signed card is of another model, artifact or log.")
        let isSubmitters = identities.signers(of: envelope).contains {
            holder(of: $0) == event.submitter
        }
        if !isSubmitters {
            find(place, "authority", "The card is not signed by \(event.submitter).")
        }
        checkArtifact(event, at: place)
    }

    private func holder(of key: KeyID) -> PrincipalID? {
        identities.chain.principal(of: key)
    }

    private mutating func checkArtifact(_ event: VersionSubmitted, at place: JSONPointer) {
        guard let list = documents[event.manifestDocument],
            let bundle = documents[event.signatureDocument]
        else { return }
        guard let json = try? JSON(parsing: list), let manifest = try? ArtifactManifest(json: json),
            manifest.digest == event.artifact
        else {
            find(place, "statement", "The list of files does not have the artifact's digest.")
            return
        }
        // Whose a certificate's name is was decided under the pack of the line: the decision says.
        let isCertified = ArtifactSigners.isCertified(bundle)
        let key = identities.publicKeys[event.signatureKey]
        guard isCertified || key != nil else {
            find(place, "authority", "The key that signed the artifact is not among the lines.")
            return
        }
        let trust = isCertified ? nil : key.map(SignerTrust.key)
        let isSigned = ModelSignature.verify(
            bundle: bundle, trust: trust ?? .judgedElsewhere(event.signatureKey),
            files: manifest.files
        ).isValid
        expect(isSigned, place, "The artifact's signature does not hold for its list of files.")
        verdict.statements += 1
    }

    private mutating func check(_ event: EvaluationRecorded, at place: JSONPointer) {
        guard let (envelope, statement) = statement(event.document, event.statement, at: place)
        else { return }
        if !identities.signers(of: envelope).contains(event.signer) {
            find(place, "authority", "The evaluation is not signed by the key \(event.signer).")
        }
        guard statement.predicateType == FairnessPredicate.type else { return }
        do {
            let predicate = try FairnessPredicate(recomputing: statement.predicate)
            expect(
                predicate.origin == root.origin && predicate.evaluatedAt == event.evaluatedAt,
                place,
                "The evaluation is of another log or time.")
        } catch {
            for finding in error.findings {
                find(
                    place, "statement", "The evaluation does not follow from its counts: \(finding)"
                )
            }
        }
    }

    private mutating func check(
        _ event: ApprovalRecorded, _ time: Timestamp, at place: JSONPointer
    ) {
        guard let (envelope, statement) = statement(event.document, event.statement, at: place)
        else { return }
        guard let approval = try? ApprovalStatement(reading: statement) else {
            find(place, "statement", "The statement is no approval.")
            return
        }
        expect(
            approval.origin == root.origin && approval.version == event.version
                && approval.request.id == event.request
                && approval.signer.principal == event.principal
                && approval.signer.role == event.role && approval.meaning == event.meaning
                && approval.signedAt == event.signedAt && approval.expiresAt == event.expiresAt,
            place,
            "The signed statement says something else than the line.")
        let signers = identities.signers(of: envelope)
        let entitlement = identities.chain.entitlement(of: approval, signers: signers, at: time)
        var problems = entitlement.problems.map(\.rawValue)
        if !signers.contains(event.key) { problems.append("not-signed-by-this-key") }
        if entitlement.person != event.person { problems.append("another-person") }
        if !problems.isEmpty {
            find(
                place, "authority",
                "The statement does not count: \(problems.joined(separator: ", ")).")
        }
    }

    /// A permit or a retirement certificate: signed by a permit key, and saying what the line says.
    private mutating func check(
        permit: SHA256Digest?, _ document: SHA256Digest?, _ time: Timestamp,
        at place: JSONPointer, _ agrees: (Statement) throws -> Bool
    ) {
        guard let permit, let document,
            let (envelope, statement) = statement(document, permit, at: place)
        else { return }
        if envelope.verify(with: history.roots.flatMap { $0.permitKeys(at: time) }).isEmpty {
            find(place, "authority", "No permit key of the trust root has signed \(permit).")
        }
        expect(
            (try? agrees(statement)) == true, place,
            "\(permit) says something else than the line.")
    }
}

extension Permit {
    /// Whether the log's entry is about exactly this permit's content.
    package func agrees(with event: DeploymentDecided) -> Bool {
        event.version.description == model && event.environment.description == environment
            && event.target == target && (event.use?.description ?? "") == use
            && event.deployment == deployment && event.artifact == manifest.digest
            && event.decision == decision && event.trustRoot == root.digest
            && event.trustRootVersion == root.version
            && event.notAfter?.description == notAfter
    }
}

extension RetirementCertificate {
    /// Whether the log's entry is about exactly this certificate's content.
    package func agrees(with event: RetirementDecided) -> Bool {
        event.version == version && event.decision == decision && event.reason == reason
            && event.successor == successor?.description ?? ""
            && event.trustRoot == root.digest && event.trustRootVersion == root.version
    }
}
