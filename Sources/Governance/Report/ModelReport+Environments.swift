// What a report says of the environments that agents looked at: the last look at each, and what follows.

internal import CanonicalJSON

extension ModelReport {
    /// One element for each environment, in order; empty when no agent ever looked.
    static func environments(_ source: Source) -> [JSON] {
        var last: [EnvironmentName: (index: Int64, event: EnvironmentObserved)] = [:]
        for line in source.lines {
            guard case .environmentObserved(let event) = line.entry.event,
                event.namespace == source.model.namespace
            else { continue }
            last[event.environment] = (line.index, event)
        }
        return last.sorted { $0.key < $1.key }.map { environment, seen in
            let event = seen.event
            let isOverdue = event.dueAt < source.asOf
            let running = event.running.filter { $0.model == source.model }
            var findings: [String] = []
            if isOverdue {
                findings.append(
                    "The last look at \(environment) was at \(event.takenAt), the next was due by "
                        + "\(event.dueAt): what runs there now is not known.")
            }
            if event.differences > 0 {
                findings.append(
                    "What ran in \(environment) was not what may run there: "
                        + "\(event.runningNotPermitted) not permitted, \(event.digestDiffers) with "
                        + "other bytes, \(event.permittedNotRunning) permitted and not running.")
            }
            return [
                "environment": .text(environment), "index": .integer(seen.index),
                "takenAt": .text(event.takenAt), "dueAt": .text(event.dueAt),
                "overdue": .bool(isOverdue), "running": .array(running.map(JSON.text)),
                "findings": .array(findings.map(JSON.string)),
            ]
        }
    }
}
