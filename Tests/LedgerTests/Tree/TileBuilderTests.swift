import Cryptography
import SeededRandom
import Testing

@testable import Ledger

@Suite struct `The tile builder` {
    static let tree = NaiveTree.large
    static let size = tree.leafHashes.count

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

    @Test func `started from stored hashes at any size it equals the one that saw every leaf`() throws {
        let stored = StoredHashes.large
        var builder = TileBuilder()
        for size in 0...Self.size {
            // Every size of the first tiles, then around each tile's end and now and then within.
            if size < 1_100 || (-1...1).contains((size + 128) % 256 - 128) || size.isMultiple(of: 97) {
                let started = try TileBuilder(
                    size: size, from: stored.answers(to: TileBuilder.neededHashes(size: size)))
                if started != builder { Issue.record("the builders differ at size \(size)") }
                let range = try CompactRange(
                    size: size, from: stored.answers(to: CompactRange.plan(size: size).neededHashes))
                if range != builder.compactRange { Issue.record("the compact ranges differ at size \(size)") }
            }
            if size < Self.size { _ = builder.append(Self.tree.leafHashes[size]) }
        }
    }

    @Test func `leaves in batches give the same tiles as leaves one by one, across restarts`() throws {
        var generator = SplitMix64()
        let stored = StoredHashes.large
        var single = TileBuilder()
        let expected = Self.tree.leafHashes.flatMap { single.append($0) }
        var builder = TileBuilder()
        var found: [CompletedTile] = []
        var batches = 0
        while builder.size < Self.size {
            let count = Int.random(in: 1...5_000, using: &generator)
            found += builder.append(contentsOf: Self.tree.leafHashes.dropFirst(builder.size).prefix(count))
            batches += 1
            if Bool.random(using: &generator) {
                let answers = stored.answers(to: TileBuilder.neededHashes(size: builder.size))
                builder = try TileBuilder(size: builder.size, from: answers)
            }
        }
        print("leaves in \(batches) batches")
        #expect(found == expected)
        #expect(builder == single)
    }

    @Test func `a tile is stored as its 256 hashes one after the other`() throws {
        var builder = TileBuilder()
        let tile = try #require(builder.append(contentsOf: Self.tree.leafHashes.prefix(256)).first)
        #expect(tile.bytes.count == CompletedTile.sizeBytes)
        #expect(tile.bytes == Self.tree.leafHashes.prefix(256).flatMap(\.bytes))
    }
}
