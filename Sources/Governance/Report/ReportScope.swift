// Which entries of a log belong into the history of one model.
//
// - Every entry that changed the model or one of its versions: it gave the subject `model/<name>` or
//   `version/<name>@<n>` a sequence number. Those numbers have no gap, so neither may the report.
// - Entry 0, and every policy pack that came into force: what decisions rest on.
// - For each configuration that one of these names, the start of the service that recorded it.
// - The last entry in which the log counts its entries.
// - Everything about the people concerned: who acted, submitted, signed; who signed the statements
//   that gave those people their keys and roles; and so on up to the custodians in the trust root.

internal import Attestation
internal import Cryptography

/// Selects the entries of a report.
package struct ReportScope: Sendable {
    /// The model that the report is about.
    package let model: ModelName
    /// Everybody concerned, as found so far.
    package private(set) var people: Set<PrincipalID> = []

    private var holders: [KeyID: PrincipalID] = [:]

    /// Starts from the identity entries of a log, which say who holds which key.
    package init(model: ModelName, identities: [Entry]) {
        self.model = model
        for entry in identities {
            if case .keyAssigned(let event) = entry.event { holders[event.key] = event.principal }
        }
    }

    /// Whether an entry changed the model, one of its versions, or what decisions rest on.
    package func isAboutModel(_ entry: Entry) -> Bool {
        switch entry.event {
        case .logOpened, .rootChanged, .policyActivated: true
        default: entry.subjects.contains { $0.value.wrote && isOfModel($0.key) }
        }
    }

    /// Whether a subject is the model or one of its versions.
    package func isOfModel(_ subject: String) -> Bool {
        subject == "model/\(model)" || subject.utf8.starts(with: "version/\(model)@".utf8)
    }

    /// Whether an entry is about one of the people concerned.
    package func isAboutPeople(_ entry: Entry) -> Bool {
        entry.subjects.contains { subject in
            subject.value.wrote && subject.key.hasPrefix(Self.person)
                && PrincipalID(String(subject.key.dropFirst(Self.person.count)))
                    .map(people.contains) ?? false
        }
    }

    private static let person = "principal/"

    /// Whether the numbers that a subject got in the report's lines must be without a gap.
    package func isComplete(_ subject: String) -> Bool {
        isOfModel(subject) || subject == "policy"
            || people.contains { subject == "\(Self.person)\($0)" }
    }

    /// Takes in whom an entry and the documents it names show; answers whether anybody is new.
    package mutating func meet(_ entry: Entry, documents: [[UInt8]]) -> Bool {
        var met: Set<PrincipalID> = []
        if let actor = entry.actor { met.insert(actor) }
        var keys: Set<KeyID> = []
        switch entry.event {
        case .versionSubmitted(let event):
            met.formUnion([event.submitter, event.person])
            keys.insert(event.signatureKey)
        case .evaluationRecorded(let event): keys.insert(event.signer)
        case .approvalRecorded(let event):
            met.formUnion([event.principal, event.person])
            keys.insert(event.key)
        case .principalRegistered(let event): met.formUnion([event.principal, event.person])
        case .roleAssigned(let event): met.formUnion([event.principal, event.person])
        case .keyAssigned(let event): met.insert(event.principal)
        case .delegationRecorded(let event): met.formUnion([event.delegator, event.delegate])
        case .delegationRevoked(let event): met.formUnion([event.delegator, event.delegate])
        case .abstentionRecorded(let event): met.insert(event.principal)
        case .provenanceRecorded(let event):
            met.insert(event.principal)
            keys.insert(event.signer)
        case .environmentObserved(let event): met.insert(event.principal)
        case .waiverRecorded(let event): met.insert(event.principal)
        case .breakGlassRecorded(let event): met.formUnion(event.signers.map(\.principal))
        case .breakGlassReviewed(let event): met.insert(event.principal)
        case .tierDetermined(let event): met.formUnion(event.signers.map(\.principal))
        case .findingRaised(let event): met.formUnion([event.principal, event.owner])
        case .logOpened, .serviceStarted, .rootChanged, .policyActivated, .keyRevoked, .roleRevoked,
            .tokenIssued,
            .tokenRevoked, .versionSuspended, .versionWithdrawn, .versionLifted, .gateAsked,
            .gateDenied, .deploymentDecided, .deploymentConfirmed, .deploymentEnded,
            .runDecided, .statusListed,
            .retirementDecided, .holdPlaced, .holdReleased, .erasureRefused, .subjectErased,
            .actorsCounted, .logHeartbeat, .accessRefused, .evidenceRead,
            .logRecovered, .restrictionCarried, .projectionsDigested, .disposalRefused,
            .documentsDisposed, .findingClosed, .legacyImported, .versionAlerted:
            break
        }
        for document in documents {
            guard let envelope = try? Envelope(parsing: document) else { continue }
            keys.formUnion(envelope.signatures.compactMap { KeyID(hex: $0.keyID) })
        }
        met.formUnion(keys.compactMap { holders[$0] })
        let before = people.count
        people.formUnion(met)
        return people.count > before
    }
}
