// The tree that an audit grows, beside the one that the sequencer grows.

import Cryptography
import Registry
import Testing
import TransparencyLog

@Suite struct `The tree of an audit` {
    @Test func `has the roots, ranges and upper tiles that the sequencer makes`() throws {
        var tree = GrowingTree()
        var range = CompactRange()
        var closed: [GrowingTree.UpperTile] = []
        let leaves = (0..<66_200).map { SHA256Digest(number: $0) }
        for leaf in leaves {
            tree.append(leaf)
            range.append(leaf)
            closed += tree.takeClosed()
            let isEdge = tree.size <= 520 || tree.size > 65_500 && tree.size < 65_800
            if isEdge { #expect(tree.range == range) }
        }
        #expect(tree.root == range.root)
        let growth = try TileGrowth(extending: CompactRange(), rightEdge: [], with: leaves)
        let wanted = growth.tiles.filter { $0.id.level > 0 }
        let found = (closed + tree.openTiles).sorted {
            ($0.level, $0.number) < ($1.level, $1.number)
        }
        #expect(found.map(\.level) == wanted.map(\.id.level))
        #expect(found.map(\.number) == wanted.map(\.id.number))
        #expect(found.map(\.bytes) == wanted.map(\.bytes))
    }
}

extension SHA256Digest {
    fileprivate init(number: Int) { self = SHA256.hash("\(number)") }
}
