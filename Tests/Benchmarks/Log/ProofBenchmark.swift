// log.proof.*: an inclusion proof from stored tiles, in a log of ten million leaves beside one of a
// hundred thousand; and the curve between a thousand and ten million, as a picture.
//
// The tree is made of leaf hashes alone: what entries say does not matter to a proof. Tiles of a tree
// serve every smaller tree too, so one table holds all sizes.

import Cryptography
import Database
import Glibc
import Registry
import TransparencyLog

/// Seconds for one proof.
enum ProofBenchmark {
    static let names = ["log.proof.1e7_vs_1e5", "log.proof.tiles_1e7_vs_1e5"]
    private static let large: Int64 = 10_000_000
    private static let small: Int64 = 100_000
    private static let proofs = 2_000

    static func run(_ options: Options, _ scratch: Scratch) async throws -> [Comparison] {
        let folder = try scratch.folder("proof")
        defer { scratch.remove("proof") }
        let directory = DataDirectory(path: folder + "/data")
        mkdir(directory.path, 0o711)
        let access = try await DatabaseAccess(privateIn: directory, user: nil)
        defer { _ = try? access.cluster?.stop() }
        guard let cluster = access.cluster else { throw Failure("no private PostgreSQL") }
        try ClusterGuardian.watch(directory.postgres)
        try await access.migrate()
        let start = Clock.now
        let sizes = curve
        let ranges = try await fill(access, sizes)
        say("\(large) leaves in tiles after \((Clock.now - start).fixed(1)) s")
        try await PgBench.settle(cluster)
        let database = Database(
            access.writer, settings: .init(maxConnections: 1, connection: .service))
        var points: [(size: Int64, runs: [Run])] = []
        for (size, range) in zip(sizes, ranges) {
            // unmeasured: pages come into memory, the statement gets its plan
            _ = try await measure(size, range, database)
            points.append((size, []))
        }
        for _ in 0..<options.pairs {
            for place in points.indices {
                points[place].runs.append(
                    try await measure(points[place].size, ranges[place], database))
            }
        }
        await database.closeIdle()
        for (size, runs) in points {
            say(
                """
                \(size) leaves: \((runs.map(\.seconds).median * 1e6).fixed(1)) µs a proof, \
                \(runs.map(\.tiles).median.fixed(1)) tiles on average, at most \(runs[0].mostTiles)
                """)
        }
        let drawn = points.map {
            Curve.Point(size: $0.size, microseconds: $0.runs.map(\.seconds).median * 1e6)
        }
        try AppendBenchmark.write(Curve.picture(drawn), to: options.picture)
        say("the curve is in \(options.picture)")
        func runs(_ size: Int64) -> [Run] { points.first { $0.size == size }?.runs ?? [] }
        return [
            Comparison(
                name: names[0], unit: "s", ours: runs(large).map(\.seconds),
                peer: runs(small).map(\.seconds)),
            Comparison(
                name: names[1], unit: "tiles", ours: runs(large).map(\.tiles),
                peer: runs(small).map(\.tiles)),
        ]
    }

    /// A thousand to ten million, three steps to each power of ten.
    private static var curve: [Int64] {
        (3..<7).flatMap { power -> [Int64] in
            let ten = (0..<power).reduce(Int64(1)) { value, _ in value * 10 }
            return [ten, ten * 2, ten * 5]
        } + [large]
    }

    /// Grows the tree to each size in turn, and answers the right edge of each.
    private static func fill(
        _ access: DatabaseAccess, _ sizes: [Int64]
    ) async throws -> [CompactRange] {
        var range = CompactRange()
        var edge: [Tile] = []
        var ranges: [CompactRange] = []
        let database = Database(access.sequencer, settings: .init(maxConnections: 1))
        var open: [TileID: Tile] = [:]
        for size in sizes {
            while range.size < size {
                let count = min(200_000, size - range.size)
                let leaves = (range.size..<range.size + count).map { number in
                    SHA256.hash(withUnsafeBytes(of: number.bigEndian) { Array($0) })
                }
                let growth = try TileGrowth(extending: range, rightEdge: edge, with: leaves)
                range = growth.range
                let full = growth.tiles.filter { !$0.id.isPartial }
                try await store(full, database)
                var all = open
                for tile in growth.tiles { all[place(tile)] = tile }
                let wanted = try TileID.rightEdge(of: range.size)
                edge = wanted.compactMap { id in
                    all.values.first { $0.id.level == id.level && $0.id.number == id.number }
                }
                open = Dictionary(uniqueKeysWithValues: edge.map { (place($0), $0) })
            }
            ranges.append(range)
        }
        try await store(edge, database)
        await database.closeIdle()
        return ranges
    }

    private static func place(_ tile: Tile) -> TileID {
        TileID(level: tile.id.level, number: tile.id.number) ?? tile.id
    }

    private static func store(_ tiles: [Tile], _ database: Database) async throws {
        guard !tiles.isEmpty else { return }
        try await database.write { db in
            try db.copyRowsIn("COPY audit.tile (level, number, hashes) FROM STDIN (FORMAT binary)")
            {
                rows in
                for tile in tiles {
                    try rows.row(Int64(tile.id.level), tile.id.number, tile.bytes)
                }
            }
        }
    }

    private struct Run {
        let seconds: Double
        let tiles: Double
        let mostTiles: Int
    }

    /// Proofs of leaves of chance, each in a transaction of its own as a request has it.
    private static func measure(
        _ size: Int64, _ range: CompactRange, _ database: Database
    ) async throws -> Run {
        var dice = Dice(seed: UInt64(size))
        let indexes = (0..<proofs).map { _ in Int64(dice.next() % UInt64(size)) }
        let counts = try indexes.map {
            try InclusionProof.tiles(index: $0, in: range).count
        }
        let root = range.root
        let start = Clock.now
        for index in indexes {
            let proof = try await database.read { db in
                try InclusionProof.make(index: index, in: range) { ids in
                    try LogTiles.load(ids, db)
                }
            }
            guard index != indexes[0] || proof.hashes.count > 0 else { throw Failure("no proof") }
        }
        let seconds = (Clock.now - start) / Double(indexes.count)
        let index = indexes[0]
        let leaf = SHA256.hash(withUnsafeBytes(of: index.bigEndian) { Array($0) })
        let checked = try await database.read { db in
            try InclusionProof.make(index: index, in: range) { try LogTiles.load($0, db) }
        }
        guard checked.verify(leafHash: leaf, root: root) else { throw Failure("a proof is wrong") }
        return Run(
            seconds: seconds, tiles: Double(counts.reduce(0, +)) / Double(counts.count),
            mostTiles: counts.max() ?? 0)
    }
}
