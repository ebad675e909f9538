import Cryptography

/// The tree as RFC 6962 §2.1 writes it down: slow, recursive, and independent of the code under test.
struct NaiveTree {
    let leafHashes: [Digest]

    /// A tree with three levels of tiles: 273 full tiles of level 0, one of level 1, all three right edges partial.
    static let large = NaiveTree(size: 70_000)

    init(leafHashes: [Digest]) {
        self.leafHashes = leafHashes
    }

    /// A tree whose leaf i is the line `line i`.
    init(size: Int) {
        leafHashes = (0..<size).map { SHA256.digest([0x00] + Array("line \($0)".utf8)) }
    }

    /// MTH over all leaves.
    var root: Digest { root(of: 0..<leafHashes.count) }

    /// MTH(D[range]).
    func root(of range: Range<Int>) -> Digest {
        if range.isEmpty { return SHA256.digest([]) }
        if range.count == 1 { return leafHashes[range.lowerBound] }
        let middle = range.lowerBound + Self.split(range.count)
        let left = root(of: range.lowerBound..<middle)
        let right = root(of: middle..<range.upperBound)
        return SHA256.digest([0x01] + left.bytes + right.bytes)
    }

    /// The largest power of two smaller than `count`.
    private static func split(_ count: Int) -> Int {
        var split = 1
        while 2 * split < count { split *= 2 }
        return split
    }
}
