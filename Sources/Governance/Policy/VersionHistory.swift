// What happened to a version, as the facts that evidence queries of frameworks read.
//
//     version    "credit/scorecard@3"
//     events     what was recorded: {kind, time}, such as kind "version.submitted"
//     decisions  what was decided: {gate, verdict, time}
//     passed     rules that passed in a decision that allowed: {rule, gate, time}

package import CanonicalJSON
internal import Cryptography
internal import Expressions

/// The recorded past of one version, in the order of the log.
package struct VersionHistory: Sendable {
    package let version: VersionReference
    private(set) var events: [JSON] = []
    private(set) var decisions: [JSON] = []
    private(set) var passed: [JSON] = []

    /// Nothing yet.
    package init(_ version: VersionReference) { self.version = version }

    /// Adds an entry, and the document of the decision that it records, if it is at hand.
    package mutating func add(_ entry: Entry, decision: JSON?) {
        let time = JSON.text(entry.time)
        events.append(["kind": .string(entry.event.kind), "time": time])
        guard let recorded = entry.decision else { return }
        decisions.append([
            "gate": .string(recorded.gate.rawValue), "verdict": .string(recorded.verdict.rawValue),
            "time": time,
        ])
        guard recorded.verdict == .allow else { return }
        for rule in decision?["rules"]?.array ?? [] where rule["result"] == "pass" {
            passed.append([
                "rule": rule["id"] ?? "", "gate": .string(recorded.gate.rawValue), "time": time,
            ])
        }
    }

    var binding: CELBinding {
        CELBinding(
            each: [
                "version": .text(version), "events": .array(events),
                "decisions": .array(decisions), "passed": .array(passed),
            ], Self.environment)
    }

    func hasPassed(_ rules: [String]) -> Bool {
        let names = Set(passed.compactMap { $0["rule"]?.string })
        return !rules.isEmpty && rules.allSatisfy(names.contains)
    }

    /// The variables of evidence queries.
    static let environment: CELEnvironment = {
        func record(_ name: String, _ fields: String...) -> CELType {
            .list(
                .record(
                    CELRecordType(
                        name,
                        fields.map { CELField($0, .string) } + [CELField("time", .timestamp)])))
        }
        return CELEnvironment([
            CELField("version", .string), CELField("events", record("event", "kind")),
            CELField("decisions", record("decision", "gate", "verdict")),
            CELField("passed", record("passed", "rule", "gate")),
        ])
    }()
}

/// Whether a control is shown for a version, and since when.
package struct ControlEvidence: Sendable, Hashable {
    package let version: String
    package let control: ControlName
    package let title: String
    /// What shows it: the rules, or the query.
    package let query: String
    /// The entry's time since when it is shown without a gap; nil where nothing shows it: no claim.
    package let since: Timestamp?
    /// The index of that entry.
    package let index: Int64?

    /// `{"control","index","query","since","title","version"}`.
    package var json: JSON {
        [
            "version": .string(version), "control": .text(control), "title": .string(title),
            "query": .string(query), "since": since.map(JSON.text) ?? .null,
            "index": index.map(JSON.integer) ?? .null,
        ]
    }
}

extension PolicyPack {
    /// What a report shows of the controls that count on a day, version by version.
    ///
    /// The report's proofs are not looked at: that does `report check`.
    ///
    /// - Throws: every fault of the report's form.
    package func evidence(
        in report: JSON, on day: Day
    ) throws(JSONFindings) -> [ControlEvidence] {
        let source = try ReportSource(report)
        var histories: [VersionReference: VersionHistory] = [:]
        var order: [VersionReference] = []
        var since: [VersionReference: [ControlName: (time: Timestamp, index: Int64)]] = [:]
        let controls = frameworks(on: day).flatMap { framework in
            framework.controls.filter { $0.validity.contains(day) }.compactMap { control in
                ControlName("\(framework.id)/\(control.id)").map { ($0, control) }
            }
        }
        for line in source.lines {
            guard let signed = try? SignedEntry(parsing: line.entry),
                let entry = try? Entry(parsing: signed.payload)
            else { continue }
            let touched = entry.subjects.keys.compactMap { name in
                name.utf8.starts(with: "version/".utf8)
                    ? VersionReference(String(name.dropFirst("version/".count))) : nil
            }
            let decision = entry.decision.flatMap { source.documents[$0.decision] }
                .flatMap { try? JSON(parsing: $0) }
            for version in touched.sorted(by: { $0.number < $1.number }) {
                if histories[version] == nil { order.append(version) }
                var history = histories[version] ?? VersionHistory(version)
                history.add(entry, decision: decision)
                histories[version] = history
                let binding = history.binding
                for (name, control) in controls {
                    let isShown =
                        control.evidence.map { $0.evaluate(binding).holds }
                        ?? history.hasPassed(rules(serving: name))
                    if !isShown {
                        since[version]?[name] = nil
                    } else if since[version]?[name] == nil {
                        since[version, default: [:]][name] = (entry.time, line.index)
                    }
                }
            }
        }
        return order.flatMap { version in
            controls.map { name, control in
                let found = since[version]?[name]
                return ControlEvidence(
                    version: version.description, control: name, title: control.title,
                    query: control.evidence?.syntax.description
                        ?? rules(serving: name).joined(separator: ", "),
                    since: found?.time, index: found?.index)
            }
        }
    }
}
