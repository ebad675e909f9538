import Testing

@testable import Ledger

@Suite struct `A tile` {
    @Test(arguments: [
        (Tile(in: 0, at: 5), "tile/0/005"),
        (Tile(in: 0, at: 0), "tile/0/000"),
        (Tile(in: 0, at: 999), "tile/0/999"),
        (Tile(in: 2, at: 1000), "tile/2/x001/000"),
        (Tile(in: 0, at: 1_234_067), "tile/0/x001/x234/067"),
        (Tile(in: 0, at: 1_234_067, width: 12), "tile/0/x001/x234/067.p/12"),
        (Tile(in: 1, at: 0, width: 1), "tile/1/000.p/1"),
    ])
    func `it has the shortest path of the specification`(_ tile: Tile, _ path: String) {
        #expect(tile.path == path)
        #expect(tile.entriesPath == "tile/entries/" + path.dropFirst("tile/0/".count))
    }

    @Test func `a tree of 70,000 leaves has the tiles of the specification's example`() {
        #expect(Tile.completed(to: 70_000).count { $0.level == 0 } == 273)
        #expect(Tile.completed(to: 70_000).filter { $0.level > 0 } == [Tile(in: 1, at: 0)])
        #expect(
            Tile.partial(size: 70_000) == [
                Tile(in: 0, at: 273, width: 112),
                Tile(in: 1, at: 1, width: 17),
                Tile(in: 2, at: 0, width: 1),
            ])
    }

    @Test func `a tree of 256 leaves has one full tile and its root above`() {
        #expect(Tile.completed(to: 255).isEmpty)
        #expect(Tile.completed(to: 256) == [Tile(in: 0, at: 0)])
        #expect(Tile.partial(size: 256) == [Tile(in: 1, at: 0, width: 1)])
    }

    @Test func `a tree without leaves has no tiles`() {
        #expect(Tile.completed(to: 0).isEmpty)
        #expect(Tile.partial(size: 0).isEmpty)
    }

    @Test func `the largest tree has eight levels of tiles`() {
        #expect(Tile.levelCount(size: .max) == 8)
        #expect(Tile.partial(size: .max).map(\.width) == [255, 255, 255, 255, 255, 255, 255, 127])
    }
}
