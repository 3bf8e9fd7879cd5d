// What a report says of a model that ran before anybody asked for approval.

internal import CanonicalJSON

extension ModelReport {
    /// One element for each import, in the order of the log; empty when nothing was imported.
    ///
    /// `approvedAt` is the index of the first decision that allowed these bytes there with nothing
    /// tolerated; null as long as there is none.
    static func legacy(_ source: Source) -> [JSON] {
        source.lines.flatMap { line -> [JSON] in
            guard case .legacyImported(let event) = line.entry.event else { return [] }
            return event.items.filter { $0.model == source.model }.map { item in
                let approved = source.lines.first { approves($0, item, source) }
                let isOverdue = approved == nil && item.dueAt <= source.asOf
                return [
                    "artifact": .digest(item.artifact), "environment": .text(item.environment),
                    "dueAt": .text(item.dueAt), "index": .integer(line.index),
                    "overdue": .bool(isOverdue),
                    "approvedAt": approved.map { .integer($0.index) } ?? .null,
                ]
            }
        }
    }

    private static func approves(
        _ line: ReportLine, _ item: LegacyImport.Item, _ source: Source
    ) -> Bool {
        guard case .deploymentDecided(let event) = line.entry.event, event.verdict == .allow,
            event.version.model == item.model, event.artifact == item.artifact,
            event.environment == item.environment,
            let bytes = source.documents[event.decision], let decision = try? JSON(parsing: bytes)
        else { return false }
        return (decision["rules"]?.array ?? []).allSatisfy {
            ($0["id"]?.string != LegacyTolerance.rule || $0["result"]?.string == "pass")
                && $0["result"]?.string != RuleResult.overridden.rawValue
        }
    }
}
