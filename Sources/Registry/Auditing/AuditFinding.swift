// What an audit says: every fault as a value with its place, and what of it an outside anchor
// proves.

package import CanonicalJSON

/// One fault in the record.
package struct AuditFinding: Sendable, Hashable {
    /// What kind of fault; the raw values are stable, for programs.
    package enum Kind: String, Sendable, Hashable, CaseIterable {
        case entryAltered = "entry-altered"
        case entryMissing = "entry-missing"
        case entryHashColumn = "entry-hash-column"
        case entryMalformed = "entry-malformed"
        case entryOrigin = "entry-origin"
        case entryUnauthentic = "entry-unauthentic"
        case entryTime = "entry-time"
        case entryUnplaced = "entry-unplaced"
        case entryReplayed = "entry-replayed"
        case entryMisplaced = "entry-misplaced"

        case leafAltered = "leaf-altered"
        case leafMissing = "leaf-missing"
        case leafDuplicate = "leaf-duplicate"
        case leafSurplus = "leaf-surplus"
        case leafEntry = "leaf-entry-altered"
        case chainAltered = "chain-altered"

        case tileAltered = "tile-altered"
        case tileMissing = "tile-missing"
        case tileSurplus = "tile-surplus"
        case tileDuplicate = "tile-duplicate"

        case headRows = "head-rows"
        case headOrigin = "head-origin"
        case headSize = "head-size"
        case headCompact = "head-compact"
        case headChain = "head-chain"

        case checkpointUnsigned = "checkpoint-unsigned"
        case checkpointColumns = "checkpoint-columns"
        case checkpointRoot = "checkpoint-root"
        case checkpointBeyond = "checkpoint-beyond"
        case checkpointMissing = "checkpoint-missing"
        case checkpointDuplicate = "checkpoint-duplicate"

        case pinUnreadable = "pin-unreadable"
        case pinContradicted = "pin-contradicted"
        case anchorUnreadable = "anchor-unreadable"
        case anchorContradicted = "anchor-contradicted"
        case logTruncated = "log-truncated"

        case pendingWithoutEntry = "pending-without-entry"
        case pendingPlaced = "pending-placed"

        case subjectGap = "subject-gap"
        case subjectRead = "subject-read"
        case countWrong = "count-wrong"

        case documentMissing = "document-missing"
        case documentAltered = "document-altered"
        case documentSurplus = "document-surplus"
        case disposalUnlawful = "disposal-unlawful"
        case disposedPresent = "disposed-present"

        case idempotencyMissing = "idempotency-missing"
        case idempotencyAltered = "idempotency-altered"
        case idempotencySurplus = "idempotency-surplus"

        case erasedPresent = "erased-present"
        case personalMissing = "personal-missing"

        case migrationMissing = "migration-missing"
        case migrationAltered = "migration-altered"
        case migrationSurplus = "migration-surplus"

        case tableMissing = "table-missing"

        case rowMissing = "row-missing"
        case rowSurplus = "row-surplus"
        case rowAltered = "row-altered"
        case rowDuplicate = "row-duplicate"
        case replayFailed = "replay-failed"
        case decisionDiffers = "decision-differs"
        case digestContradicted = "digest-contradicted"
    }

    /// Which row it is about.
    package enum Place: Sendable, Hashable {
        /// The table as a whole, or a file.
        case whole
        /// The place in the log.
        case index(Int64)
        /// The insert id of an entry.
        case id(Int64)
        /// The primary key as text; several columns as a JSON array.
        case key(String)
    }

    /// What proves the fault.
    package enum Anchor: Sendable, Hashable {
        /// It contradicts the root that is known outside the database for this size.
        case contradicts(size: Int64)
        /// Nothing outside the database covers it: whoever wrote the row may have written the rest.
        case unanchored
    }

    /// A column of a projection that is not what the log makes it.
    package struct Column: Sendable, Hashable {
        package let name: String
        /// As stored; bytes as `\x` and hex. Nil for NULL and for a row that is not there.
        package let live: String?
        /// As the log says.
        package let replayed: String?
    }

    package let kind: Kind
    /// The table with its schema, `audit.entry`; `pin` for the file.
    package let table: String
    package let place: Place
    package let anchor: Anchor
    /// A sentence for people.
    package let message: String
    /// The columns that differ; projections only.
    package var columns: [Column] = []

    package init(
        _ kind: Kind, _ table: String, _ place: Place, _ anchor: Anchor, _ message: String,
        columns: [Column] = []
    ) {
        self.kind = kind
        self.table = table
        self.place = place
        self.anchor = anchor
        self.message = message
        self.columns = columns
    }

    /// The finding as JSON.
    package var json: JSON {
        var members: [String: JSON] = [
            "kind": .string(kind.rawValue), "table": .string(table), "message": .string(message),
        ]
        switch place {
        case .whole: break
        case .index(let index): members["index"] = .integer(index)
        case .id(let id): members["id"] = .integer(id)
        case .key(let key): members["key"] = .string(key)
        }
        switch anchor {
        case .contradicts(let size): members["contradicts"] = .integer(size)
        case .unanchored: members["contradicts"] = .null
        }
        if !columns.isEmpty {
            members["columns"] = .array(
                columns.map { column in
                    [
                        "name": .string(column.name),
                        "live": column.live.map(JSON.string) ?? .null,
                        "replayed": column.replayed.map(JSON.string) ?? .null,
                    ]
                })
        }
        return .object(members)
    }
}

/// All findings up to a limit, and how many there were.
package struct AuditFindings: Sendable {
    /// Findings kept; beyond, they are only counted.
    package static let limit = 1_000

    /// The first of them, in the order they were met.
    package private(set) var kept: [AuditFinding] = []
    /// How many there are of each kind.
    package private(set) var counts: [AuditFinding.Kind: Int] = [:]

    package init() {}

    /// How many there are in all.
    package var total: Int { counts.values.reduce(0, +) }
    package var isEmpty: Bool { counts.isEmpty }

    package mutating func add(_ finding: AuditFinding) {
        counts[finding.kind, default: 0] += 1
        if kept.count < Self.limit { kept.append(finding) }
    }

    package mutating func add(_ findings: [AuditFinding]) {
        for finding in findings { add(finding) }
    }

    /// `findings` and `counts` of a report.
    var members: [String: JSON] {
        [
            "findings": .array(kept.map(\.json)),
            "findingCount": .integer(Int64(total)),
            "counts": .object(
                Dictionary(
                    uniqueKeysWithValues: counts.map { ($0.rawValue, .integer(Int64($1))) })),
        ]
    }
}
