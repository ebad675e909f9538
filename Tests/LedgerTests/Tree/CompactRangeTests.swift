import Cryptography
import Testing

@testable import Ledger

@Suite struct `The compact range` {
    @Test func `its root is the recursive tree hash for every size up to 600`() {
        let tree = NaiveTree(size: 600)
        var range = CompactRange()
        for size in 0...600 {
            #expect(range.size == size)
            #expect(range.root == tree.root(of: 0..<size))
            #expect(TreeHash.root(of: tree.leafHashes.prefix(size)) == range.root)
            if size < 600 { range.append(tree.leafHashes[size]) }
        }
    }

    @Test func `it holds the perfect subtrees, the largest first`() {
        let tree = NaiveTree(size: 300)
        var range = CompactRange()
        for leafHash in tree.leafHashes { range.append(leafHash) }
        #expect(CompactRange.nodes(size: 300).map(\.leaves) == [0..<256, 256..<288, 288..<296, 296..<300])
        #expect(range.subtrees == CompactRange.nodes(size: 300).map { tree.root(of: $0.leaves) })
        #expect(CompactRange(size: 300, subtrees: range.subtrees) == range)
    }

    @Test func `it is refused unless there is one root for each bit of the size`() {
        #expect(CompactRange(size: 0, subtrees: []) == CompactRange())
        #expect(CompactRange(size: 3, subtrees: [TreeHash.empty]) == nil)
        #expect(CompactRange(size: 4, subtrees: [TreeHash.empty, TreeHash.empty]) == nil)
        #expect(CompactRange(size: -1, subtrees: []) == nil)
    }
}
