// Where a replay may begin instead of at the first entry: the rows that an earlier one had made.
//
// A file that the auditor keeps. Its first line is the RFC 8785 text of
//
//     {"origin":"example.com/log","root":"<hex>","size":10240,
//      "tables":[{"name":"subject","rows":812}, …],"type":"imprimatur-replay-state/v1"}
//
// and after it come the rows of each table in that order, one a line, as `COPY … TO STDOUT` writes them.
// It is written where the log has a digest of all projections (`projections.digested`) and kept only when
// the whole replay found nothing. It is used only where the log still has that digest: the tree of the
// log has the root of that size, the rows loaded again have the digest of every table, and no table is
// without one. Anything else, a changed byte in a row or a row more, less or elsewhere, is refused, and
// the replay begins at the first entry.

internal import CanonicalJSON
internal import Cryptography
internal import Database
internal import Glibc
internal import Governance
internal import TransparencyLog

/// The first line of a state.
struct ReplayState: Sendable, Hashable {
    let origin: String
    /// How many entries made the rows.
    let size: Int64
    /// Root of the log's tree at that size.
    let root: SHA256Digest
    /// The tables in the order of the file, with their rows.
    let tables: [Table]

    /// The rows of one table.
    struct Table: Sendable, Hashable {
        let name: String
        let rows: Int64
    }

    static let type = "imprimatur-replay-state/v1"
    private static let longestHeader = 65_536

    /// Why a state is no beginning; the replay begins at the first entry then.
    struct Refused: Error {
        let reason: String
    }

    // MARK: the first line

    private var header: [UInt8] {
        let json: JSON = [
            "type": .string(Self.type), "origin": .string(origin), "size": .integer(size),
            "root": .digest(root),
            "tables": .array(
                tables.map { ["name": .string($0.name), "rows": .integer($0.rows)] }),
        ]
        return json.canonicalBytes
    }

    private init(header: [UInt8]) throws {
        guard let json = try? JSON(parsing: header, limits: .own), json.object?.count == 5,
            json["type"]?.string == Self.type, let origin = json["origin"]?.string,
            let size = json["size"]?.integer, size > 0,
            let root = json["root"]?.string.flatMap({ SHA256Digest(hex: $0) }),
            let listed = json["tables"]?.array
        else { throw Refused(reason: "its first line is malformed") }
        let tables = listed.compactMap { table -> Table? in
            guard let name = table["name"]?.string, let rows = table["rows"]?.integer, rows >= 0
            else { return nil }
            return Table(name: name, rows: rows)
        }
        guard tables.map(\.name) == Projection.Table.allCases.map(\.rawValue) else {
            throw Refused(reason: "it has other tables than this program")
        }
        self.init(origin: origin, size: size, root: root, tables: tables)
    }

    private init(origin: String, size: Int64, root: SHA256Digest, tables: [Table]) {
        self.origin = origin
        self.size = size
        self.root = root
        self.tables = tables
    }

    // MARK: writing

    /// Writes the replayed tables as they are now, beside `path`; `keep` puts the file in its place.
    static func write(
        _ path: String, origin: String, at digested: ProjectionsDigested, _ db: borrowing Connection
    ) throws {
        let size = digested.size
        let state = ReplayState(
            origin: origin, size: size,
            root: try MerkleTree.root(treeSize: size) { try LogTiles.load($0, db) },
            tables: Projection.Table.allCases.map {
                Table(name: $0.rawValue, rows: digested.tables[$0.rawValue]?.rows ?? 0)
            })
        let draft = Self.draft(of: path)
        unlink(draft)
        guard let file = fopen(draft, "wxe") else {
            throw FileError("create", draft, errno: errno)
        }
        defer { fclose(file) }
        fchmod(fileno(file), 0o600)
        func put(_ bytes: UnsafeRawBufferPointer) throws(FileError) {
            guard fwrite(bytes.baseAddress, 1, bytes.count, file) == bytes.count else {
                throw FileError("write", draft, errno: errno)
            }
        }
        try (state.header + [10]).withUnsafeBytes { try put($0) }
        for table in Projection.Table.allCases {
            try db.copyOut("COPY pg_temp.\(identifier: table) TO STDOUT") { try put($0) }
        }
        guard fflush(file) == 0, fsync(fileno(file)) == 0 else {
            throw FileError("flush", draft, errno: errno)
        }
    }

    /// Puts what was written in the place of the state before.
    static func keep(_ path: String) throws(FileError) {
        guard rename(draft(of: path), path) == 0 else {
            throw FileError("replace", path, errno: errno)
        }
        try File.flushFolder(of: path)
    }

    /// Forgets what was written.
    static func discard(_ path: String) { unlink(draft(of: path)) }

    private static func draft(of path: String) -> String { path + ".new" }

    // MARK: reading

    /// Loads the rows into the empty tables of a replay; throws `Refused` for a file that is not what the
    /// log says it must be, and leaves the tables empty then.
    ///
    /// - Parameter commitments: the digests in the log, by their sizes.
    static func load(
        _ path: String, origin: String, commitments: [Int64: ProjectionsDigested],
        _ db: borrowing Connection
    ) throws -> ReplayState {
        guard let file = fopen(path, "re") else {
            throw Refused(reason: "cannot be read: " + String(cString: strerror(errno)))
        }
        defer { fclose(file) }
        var lines = Lines(file: file)
        guard let first = try lines.next(limit: longestHeader) else {
            throw Refused(reason: "it is empty")
        }
        let state = try ReplayState(header: first)
        guard state.origin == origin else { throw Refused(reason: "it is of \(state.origin)") }
        guard let digested = commitments[state.size] else {
            throw Refused(reason: "the log has no digest of its tables at size \(state.size)")
        }
        let root = try? MerkleTree.root(treeSize: state.size) { try LogTiles.load($0, db) }
        guard root == state.root else {
            throw Refused(reason: "the log has another root at size \(state.size)")
        }
        do {
            try db.savepoint { db in
                try db.execute("SELECT")
                try state.fill(&lines, digested, db)
            }
        } catch let error as DatabaseError where error.kind == .server {
            throw Refused(reason: "its rows do not fit: \(error.message)")
        }
        return state
    }

    private func fill(
        _ lines: inout Lines, _ digested: ProjectionsDigested, _ db: borrowing Connection
    ) throws {
        for (table, listed) in zip(Projection.Table.allCases, tables) {
            var reader = lines
            try db.copyIn("COPY pg_temp.\(identifier: table) FROM STDIN") { writer in
                for _ in 0..<listed.rows {
                    guard let line = try reader.next(limit: Self.longestRow) else {
                        throw Refused(reason: "it ends before its last row")
                    }
                    try writer.write(line)
                    try writer.write([10])
                }
            }
            lines = reader
            guard let said = digested.tables[table.rawValue] else {
                throw Refused(reason: "no digest covers the table \(table.rawValue)")
            }
            guard try ProjectionDigest.again(said, of: table, in: .replay, db) == said else {
                throw Refused(
                    reason: "its table \(table.rawValue) has not the digest that the log has")
            }
        }
        guard try lines.next(limit: 1) == nil else {
            throw Refused(reason: "it goes on after its last row")
        }
    }

    private static let longestRow = 256 << 20

    /// The lines of an open file.
    private struct Lines {
        let file: UnsafeMutablePointer<FILE>

        /// The next line without its end; nil at the end of the file.
        mutating func next(limit: Int) throws -> [UInt8]? {
            var line: UnsafeMutablePointer<CChar>?
            var capacity = 0
            defer { free(line) }
            let count = getline(&line, &capacity, file)
            guard count > 0, let line else { return nil }
            let bytes = UnsafeRawBufferPointer(start: line, count: count)
            guard bytes.last == 10, count <= limit else {
                throw Refused(reason: "a line is too long or cut off")
            }
            return Array(bytes.dropLast())
        }
    }
}
