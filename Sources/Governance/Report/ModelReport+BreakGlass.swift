// What a report says of emergencies: what each permitted, whether it was reviewed, what is still to be done.

internal import CanonicalJSON
internal import Cryptography

extension ModelReport {
    /// One element for each break-glass, in the order of the log; empty when there was none.
    ///
    /// `deployments` are those that were permitted only by it; `findings` says what stands open at the time
    /// of the report, and `halt` the commands that whoever runs the environment has to give now.
    static func breakGlass(_ source: Source) -> [JSON] {
        source.lines.flatMap { line -> [JSON] in
            guard case .breakGlassRecorded(let event) = line.entry.event,
                event.version.model == source.model
            else { return [] }
            let review = source.lines.lazy.compactMap { line -> (Int64, BreakGlassReviewed)? in
                guard case .breakGlassReviewed(let review) = line.entry.event,
                    review.breakGlass == event.statement
                else { return nil }
                return (line.index, review)
            }.first
            let deployments = deployments(under: event, source)
            let standing = BreakGlassStanding(
                expiresAt: event.expiresAt, reviewDueAt: event.reviewDueAt,
                verdict: review?.1.verdict, running: running(deployments, source))
            let halts = standing.halts(at: source.asOf).map { reason in
                "The emergency \(event.incident) of \(event.version) in \(event.environment): \(reason)."
            }
            return [
                [
                    "statement": .digest(event.statement), "index": .integer(line.index),
                    "version": .text(event.version), "environment": .text(event.environment),
                    "incident": .string(event.incident), "expiresAt": .text(event.expiresAt),
                    "reviewDueAt": .text(event.reviewDueAt),
                    "verdict": review.map { .string($0.1.verdict.rawValue) } ?? .null,
                    "reviewedAt": review.map { .integer($0.0) } ?? .null,
                    "deployments": .array(deployments.map(JSON.string)),
                    "findings": .array(halts.map(JSON.string)),
                    "halt": .array(standing.commands(at: source.asOf).map(JSON.string)),
                ]
            ]
        }
    }

    /// The deployments whose decision rests on the emergency; one whose decision cannot be read does too.
    private static func deployments(
        under glass: BreakGlassRecorded, _ source: Source
    ) -> [String] {
        source.lines.compactMap { line in
            guard case .deploymentDecided(let event) = line.entry.event, event.verdict == .allow,
                event.version == glass.version, event.environment == glass.environment
            else { return nil }
            guard let bytes = source.documents[event.decision],
                let decision = try? JSON(parsing: bytes)
            else { return event.deployment }
            let use = BreakGlassUse(document: decision)
            return use?.statement == glass.statement.hex ? event.deployment : nil
        }
    }

    /// Those that were confirmed to run, and not said to have ended.
    private static func running(_ deployments: [String], _ source: Source) -> [String] {
        var running: Set<String> = []
        for line in source.lines {
            switch line.entry.event {
            case .deploymentConfirmed(let event): running.insert(event.deployment)
            case .deploymentEnded(let event): running.remove(event.deployment)
            default: break
            }
        }
        return deployments.filter { running.contains($0) }
    }
}
