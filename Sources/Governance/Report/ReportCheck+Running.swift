// Step of checking a report: what agents signed about environments says what the lines say.

internal import Attestation
internal import CanonicalJSON
internal import Cryptography

extension ReportCheck {
    /// The snapshot is signed by somebody entitled to, and its comparison has the line's numbers.
    mutating func check(
        _ event: EnvironmentObserved, _ time: Timestamp, at place: JSONPointer
    ) {
        guard let (envelope, statement) = statement(event.document, event.statement, at: place)
        else { return }
        guard let snapshot = try? EnvironmentSnapshot(reading: statement) else {
            find(place, "statement", "The statement is no snapshot of an environment.")
            return
        }
        let problems = snapshot.problems(
            origin: root.origin, keys: identities.signers(of: envelope), chain: identities.chain,
            at: time)
        if !problems.isEmpty {
            let codes = problems.map(\.code).joined(separator: ", ")
            find(place, "authority", "\(snapshot.signer.principal) does not count: \(codes).")
        }
        let agrees =
            snapshot.namespace == event.namespace && snapshot.environment == event.environment
            && snapshot.signer.principal == event.principal && snapshot.takenAt == event.takenAt
            && Int64(snapshot.items.count) == event.items
        if !agrees {
            find(place, "statement", "The signed statement says something else than the line.")
        }
        guard let record = documents[event.comparison].flatMap({ try? JSON(parsing: $0) }) else {
            return
        }
        func count(_ kind: EnvironmentComparison.Difference.Kind) -> Int64 {
            Int64(
                (record["differences"]?.array ?? []).count {
                    $0["kind"]?.string == kind.rawValue
                })
        }
        let follows =
            record["statement"]?.string == event.statement.hex
            && record["running"]?.array == event.running.map(JSON.text)
            && count(.runningNotPermitted) == event.runningNotPermitted
            && count(.permittedNotRunning) == event.permittedNotRunning
            && count(.digestDiffers) == event.digestDiffers
        if !follows {
            find(place, "statement", "The comparison says something else than the line.")
        }
    }
}
