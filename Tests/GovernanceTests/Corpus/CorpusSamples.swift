// swift-format-ignore-file: NeverForceUnwrap
// One sample of everything that is signed; CorpusGenerator signs those that the corpus lacks.

import Attestation
import CanonicalJSON
import Cryptography

@testable import Governance

enum CorpusSamples {
    static let origin = "example.com/log"
    static let now = SampleFacts.now
    static let version = SampleFacts.version
    static let production = EnvironmentName("production")!
    static let use = UseName("consumer-credit")!

    static func digest(_ text: String) -> SHA256Digest { SampleFacts.digest(text) }
    static func principal(_ number: Int) -> PrincipalID { SampleFacts.principal(number) }
    static func keyID(_ text: String) -> KeyID { KeyID(hex: digest(text).hex)! }

    // MARK: entries

    /// An entry for every event, by the name of its file: the kind, and what makes it another one.
    static func entries() throws -> [(name: String, entry: Entry)] {
        try events().enumerated().map { number, sample in
            (sample.name, try entry(sample.event, number))
        }
    }

    private static func entry(_ event: Event, _ number: Int) throws -> Entry {
        let isEven = number.isMultiple(of: 2)
        return Entry(
            actor: isEven ? principal(1) : nil,
            configuration: isEven ? digest("configuration") : nil,
            documents: isEven ? [digest("one"), digest("two")] : [],
            idempotency: isEven ? .init(key: digest("key"), body: digest("body")) : nil,
            event: event, origin: origin, policy: isEven ? digest("pack") : nil,
            request: "q-0123456789abcdef",
            subjects: [
                "version/\(version)": .init(seq: Int64(number) + 1, wrote: true),
                "policy": .init(seq: 1, wrote: false),
            ],
            time: now.adding(seconds: Int64(number)), token: isEven ? "t-0123456789abcdef" : nil)
    }

    private static func events() -> [(name: String, event: Event)] {
        let made =
            opening + people + versionEvents + gates + personal + accounts + recovery + bookkeeping
            + disposal
        return made.map { what, event in
            (what.isEmpty ? event.kind : "\(event.kind)-\(what)", event)
        }
    }

    /// Roots, counts, silence, and who was refused or read.
    private static var accounts: [(String, Event)] {
        let later = now.adding(seconds: 60)
        return [
            (
                "",
                .rootChanged(
                    RootChanged(digest: digest("root 2"), version: 2, document: digest("document")))
            ),
            (
                "",
                .actorsCounted(
                    ActorsCounted(
                        size: 41, actors: 5, actorsRoot: digest("actors"), subjects: 9,
                        subjectsRoot: digest("subjects")))
            ),
            ("", .logHeartbeat(LogHeartbeat(size: 42, quietSince: now))),
            (
                "",
                .accessRefused(
                    AccessRefused(
                        from: now, until: later,
                        refusals: AccessRefused.Cause.allCases.enumerated().map { number, cause in
                            let isKnown = number.isMultiple(of: 2)
                            return AccessRefused.Item(
                                cause: cause, count: Int64(number) + 1,
                                principal: isKnown ? principal(2) : nil,
                                token: isKnown ? "t-0123456789abcdef" : nil,
                                source: isKnown ? nil : "a-0123456789abcdef",
                                subject: isKnown ? "/api/v1/namespaces/credit" : nil)
                        }, omitted: 3))
            ),
            (
                "report",
                .evidenceRead(
                    EvidenceRead(
                        what: "report", subject: "credit/scorecard", digest: digest("report"),
                        first: nil, last: nil, count: 1, from: now, until: now))
            ),
            (
                "entries",
                .evidenceRead(
                    EvidenceRead(
                        what: "entries", subject: nil, digest: nil, first: 0, last: 255, count: 2,
                        from: now, until: later))
            ),
        ]
    }

    private static var opening: [(String, Event)] {
        [
            (
                "",
                .logOpened(
                    LogOpened(
                        verifierKey: "example.com/log+01234567+AQ==", trustRoot: digest("root"),
                        trustRootVersion: 1, policy: digest("pack"), development: false))
            ),
            (
                "",
                .serviceStarted(
                    ServiceStarted(
                        configuration: digest("configuration"), trustRoot: digest("root"),
                        trustRootVersion: 1, binary: digest("binary"),
                        migrations: digest("migrations"), serviceKey: keyID("service")))
            ),
            (
                "first",
                .policyActivated(
                    PolicyActivated(
                        name: "baseline", version: "1", digest: digest("pack"),
                        statement: digest("statement"), document: digest("document"),
                        files: digest("files"), predecessor: nil))
            ),
            (
                "next",
                .policyActivated(
                    PolicyActivated(
                        name: "baseline", version: "2", digest: digest("next pack"),
                        statement: digest("statement"), document: digest("document"),
                        files: digest("files"), predecessor: digest("pack")))
            ),
        ]
    }

    private static var recovery: [(String, Event)] {
        func carried(_ index: Int64?) -> Event {
            .restrictionCarried(
                RestrictionCarried(
                    restriction: "c-01", former: version, artifact: digest("artifact"),
                    formerKind: .suspension, reason: "drift", entry: digest("entry"), index: index))
        }
        return [
            (
                "",
                .logRecovered(
                    LogRecovered(
                        formerOrigin: "example.com/former", formerTrustRoot: digest("former root"),
                        pinnedSize: 440, pinnedRoot: digest("pinned"), survivingSize: 412,
                        survivingRoot: digest("surviving"), lostFrom: 412, lostTo: 440,
                        statement: digest("statement"), document: digest("document"),
                        reason: "the disk is lost"))
            ),
            ("placed", carried(431)), ("pending", carried(nil)),
        ]
    }

    private static var people: [(String, Event)] {
        [
            (
                "person",
                .principalRegistered(
                    PrincipalRegistered(
                        principal: principal(1), kind: .person, person: principal(11),
                        name: digest("salt and name")))
            ),
            (
                "service",
                .principalRegistered(
                    PrincipalRegistered(
                        principal: principal(6), kind: .service, person: principal(6), name: nil))
            ),
            (
                "",
                .keyAssigned(
                    KeyAssigned(
                        principal: principal(1), key: keyID("key"), statement: digest("statement"),
                        document: digest("document"), validFrom: now,
                        validUntil: SampleFacts.days(365)))
            ),
            (
                "",
                .keyRevoked(
                    KeyRevoked(
                        principal: principal(1), key: keyID("key"), reason: "lost",
                        effectiveFrom: now))
            ),
            (
                "",
                .roleAssigned(
                    RoleAssigned(
                        principal: principal(1), person: principal(11), role: .owner,
                        namespace: NamespacePattern("credit")!, statement: digest("statement"),
                        document: digest("document"), validFrom: now,
                        validUntil: SampleFacts.days(365)))
            ),
            (
                "",
                .roleRevoked(
                    RoleRevoked(
                        principal: principal(1), assignment: digest("statement"),
                        reason: "left the team", effectiveFrom: now))
            ),
            (
                "",
                .delegationRecorded(
                    DelegationRecorded(
                        delegation(), statement: digest("statement"),
                        document: digest("document")))
            ),
            (
                "",
                .delegationRevoked(
                    DelegationRevoked(
                        delegation: digest("statement"), delegator: principal(2),
                        delegate: principal(7), compromised: false, reason: "back",
                        effectiveFrom: now))
            ),
            (
                "",
                .tokenIssued(
                    TokenIssued(
                        token: "t-0123456789abcdef", principal: principal(1),
                        hash: digest("secret"), expiresAt: SampleFacts.days(30)))
            ),
            (
                "",
                .tokenRevoked(
                    TokenRevoked(
                        token: "t-0123456789abcdef", principal: principal(1), reason: "rotated"))
            ),
        ]
    }

    private static var versionEvents: [(String, Event)] {
        [
            (
                "",
                .versionSubmitted(
                    VersionSubmitted(
                        version: version, label: "2026.11", tier: "3", card: digest("card"),
                        cardDocument: digest("card document"), artifact: digest("artifact"),
                        manifestDocument: digest("manifest"),
                        signatureDocument: digest("bundle"), signatureKey: keyID("key"),
                        submitter: principal(1), person: principal(11), request: "r-01",
                        nonce: "00112233445566778899aabbccddeeff", policy: digest("pack"),
                        lineage: [
                            LineageLink(
                                kind: "trained_on", label: "1", name: "applications",
                                digest: "sha256:\(digest("data"))")
                        ], decision: digest("decision"), facts: digest("facts")))
            ),
            (
                "",
                .evaluationRecorded(
                    EvaluationRecorded(
                        version: version, evaluation: "fairness", statement: digest("statement"),
                        document: digest("document"), signer: keyID("key"), evaluatedAt: now))
            ),
            ("approve", .approvalRecorded(approval(.approve, digest("decision")))),
            ("reject", .approvalRecorded(approval(.reject, nil))),
            ("request-changes", .approvalRecorded(approval(.requestChanges, nil))),
            (
                "",
                .versionSuspended(
                    VersionSuspended(version: version, restriction: "s-01", reason: "drift"))
            ),
            (
                "",
                .versionWithdrawn(
                    VersionWithdrawn(version: version, restriction: "w-01", reason: "replaced"))
            ),
            (
                "",
                .versionLifted(
                    VersionLifted(
                        version: version, restriction: "s-01", statement: digest("statement"),
                        document: digest("document"), reason: "the drift was a fault of the sensor")
                )
            ),
            (
                "",
                .abstentionRecorded(
                    AbstentionRecorded(
                        version: version, request: "r-01", statement: digest("statement"),
                        document: digest("document"), principal: principal(2), role: .validator,
                        meaning: .recuse, reason: "worked on it"))
            ),
            (
                "",
                .legacyImported(
                    LegacyImported(
                        legacy(), statement: digest("statement"), document: digest("document")))
            ),
            (
                "",
                .environmentObserved(
                    EnvironmentObserved(
                        snapshot(),
                        EnvironmentComparison(
                            of: snapshot().items, with: [], known: [:], submitted: [version]),
                        statement: digest("statement"), document: digest("document"),
                        comparison: digest("comparison"), dueAt: SampleFacts.days(1)))
            ),
            (
                "",
                .provenanceRecorded(
                    ProvenanceRecorded(
                        version: version, predicateType: "https://slsa.dev/provenance/v1",
                        statement: digest("statement"), document: digest("document"),
                        subject: digest("artifact"), file: "weights/model.bin",
                        signer: KeyID(digest("key")), principal: principal(3),
                        builder: "https://ci.example/builder",
                        buildType: "https://ci.example/train", materials: 2,
                        lineage: [
                            LineageLink(
                                kind: "built_from", label: "", name: "git+https://git.example/a",
                                digest: "sha1:\(String(repeating: "ab", count: 20))")
                        ]))
            ),
            (
                "",
                .waiverRecorded(
                    WaiverRecorded(
                        version: version, statement: digest("statement"),
                        document: digest("document"), principal: principal(2), role: .riskOfficer,
                        rule: "DEP-303", policy: digest("policy"), reason: "the fix is on its way",
                        expiresAt: SampleFacts.days(7)))
            ),
            (
                "",
                .breakGlassRecorded(
                    BreakGlassRecorded(
                        breakGlass(), statement: digest("statement"), document: digest("document"),
                        reviewDueAt: SampleFacts.days(3)))
            ),
            (
                "",
                .breakGlassReviewed(
                    BreakGlassReviewed(
                        breakGlassReview(), statement: digest("statement"),
                        document: digest("document")))
            ),
            (
                "",
                .tierDetermined(
                    TierDetermined(
                        tierDetermination(), statement: digest("statement"),
                        document: digest("document")))
            ),
            ("", .versionAlerted(alert(.drift, value: "0.31", threshold: "0.25"))),
            ("incident", .versionAlerted(alert(.incident, value: nil, threshold: nil))),
            ("", .findingRaised(raised(approval: nil))),
            ("condition", .findingRaised(raised(approval: digest("approval")))),
            (
                "",
                .findingClosed(
                    FindingClosed(
                        version: version, finding: digest("finding"),
                        statement: digest("statement"), document: digest("document"),
                        resolution: .resolved, reason: "the drift was a fault of the sensor"))
            ),
        ]
    }

    private static func alert(
        _ cause: VersionAlerted.Cause, value: String?, threshold: String?
    ) -> VersionAlerted {
        VersionAlerted(
            version: version, alert: "a-01", cause: cause,
            name: cause == .drift ? "psi" : "INC-2041", value: value, threshold: threshold,
            reason: "applicants are younger")
    }

    private static func raised(approval: SHA256Digest?) -> FindingRaised {
        FindingRaised(
            version: version, statement: digest("finding"), document: digest("document"),
            severity: .high, blocking: approval == nil, summary: "no reason codes",
            owner: principal(1),
            dueAt: SampleFacts.days(30), approval: approval, principal: principal(2),
            role: .validator)
    }

    private static func approval(
        _ meaning: ApprovalMeaning, _ decision: SHA256Digest?
    ) -> ApprovalRecorded {
        ApprovalRecorded(
            version: version, request: "r-01", statement: digest("statement"),
            document: digest("document"), principal: principal(2), person: principal(12),
            role: .validator, meaning: meaning, key: keyID("key"), signedAt: now,
            expiresAt: SampleFacts.days(90), decision: decision, facts: decision)
    }

    private static var bookkeeping: [(String, Event)] {
        let table = ProjectionsDigested.Table(
            columns: ["name", "seq"], digest: digest("table"), rows: 12)
        return [
            (
                "",
                .projectionsDigested(
                    ProjectionsDigested(size: 10_240, tables: ["subject": table]))
            )
        ]
    }

}
