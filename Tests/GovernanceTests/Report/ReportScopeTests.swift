// swift-format-ignore-file: NeverForceUnwrap, NeverUseForceTry
import Attestation
import Cryptography
import Governance
import Testing

@Suite struct ReportScopeTests {
    private let model = ModelName("credit/scorecard")!
    private let now = SampleFacts.now

    private func entry(
        _ event: Event, actor: PrincipalID? = nil, writing written: String,
        reading read: String? = nil
    ) -> Entry {
        var subjects = [written: Entry.SubjectSequence(seq: 1, wrote: true)]
        if let read { subjects[read] = .init(seq: 4, wrote: false) }
        return Entry(
            actor: actor, configuration: nil, documents: [], idempotency: nil, event: event,
            origin: "example.com/log", policy: nil, request: "r", subjects: subjects, time: now)
    }

    private func suspension(_ version: String, reading read: String? = nil) -> Entry {
        entry(
            .versionSuspended(
                VersionSuspended(
                    version: VersionReference(version)!, restriction: "s-1", reason: "why")),
            actor: SampleFacts.principal(5), writing: "version/\(version)", reading: read)
    }

    @Test(arguments: [
        ("credit/scorecard@1", true), ("credit/scorecard@12", true), ("credit/scorecard2@1", false),
        ("credit/score@1", false), ("debit/scorecard@1", false),
    ])
    func `entries of the model's versions are chosen, and of no other`(
        _ name: String, _ expected: Bool
    ) {
        let scope = ReportScope(model: model, identities: [])
        #expect(scope.isAboutModel(suspension(name)) == expected)
    }

    @Test func `an entry that only read the model is not chosen`() {
        let scope = ReportScope(model: model, identities: [])
        let other = suspension("credit/other@1", reading: "version/credit/scorecard@1")
        #expect(!scope.isAboutModel(other))
    }

    @Test func `whoever signed a document is met through the key that the log gave`() throws {
        let key = try PrivateKey.generate(.ed25519)
        let signer = SampleFacts.principal(7)
        let assigned = entry(
            .keyAssigned(
                KeyAssigned(
                    principal: signer, key: key.publicKey.id, statement: .zero, document: .zero,
                    validFrom: now, validUntil: now)), writing: "principal/\(signer)")
        var scope = ReportScope(model: model, identities: [assigned])
        let envelope = try Envelope.sign([1], with: [key])
        let line = suspension("credit/scorecard@1")
        #expect(!scope.isAboutPeople(assigned))
        let isNew = scope.meet(line, documents: [envelope.canonicalBytes])
        #expect(isNew)
        #expect(scope.people == [signer, SampleFacts.principal(5)])
        #expect(scope.isAboutPeople(assigned))
        // Nobody new the second time, so that looking for more people ends.
        let isNewAgain = scope.meet(line, documents: [envelope.canonicalBytes])
        #expect(!isNewAgain)
    }

    @Test func `a sentence says who, what and why, and names digests by their members`() throws {
        let event = Event.versionSuspended(
            VersionSuspended(
                version: VersionReference("credit/scorecard@1")!, restriction: "s-1",
                reason: "drift"))
        #expect(event.sentence == "credit/scorecard@1 was suspended: drift")
        let approval = Event.approvalRecorded(
            ApprovalRecorded(
                version: VersionReference("credit/scorecard@1")!, request: "r-1", statement: .zero,
                document: .zero, principal: SampleFacts.principal(2),
                person: SampleFacts.principal(2),
                role: .validator, meaning: .reject,
                key: KeyID(hex: String(repeating: "a", count: 64))!,
                signedAt: now, expiresAt: now, decision: nil, facts: nil))
        #expect(
            approval.sentence
                == "\(SampleFacts.principal(2)) rejected credit/scorecard@1 as validator.")
    }
}
