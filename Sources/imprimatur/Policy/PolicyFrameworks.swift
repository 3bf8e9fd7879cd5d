// `imprimatur policy frameworks`: which laws and standards count on a day, and what shows that they are met.

internal import ArgumentParser
internal import CanonicalJSON
internal import Governance
internal import OfflineCommands

/// Lists frameworks, or the evidence for their controls in a report.
struct PolicyFrameworks: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "frameworks",
        abstract:
            "Show which laws and standards count on a day, and the evidence for their controls.",
        discussion: """
            With --report, for each version of the model what shows a control and since when; no evidence, no \
            claim. Exit codes: 0 shown, 2 cannot be read, 64 usage.
            """)

    @Option(
        help: ArgumentHelp("The day, in UTC; without it today.", valueName: "2027-12-02"),
        transform: { text in
            guard let day = Day(text) else {
                throw ValidationError("A day is wanted, like 2027-12-02.")
            }
            return day
        })
    var at: Day?

    @Option(
        help: ArgumentHelp(
            "The pack's folder; without it the pack in this binary.", valueName: "folder"))
    var pack = "-"

    @Option(
        help: ArgumentHelp(
            "A report of a model; check it with `imprimatur report check` first.", valueName: "file"
        ))
    var report: String?

    @OptionGroup var format: Format

    func run() throws {
        let pack = try PolicyFolder.pack(pack)
        let day = at ?? Day(SystemClock.now())
        guard let report else { return list(pack, day) }
        let evidence = try pack.evidence(in: PolicySimulate.document(report), on: day)
        guard !format.json else {
            return Console.out([
                "day": .string(day.description), "evidence": .array(evidence.map(\.json)),
            ])
        }
        var version = ""
        for item in evidence {
            if item.version != version { Console.out("\(item.version), controls on \(day)") }
            version = item.version
            let claim =
                item.since.map { "since \($0) (entry \(item.index ?? 0)): \(item.query)" }
                ?? "no evidence, no claim"
            Console.out("  \(item.control)  \(item.title): \(claim)")
        }
    }

    private func list(_ pack: PolicyPack, _ day: Day) {
        let frameworks = pack.frameworks(on: day)
        if format.json {
            return Console.out([
                "day": .string(day.description),
                "frameworks": .array(frameworks.map { $0.json(on: day) }),
            ])
        }
        for framework in frameworks {
            let days = framework.validity.words
            Console.out(
                "\(framework.id)  \(framework.title) (\(framework.kind.rawValue)"
                    + "\(days.isEmpty ? "" : ", \(days)"))")
            if !framework.note.isEmpty { Console.out("  note: \(framework.note)") }
            for control in framework.controls {
                let counts =
                    control.validity.contains(day) ? "" : " (not yet: \(control.validity.words))"
                Console.out("  \(framework.id)/\(control.id)  \(control.title)\(counts)")
            }
        }
        for framework in pack.frameworks where !framework.validity.contains(day) {
            let next = framework.supersededBy.map { ", superseded by \($0)" } ?? ""
            Console.out("not on \(day): \(framework.id) (\(framework.validity.words)\(next))")
        }
    }
}

extension Framework {
    fileprivate func json(on day: Day) -> JSON {
        [
            "id": .string(id), "title": .string(title), "kind": .string(kind.rawValue),
            "effectiveFrom": validity.from.map { .string($0.description) } ?? .null,
            "effectiveUntil": validity.until.map { .string($0.description) } ?? .null,
            "note": .string(note), "source": .string(source),
            "controls": .array(
                controls.map {
                    [
                        "id": .string("\(id)/\($0.id)"), "title": .string($0.title),
                        "counts": .bool($0.validity.contains(day)),
                        "effectiveFrom": $0.validity.from.map { .string($0.description) } ?? .null,
                    ]
                }),
        ]
    }
}
