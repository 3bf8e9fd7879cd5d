// The tamper matrix: what a superuser may do to every table, column by column, and how it is named.
//
// Hundreds of cases run over one database: each inside a savepoint that is rolled back, verified over
// the same connection. A case says what must be named (table, place, kind, anchored size); beside it
// only consequences are allowed, so a fault is never blamed on a table that nobody touched.

import Database
import Registry
import Testing

/// One manipulation.
struct MatrixCase: Sendable {
    /// Distinct: what is done to which column of which row.
    let name: String
    let statements: [String]
    /// Every finding that must be there.
    let expected: [Expected]
    /// Kinds that may be found too, because what was damaged spoke of other rows.
    var consequences: Set<AuditFinding.Kind> = []

    struct Expected: Sendable {
        let kind: AuditFinding.Kind
        let table: String
        let place: AuditFinding.Place
        /// Whether the pin covers it; what lies beside the log no anchor speaks of.
        var isAnchored = true
    }

    init(
        _ name: String, _ statements: [String], _ expected: [Expected],
        consequences: Set<AuditFinding.Kind> = []
    ) {
        self.name = name
        self.statements = statements
        self.expected = expected
        self.consequences = consequences
    }

    /// What is wrong with the findings; empty when the case is named as it must be.
    func faults(in findings: AuditFindings, pinned size: Int64) -> [String] {
        var faults: [String] = []
        for wanted in expected {
            let found = findings.kept.first {
                $0.kind == wanted.kind && $0.table == wanted.table && $0.place == wanted.place
            }
            guard let found else {
                faults.append("not named: \(wanted.kind.rawValue) \(wanted.table) \(wanted.place)")
                continue
            }
            let anchor: AuditFinding.Anchor =
                wanted.isAnchored ? .contradicts(size: size) : .unanchored
            if found.anchor != anchor { faults.append("anchored as \(found.anchor)") }
        }
        let allowed = Set(expected.map(\.kind)).union(consequences)
        for (kind, count) in findings.counts where !allowed.contains(kind) {
            faults.append("blames \(kind.rawValue), \(count) times")
        }
        return faults
    }
}

extension MatrixCase.Expected {
    static func entry(_ kind: AuditFinding.Kind, _ index: Int64) -> Self {
        Self(kind: kind, table: "audit.entry", place: .index(index))
    }

    static func leaf(_ kind: AuditFinding.Kind, _ index: Int64) -> Self {
        Self(kind: kind, table: "audit.leaf", place: .index(index))
    }

    static func tile(_ kind: AuditFinding.Kind, _ level: Int, _ number: Int64) -> Self {
        Self(kind: kind, table: "audit.tile", place: .key("[\(level), \(number)]"))
    }

    static func beside(
        _ kind: AuditFinding.Kind, _ table: String, _ place: AuditFinding.Place
    ) -> Self {
        Self(kind: kind, table: table, place: place, isAnchored: false)
    }
}

/// What an entry that cannot be believed any more leaves behind: numbers, times, documents and retry
/// keys of which nobody speaks now.
let tracesOfLostEntries: Set<AuditFinding.Kind> = [
    .subjectGap, .subjectRead, .entryTime, .documentSurplus, .idempotencySurplus,
    .idempotencyAltered, .entryUnauthentic, .entryMalformed, .entryMisplaced, .entryOrigin,
    .personalMissing, .erasedPresent,
]
