import Cryptography
import FoundationEssentials
import Testing

@testable import Ledger

/// Complete C2SP tlog-tiles folders made by other programs.
@Suite struct `The published static logs` {
    @Test func `every checkpoint, tile and bundle of Tessera's log agrees with our tree`() throws {
        let tree = NaiveTree(leafHashes: try StaticLog(folder: "tessera-log", size: 15).leafHashes())
        for size in 1...15 {
            let log = StaticLog(folder: "tessera-log", size: size)
            #expect(try log.leafHashes() == Array(tree.leafHashes.prefix(size)))
            try log.check(checkpoint: "checkpoint.\(size)")
        }
        let empty = try PublishedCheckpoint(at: "tessera-log/checkpoint.0")
        #expect(empty.size == 0)
        #expect(empty.root == CompactRange().root)
        #expect(try PublishedCheckpoint(at: "tessera-log/checkpoint").size == 15)
    }

    @Test func `every proof in Tessera's log leads to the checkpoints' roots`() throws {
        let tree = NaiveTree(leafHashes: try StaticLog(folder: "tessera-log", size: 15).leafHashes())
        let checkpoints = try (0...15).map { try PublishedCheckpoint(at: "tessera-log/checkpoint.\($0)") }
        try check(tree: tree, roots: checkpoints.map(\.root))
    }

    @Test func `a changed byte in a tile or a bundle of Tessera's log gives another root`() throws {
        let log = StaticLog(folder: "tessera-log", size: 15)
        let root = try PublishedCheckpoint(at: "tessera-log/checkpoint.15").root
        let tile = try Vectors.bytes("tessera-log/tile/0/000.p/15")
        for position in tile.indices {
            var changed = tile
            changed[position] ^= 1
            #expect(TreeHash.root(of: try StaticLog.hashes(changed)) != root)
        }
        let bundle = try Vectors.bytes("tessera-log/tile/entries/000.p/15")
        for position in bundle.indices {
            var changed = bundle
            changed[position] ^= 1
            guard let entries = StaticLog.entries(changed) else { continue }
            #expect(TreeHash.root(of: entries.map { TreeHash.leaf($0) }) != root)
        }
        #expect(TreeHash.root(of: try log.leafHashes()) == root)
    }

    @Test func `every tile and bundle of our generated logs comes out byte for byte`() throws {
        for size in [7, 300] {
            try StaticLog(folder: "c2sp-generated/tiles-\(size)", size: size).check(checkpoint: "checkpoint")
        }
    }

    @Test func `every root and proof of the generated tree comes out as published`() throws {
        let published = try Vectors.json(PublishedTree.self, "c2sp-generated/tree.json")
        let leafHashes = try Vectors.lines("c2sp-generated/leaves.jsonl").map { TreeHash.leaf(Array($0.utf8)) }
        #expect(leafHashes.map(\.hex) == published.leafHashes)
        let tree = NaiveTree(leafHashes: leafHashes)
        try check(tree: tree, roots: try published.roots.map { try #require(Digest(hex: $0)) })
        let stored = StoredHashes(tree)
        for proof in published.inclusion {
            let ours = try #require(try stored.inclusionProof(index: proof.index, size: proof.size))
            #expect(ours.hashes.map(\.hex) == proof.proof)
        }
        for proof in published.consistency {
            let ours = try #require(try stored.consistencyProof(from: proof.old, to: proof.size))
            #expect(ours.hashes.map(\.hex) == proof.proof)
        }
        #expect(published.inclusion.count == 28)
        #expect(published.consistency.count == 28)
    }

    @Test func `the hashes of the published receipts are those that we give`() throws {
        let leafHashes = try Vectors.lines("c2sp-generated/leaves.jsonl").map { TreeHash.leaf(Array($0.utf8)) }
        let stored = StoredHashes(NaiveTree(leafHashes: leafHashes))
        let receipts = [
            ("index-0-of-1", 0, 1), ("index-3-of-7", 3, 7), ("index-3-of-7-extra", 3, 7), ("index-6-of-7", 6, 7),
        ]
        for (name, index, size) in receipts {
            let receipt = try Vectors.lines("c2sp-generated/\(name).tlog-proof")
            let start = try #require(receipt.firstIndex(of: "index \(index)")) + 1
            let end = try #require(receipt.firstIndex(of: ""))
            let hashes = try receipt[start..<end].map { try #require(Digest(base64: $0)) }
            let published = InclusionProof(hashes: hashes)
            #expect(try stored.inclusionProof(index: index, size: size) == published, "\(name)")
            let checkpoint = try PublishedCheckpoint(lines: Array(receipt[(end + 1)...]))
            #expect(checkpoint.size == size)
            let verdict = published.verify(
                leafHash: leafHashes[index], index: UInt64(index), size: UInt64(size), root: checkpoint.root)
            #expect(verdict == .included, "\(name)")
        }
    }

    /// Proves each leaf and each older tree against the roots of the sizes 0, 1, 2 ...
    private func check(tree: NaiveTree, roots: [Digest]) throws {
        let stored = StoredHashes(tree)
        #expect(roots.count == tree.leafHashes.count + 1)
        for size in roots.indices {
            #expect(try stored.root(size: size) == roots[size])
            for index in 0..<size {
                let proof = try #require(try stored.inclusionProof(index: index, size: size))
                let verdict = proof.verify(
                    leafHash: tree.leafHashes[index], index: UInt64(index), size: UInt64(size), root: roots[size])
                #expect(verdict == .included)
            }
            for oldSize in 1..<max(size, 1) {
                let proof = try #require(try stored.consistencyProof(from: oldSize, to: size))
                let verdict = proof.verify(
                    oldSize: UInt64(oldSize), oldRoot: roots[oldSize], size: UInt64(size), root: roots[size])
                #expect(verdict == .consistent)
            }
        }
    }
}

/// One of the logs, read up to a size.
private struct StaticLog {
    let folder: String
    let size: Int

    /// Compares root, tiles and bundles with what our builder makes of the entries.
    func check(checkpoint name: String) throws {
        let checkpoint = try PublishedCheckpoint(at: "\(folder)/\(name)")
        var builder = TileBuilder()
        let completed = builder.append(contentsOf: try leafHashes())
        #expect(checkpoint.size == size)
        #expect(builder.root == checkpoint.root)
        for tile in completed { #expect(try Vectors.bytes("\(folder)/\(tile.tile.path)") == tile.bytes) }
        #expect(completed.map(\.tile) == Tile.completed(to: size))
        let partial = try Tile.partial(size: size).map { tile in
            (tile.hashes, try Self.hashes(try Vectors.bytes("\(folder)/\(tile.path)")))
        }
        let restarted = try TileBuilder(size: size, from: Dictionary(uniqueKeysWithValues: partial))
        #expect(restarted == builder)
    }

    /// The leaf hashes of the entries in the bundles.
    func leafHashes() throws -> [Digest] {
        let tiles = (Tile.completed(to: size) + Tile.partial(size: size)).filter { $0.level == 0 }
        return try tiles.flatMap { tile in
            let entries = try #require(Self.entries(try Vectors.bytes("\(folder)/\(tile.entriesPath)")))
            #expect(entries.count == tile.width)
            return entries.map { TreeHash.leaf($0) }
        }
    }

    /// The entries of a bundle, each after its length in two bytes; nil if the lengths do not add up.
    static func entries(_ bundle: [UInt8]) -> [[UInt8]]? {
        var rest = bundle[...]
        var entries: [[UInt8]] = []
        while let high = rest.popFirst() {
            guard let low = rest.popFirst() else { return nil }
            let count = Int(high) << 8 | Int(low)
            guard rest.count >= count else { return nil }
            entries.append(Array(rest.prefix(count)))
            rest = rest.dropFirst(count)
        }
        return entries
    }

    /// The hashes of a tile.
    static func hashes(_ bytes: [UInt8]) throws -> [Digest] {
        try #require(Digest.sequence(in: bytes))
    }
}

/// Size and root of a checkpoint; its signatures are judged elsewhere.
private struct PublishedCheckpoint {
    let size: Int
    let root: Digest

    init(at path: String) throws { try self.init(lines: try Vectors.lines(path)) }

    init(lines: [String]) throws {
        try #require(lines.count >= 4)
        size = try #require(Int(lines[1]))
        root = try #require(Digest(base64: lines[2]))
    }
}

private struct PublishedTree: Decodable {
    struct Inclusion: Decodable {
        let index: Int
        let size: Int
        let proof: [String]
    }

    struct Consistency: Decodable {
        let old: Int
        let size: Int
        let proof: [String]
    }

    let leafHashes: [String]
    let roots: [String]
    let inclusion: [Inclusion]
    let consistency: [Consistency]

    enum CodingKeys: String, CodingKey {
        case leafHashes = "leaf_hashes"
        case roots
        case inclusion
        case consistency
    }
}
