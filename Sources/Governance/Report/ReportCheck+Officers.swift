// Step 8 of checking a report, continued: what officers signed about a version, or about models that run.
//
// Each is signed by everybody that it names, entitled when the log took it, and says what its line says.
// Whether a closure, a lift or a waiver counts is for the gate to say: that is in its decisions.

internal import Attestation
internal import CanonicalJSON
internal import Cryptography

extension ReportCheck {
    mutating func check(_ event: VersionLifted, _ time: Timestamp, at place: JSONPointer) {
        check(SuspensionLift.self, event.document, event.statement, time, at: place) {
            $0.version == event.version && $0.restriction == event.restriction
                && $0.reason == event.reason
        }
    }

    mutating func check(_ event: FindingRaised, _ time: Timestamp, at place: JSONPointer) {
        check(ValidationFinding.self, event.document, event.statement, time, at: place) {
            FindingRaised($0, statement: event.statement, document: event.document) == event
        }
    }

    mutating func check(_ event: FindingClosed, _ time: Timestamp, at place: JSONPointer) {
        check(FindingClosure.self, event.document, event.statement, time, at: place) {
            $0.version == event.version && $0.finding == event.finding
                && $0.resolution == event.resolution && $0.reason == event.reason
        }
    }

    mutating func check(_ event: AbstentionRecorded, _ time: Timestamp, at place: JSONPointer) {
        check(Abstention.self, event.document, event.statement, time, at: place) {
            AbstentionRecorded($0, statement: event.statement, document: event.document) == event
        }
    }

    mutating func check(_ event: WaiverRecorded, _ time: Timestamp, at place: JSONPointer) {
        check(Waiver.self, event.document, event.statement, time, at: place) {
            WaiverRecorded($0, statement: event.statement, document: event.document) == event
        }
    }

    mutating func check(_ event: TierDetermined, _ time: Timestamp, at place: JSONPointer) {
        check(TierDetermination.self, event.document, event.statement, time, at: place) {
            TierDetermined($0, statement: event.statement, document: event.document) == event
        }
    }

    mutating func check(_ event: BreakGlassRecorded, _ time: Timestamp, at place: JSONPointer) {
        check(BreakGlass.self, event.document, event.statement, time, at: place) {
            BreakGlassRecorded(
                $0, statement: event.statement, document: event.document,
                reviewDueAt: event.reviewDueAt) == event
        }
        // In no statement: the service's word, which the pack has to bear out.
        if let problem = packInForce.flatMap({ event.reviewProblem(under: $0) }) {
            find(place, "authority", "The glass was broken, but \(problem).")
        }
    }

    mutating func check(_ event: BreakGlassReviewed, _ time: Timestamp, at place: JSONPointer) {
        check(BreakGlassReview.self, event.document, event.statement, time, at: place) {
            BreakGlassReviewed($0, statement: event.statement, document: event.document) == event
        }
    }

    /// The import is signed by two officers who may, and lists what the line lists. Who made a version that
    /// is tolerated by it is for the gate to ask: there may be none yet.
    mutating func check(_ event: LegacyImported, _ time: Timestamp, at place: JSONPointer) {
        guard
            let (envelope, imported) = read(
                LegacyImport.self, event.document, event.statement, at: place)
        else { return }
        let problems = imported.problems(
            signers: identities.signers(of: envelope), chain: identities.chain,
            origin: root.origin, at: time)
        if !problems.isEmpty {
            let codes = problems.map(\.code).joined(separator: ", ")
            find(place, "authority", "The import does not count: \(codes).")
        }
        let again = LegacyImported(
            imported, statement: event.statement, document: event.document)
        expect(again == event, place, "The signed statement says something else than the line.")
    }

    /// The statement of a line, or a finding.
    private mutating func read<S: PredicateStatement>(
        _ type: S.Type, _ document: SHA256Digest, _ payload: SHA256Digest, at place: JSONPointer
    ) -> (envelope: Envelope, signed: S)? {
        guard let (envelope, statement) = statement(document, payload, at: place) else {
            return nil
        }
        guard let signed = try? S(reading: statement) else {
            let kind = S.predicateType.split(separator: "/").dropLast().last ?? ""
            find(place, "statement", "The statement is no \(kind).")
            return nil
        }
        return (envelope, signed)
    }

    private mutating func check<S: OfficerStatement>(
        _ type: S.Type, _ document: SHA256Digest, _ payload: SHA256Digest, _ time: Timestamp,
        at place: JSONPointer, saysSo: (S) -> Bool
    ) {
        guard let (envelope, signed) = read(type, document, payload, at: place) else { return }
        expect(
            signed.origin == root.origin && saysSo(signed), place,
            "The signed statement says something else than the line.")
        let keys = identities.signers(of: envelope)
        for signer in signed.signers {
            let problems = signer.problems(
                in: signed.version.model.namespace, keys: keys, chain: identities.chain, at: time)
            guard !problems.isEmpty else { continue }
            let codes = problems.map(\.code).joined(separator: ", ")
            find(place, "authority", "\(signer.principal) does not count: \(codes).")
        }
    }
}
