// What the projections were at one size of the log: a commitment that a later replay must meet.
//
//     {"size":10240,"tables":{"approval":{"columns":["document",…],"digest":"<hex>","rows":12},…}}
//
// The service reads all projections in one snapshot in which no committed entry waits for its place, so
// that they are exactly what the first `size` entries make. The digest of a table is SHA-256 over the
// SHA-256 of each row, in the order of these hashes; a row is hashed as PostgreSQL's jsonb text of the
// named columns, in UTC. Columns that a later migration adds are no part of an earlier digest.

package import CanonicalJSON
package import Cryptography

/// The service committed to every projection.
package struct ProjectionsDigested: EventPayload {
    package static let kind = "projections.digested"

    /// One table at that size.
    package struct Table: Sendable, Hashable {
        /// The columns that the digest covers, ascending.
        package let columns: [String]
        package let digest: SHA256Digest
        package let rows: Int64

        package init(columns: [String], digest: SHA256Digest, rows: Int64) {
            self.columns = columns
            self.digest = digest
            self.rows = rows
        }

        fileprivate init?(_ json: JSON) {
            guard json.object?.count == 3, let names = json["columns"]?.array,
                let digest = json["digest"]?.string.flatMap({ SHA256Digest(hex: $0) }),
                let rows = json["rows"]?.integer, rows >= 0
            else { return nil }
            let columns = names.compactMap(\.string)
            guard columns.count == names.count, !columns.isEmpty else { return nil }
            self.init(columns: columns, digest: digest, rows: rows)
        }

        fileprivate var json: JSON {
            [
                "columns": .array(columns.map(JSON.string)), "digest": .digest(digest),
                "rows": .integer(rows),
            ]
        }
    }

    /// The number of entries that made the tables.
    package let size: Int64
    /// By the name of the table.
    package let tables: [String: Table]

    package init(size: Int64, tables: [String: Table]) {
        self.size = size
        self.tables = tables
    }

    package init?(_ reader: inout EventReader) {
        let read = reader.value("tables") { json -> [String: Table]? in
            guard let members = json.object else { return nil }
            let tables = members.compactMapValues { Table($0) }
            return tables.count == members.count ? tables : nil
        }
        guard let size = reader.integer("size"), let read else { return nil }
        self.init(size: size, tables: read)
    }

    package var members: [String: JSON] {
        ["size": .integer(size), "tables": .object(tables.mapValues(\.json))]
    }
}
