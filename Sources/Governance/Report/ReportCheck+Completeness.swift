// Step 5 of checking a report: the counts that the log states have the report's own numbers.

internal import CanonicalJSON

extension ReportCheck {
    /// Compares what the stated maps say with the lines below their size (completeness).
    mutating func checkCompleteness(
        _ completeness: ReportCompleteness?, _ lines: [ReportLine], _ scope: ReportScope
    ) {
        let place = JSONPointer(["completeness"])
        guard let completeness else { return }
        guard let (counted, _) = completeness.counted(in: lines) else {
            find(
                place.appending("map"), "completeness",
                "There is no count of entries at index \(completeness.index).")
            return
        }
        guard counted.size <= completeness.index else {
            find(place.appending("map"), "completeness", "It counts entries that follow it.")
            return
        }
        let below = lines.filter { $0.index < counted.size }
        checkSubjects(completeness, counted, below, scope)
        checkActors(completeness, counted, below, scope)
        verdict.completeBelow = counted.size
    }

    private mutating func checkSubjects(
        _ completeness: ReportCompleteness, _ counted: ActorsCounted, _ lines: [ReportLine],
        _ scope: ReportScope
    ) {
        var here: [String: CountMap.Count] = [:]
        for line in lines {
            for (name, subject) in line.entry.subjects where subject.wrote && scope.isComplete(name)
            {
                here[name] = .init(count: (here[name]?.count ?? 0) + 1, last: line.index)
            }
        }
        let list = JSONPointer(["completeness", "subjects"])
        var proven: Set<String> = []
        for (position, proof) in completeness.subjects.enumerated() {
            let place = list.appending(position)
            guard proof.holds(in: counted.subjectMap) else {
                find(place, "completeness", "The count of \(proof.name) is not in the map.")
                continue
            }
            proven.insert(proof.name)
            guard here[proof.name] != proof.count else { continue }
            find(
                place, "completeness",
                "The log has \(proof.count.count) entries of \(proof.name) below \(counted.size), "
                    + "the last at \(proof.count.last); here are \(here[proof.name]?.count ?? 0).")
        }
        for name in here.keys.sorted(by: bytesPrecede) where !proven.contains(name) {
            find(list, "completeness", "The count of \(name) is missing.")
        }
    }

    private mutating func checkActors(
        _ completeness: ReportCompleteness, _ counted: ActorsCounted, _ lines: [ReportLine],
        _ scope: ReportScope
    ) {
        var here: [String: Int64] = [:]
        for actor in lines.compactMap(\.entry.actor) { here[actor.description, default: 0] += 1 }
        var proven: Set<String> = []
        for (position, proof) in completeness.actors.enumerated() {
            let place = JSONPointer(["completeness", "actors"]).appending(position)
            proven.insert(proof.name)
            if !proof.holds(in: counted.actorMap) {
                find(place, "completeness", "The count of \(proof.name) is not in the map.")
            } else if here[proof.name] ?? 0 > proof.count.count {
                find(
                    place, "completeness",
                    "\(proof.name) caused more entries here than the log counts.")
            }
        }
        for (position, proof) in completeness.absent.enumerated() {
            proven.insert(proof.name)
            if !proof.holds(in: counted.actorMap) || here[proof.name] != nil {
                find(
                    JSONPointer(["completeness", "absent"]).appending(position), "completeness",
                    "That the map does not have \(proof.name) is not shown.")
            }
        }
        for name in scope.people.map(\.description).sorted(by: bytesPrecede)
        where !proven.contains(name) {
            find(
                JSONPointer(["completeness", "actors"]), "completeness",
                "The count of \(name) is missing.")
        }
    }
}
