import Cryptography
import Testing

@testable import Ledger

@Suite struct `The tile builder` {
    /// One full tile of level 1 and some more leaves, so that three tile levels are in use.
    static let size = 70_000
    static let tree = NaiveTree(size: size)

    @Test func `each completed tile comes once, at its last leaf, with the hashes and root of the recursive tree`() {
        var builder = TileBuilder()
        var found: [Tile] = []
        for (index, leafHash) in Self.tree.leafHashes.enumerated() {
            let tiles = builder.append(leafHash)
            #expect(tiles.map(\.tile) == Tile.completed(from: index, to: index + 1))
            for tile in tiles {
                found.append(tile.tile)
                let leavesPerHash = tile.level == 0 ? 1 : 256
                let start = tile.index * 256 * leavesPerHash
                #expect(tile.hashes.count == 256)
                #expect(tile.root == Self.tree.root(of: start..<start + 256 * leavesPerHash))
                for (offset, hash) in tile.hashes.enumerated() {
                    let first = start + offset * leavesPerHash
                    #expect(hash == Self.tree.root(of: first..<first + leavesPerHash))
                }
            }
        }
        #expect(found.count == 273 + 1)
        #expect(Set(found) == Set(Tile.completed(to: Self.size)))
        #expect(builder.root == Self.tree.root)
    }
}
