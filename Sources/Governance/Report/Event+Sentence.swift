// What each kind of event means, as a sentence for people who have never seen a log.
//
// The sentence follows from the event alone, so a checker computes it again and compares. The words
// belong to the report format: docs/reference/report.md lists them.

extension Event {
    /// What happened, in plain words.
    package var sentence: String {
        switch self {
        case .logOpened(let event): event.sentence
        case .serviceStarted(let event): event.sentence
        case .rootChanged(let event): event.sentence
        case .policyActivated(let event): event.sentence
        case .principalRegistered(let event): event.sentence
        case .keyAssigned(let event): event.sentence
        case .keyRevoked(let event): event.sentence
        case .roleAssigned(let event): event.sentence
        case .roleRevoked(let event): event.sentence
        case .delegationRecorded(let event): event.sentence
        case .delegationRevoked(let event): event.sentence
        case .tokenIssued(let event): event.sentence
        case .tokenRevoked(let event): event.sentence
        case .versionSubmitted(let event): event.sentence
        case .evaluationRecorded(let event): event.sentence
        case .approvalRecorded(let event): event.sentence
        case .versionSuspended(let event): event.sentence
        case .versionWithdrawn(let event): event.sentence
        case .versionLifted(let event): event.sentence
        case .findingRaised(let event): event.sentence
        case .findingClosed(let event): event.sentence
        case .abstentionRecorded(let event): event.sentence
        case .provenanceRecorded(let event): event.sentence
        case .environmentObserved(let event): event.sentence
        case .legacyImported(let event): event.sentence
        case .waiverRecorded(let event): event.sentence
        case .breakGlassRecorded(let event): event.sentence
        case .breakGlassReviewed(let event): event.sentence
        case .versionAlerted(let event): event.sentence
        case .tierDetermined(let event): event.sentence
        case .gateAsked(let event): event.sentence
        case .gateDenied(let event): event.sentence
        case .deploymentDecided(let event): event.sentence
        case .deploymentConfirmed(let event): event.sentence
        case .deploymentEnded(let event): event.sentence
        case .runDecided(let event): event.sentence
        case .statusListed(let event): event.sentence
        case .retirementDecided(let event): event.sentence
        case .holdPlaced(let event): event.sentence
        case .holdReleased(let event): event.sentence
        case .erasureRefused(let event): event.sentence
        case .subjectErased(let event): event.sentence
        case .actorsCounted(let event): event.sentence
        case .logHeartbeat(let event): event.sentence
        case .accessRefused(let event): event.sentence
        case .evidenceRead(let event): event.sentence
        case .logRecovered(let event): event.sentence
        case .restrictionCarried(let event): event.sentence
        case .projectionsDigested(let event): event.sentence
        case .disposalRefused(let event): event.sentence
        case .documentsDisposed(let event): event.sentence
        }
    }
}

extension LogOpened {
    fileprivate var sentence: String {
        "The log was opened under version \(trustRootVersion) of the trust root"
            + (development ? ", marked development." : ".")
    }
}

extension ServiceStarted {
    fileprivate var sentence: String {
        "A service instance began to serve under version \(trustRootVersion) of the trust root."
    }
}

extension RootChanged {
    fileprivate var sentence: String {
        "Version \(version) of the trust root came into force."
    }
}

extension ProjectionsDigested {
    fileprivate var sentence: String {
        "The service committed to its tables as the first \(size) entries make them."
    }
}

extension PolicyActivated {
    fileprivate var sentence: String {
        "Policy pack \(name), version \(version), came into force."
    }
}

extension PrincipalRegistered {
    fileprivate var sentence: String {
        "\(principal) was registered as a \(kind.rawValue)."
    }
}

extension KeyAssigned {
    fileprivate var sentence: String {
        "\(principal) was given a signing key, from \(validFrom) until \(validUntil)."
    }
}

extension KeyRevoked {
    fileprivate var sentence: String {
        "A signing key of \(principal) was revoked from \(effectiveFrom) on: \(reason)"
    }
}

extension RoleAssigned {
    fileprivate var sentence: String {
        "\(principal) was given the role \(role) in \(namespace), from "
            + "\(validFrom) until \(validUntil)."
    }
}

extension RoleRevoked {
    fileprivate var sentence: String {
        "A role of \(principal) was revoked from \(effectiveFrom) on: \(reason)"
    }
}

extension DelegationRecorded {
    fileprivate var sentence: String {
        "\(delegator) lets \(delegate) approve as \(role), in the \(scope) up to tier "
            + "\(highestTier), from \(validFrom) until \(validUntil): \(reason)"
    }
}

extension DelegationRevoked {
    fileprivate var sentence: String {
        let what = compromised ? "never counted" : "was revoked from \(effectiveFrom) on"
        return "What \(delegator) delegated to \(delegate) \(what): \(reason)"
    }
}

extension TokenIssued {
    fileprivate var sentence: String {
        "\(principal) was issued an API token, until \(expiresAt)."
    }
}

extension TokenRevoked {
    fileprivate var sentence: String {
        "An API token of \(principal) was revoked: \(reason)"
    }
}

extension VersionSubmitted {
    fileprivate var sentence: String {
        "\(version), called \(label) by its card, was submitted for approval in tier "
            + "\(tier)."
    }
}

extension EvaluationRecorded {
    fileprivate var sentence: String {
        "A \(evaluation) evaluation of \(version), made at \(evaluatedAt), "
            + "was recorded."
    }
}

extension ApprovalRecorded {
    fileprivate var sentence: String {
        switch meaning {
        case .approve:
            "\(principal) approved \(version) as \(role), until \(expiresAt)."
        case .reject: "\(principal) rejected \(version) as \(role)."
        case .requestChanges: "\(principal) asked for changes of \(version) as \(role)."
        case .withdraw:
            "\(principal) withdrew the approval of \(version) as \(role)."
        }
    }
}

extension VersionSuspended {
    fileprivate var sentence: String {
        "\(version) was suspended: \(reason)"
    }
}

extension VersionWithdrawn {
    fileprivate var sentence: String {
        "\(version) was withdrawn by its owner: \(reason)"
    }
}

extension VersionLifted {
    fileprivate var sentence: String {
        "The suspension \(restriction) of \(version) was lifted by its approvers: \(reason)"
    }
}

extension FindingRaised {
    fileprivate var sentence: String {
        let what = approval == nil ? "A \(severity.rawValue) finding" : "A condition of an approval"
        return
            "\(what) on \(version)\(blocking ? ", blocking," : "") was put on record by a \(role), "
            + "to be settled by \(dueAt): \(summary)"
    }
}

extension ProvenanceRecorded {
    fileprivate var sentence: String {
        let what = file.isEmpty ? "\(version)" : "\(file) of \(version)"
        let from =
            materials == 1
            ? "1 material" : materials == 0 ? "no named material" : "\(materials) materials"
        return "\(principal) signed that the builder \(builder) built \(what) from \(from)."
    }
}

extension AbstentionRecorded {
    fileprivate var sentence: String {
        switch meaning {
        case .abstain: "A \(role) abstained from judging \(version): \(reason)"
        case .recuse: "A \(role) is not to judge \(version): \(reason)"
        }
    }
}

extension LegacyImported {
    fileprivate var sentence: String {
        let list = items.map { "\($0.model) in \($0.environment), due by \($0.dueAt)" }
        return "Came in as legacy, not approved: \(list.joined(separator: "; ")). Reason: \(reason)"
    }
}

extension EnvironmentObserved {
    fileprivate var sentence: String {
        let what =
            differences == 0
            ? "What ran there was what may run there"
            : "Of what ran there \(runningNotPermitted) was not permitted and \(digestDiffers) had "
                + "other bytes, and \(permittedNotRunning) permitted did not run"
        return
            "An agent saw \(items) things of \(namespace) in \(environment) at \(takenAt). \(what). "
            + "The next look is due by \(dueAt)."
    }
}

extension WaiverRecorded {
    fileprivate var sentence: String {
        "A \(role) waived the rule \(rule) for \(version) until \(expiresAt): \(reason)"
    }
}

extension VersionAlerted {
    fileprivate var sentence: String {
        "\(cause == .drift ? "Drift" : "An incident") of \(version): \(words)"
    }
}

extension TierDetermined {
    fileprivate var sentence: String {
        let roles = signers.map(\.role.description).joined(separator: " and a ")
        return "A \(roles) put \(version) into tier \(tier), of whose card the pack makes "
            + "\(derived): \(reason)"
    }
}

extension BreakGlassRecorded {
    fileprivate var sentence: String {
        let roles = signers.map(\.role.description).joined(separator: " and a ")
        return "A \(roles) broke the glass for \(version) in \(environment) until \(expiresAt), "
            + "\(incident): \(reason)"
    }
}

extension BreakGlassReviewed {
    fileprivate var sentence: String {
        "A \(role) found the emergency \(breakGlass) of \(version) \(verdict.rawValue): \(reason)"
    }
}

extension FindingClosed {
    fileprivate var sentence: String {
        "The finding \(finding) on \(version) was closed as \(resolution.rawValue): \(reason)"
    }
}

extension GateAsked {
    fileprivate var sentence: String {
        "The \(gate.rawValue) gate was asked about \(version) in \(environment) "
            + "without commitment; its answer was \(verdict.rawValue)."
    }
}

extension GateDenied {
    fileprivate var sentence: String {
        switch gate {
        case .submit: "The submit gate refused a new version of \(subject)."
        case .approve: "The approve gate refused an approval of \(subject)."
        case .deploy, .retire: "The \(gate.rawValue) gate refused \(subject)."
        }
    }
}

extension DeploymentDecided {
    fileprivate var sentence: String {
        switch verdict {
        case .allow:
            "The deploy gate allowed \(version) in \(environment), as deployment "
                + "\(deployment)."
        case .deny: "The deploy gate denied \(version) in \(environment)."
        }
    }
}

extension DeploymentConfirmed {
    fileprivate var sentence: String {
        "Deployment \(deployment) of \(version) was confirmed to run in "
            + "\(environment)."
    }
}

extension DeploymentEnded {
    fileprivate var sentence: String {
        "Deployment \(deployment) of \(version) ended in \(environment): "
            + reason
    }
}

extension RunDecided {
    fileprivate var sentence: String {
        let subject = "\(decided.version) in \(decided.environment)"
        return switch decided.verdict {
        case .allow:
            "Deployment \(decided.deployment) of \(subject) may be started again until "
                + "\(decided.notAfter.map { "\($0)" } ?? "a time unknown")."
        case .deny:
            "The gate denied a permit to start deployment \(decided.deployment) of \(subject) again."
        }
    }
}

extension StatusListed {
    fileprivate var sentence: String { "A status list was signed, good until \(validUntil)." }
}

extension RetirementDecided {
    fileprivate var sentence: String {
        switch verdict {
        case .allow: "\(version) was retired: \(reason)"
        case .deny: "The retire gate denied the retirement of \(version): \(reason)"
        }
    }
}

extension HoldPlaced {
    fileprivate var sentence: String { "A hold was placed on \(scope) by \(namespace): \(reason)" }
}

extension HoldReleased {
    fileprivate var sentence: String { "A hold on \(scope) was released by two people: \(reason)" }
}

extension ErasureRefused {
    fileprivate var sentence: String {
        "The erasure of the personal data of \(subject) was refused: "
            + grounds.map(\.detail).joined(separator: " ")
    }
}

extension SubjectErased {
    fileprivate var sentence: String {
        "The personal data of \(subject) was erased: \(commitments.count) values, whose commitments "
            + "stay."
    }
}

extension DisposalRefused {
    fileprivate var sentence: String {
        "The disposal of documents of \(version) was refused: "
            + grounds.map(\.detail).joined(separator: " ")
    }
}

extension DocumentsDisposed {
    fileprivate var sentence: String {
        "\(count) documents of \(version) were disposed of, \(bytes) bytes, after \(keptUntil); their "
            + "digests stay."
    }
}

extension ActorsCounted {
    fileprivate var sentence: String {
        "The first \(size) entries were counted: \(actors) actors, \(subjects) subjects."
    }
}

extension LogHeartbeat {
    fileprivate var sentence: String {
        "Nothing had happened since \(quietSince); the log had \(size) entries."
    }
}

extension AccessRefused {
    fileprivate var sentence: String {
        "\(count) requests were refused between \(from) and \(until)."
    }
}

extension EvidenceRead {
    fileprivate var sentence: String {
        "Evidence was read (\(what)\(subject.map { " of \($0)" } ?? "")), \(count) times "
            + "between \(from) and \(until)."
    }
}

extension LogRecovered {
    fileprivate var sentence: String {
        "This log takes the place of \(formerOrigin), whose entries \(lostFrom) to before "
            + "\(lostTo) are lost or in doubt: \(reason)"
    }
}

extension RestrictionCarried {
    fileprivate var sentence: String {
        "Whatever has the bytes of \(former) is suspended, by the former log's \(formerKind.rawValue): "
            + reason
    }
}
