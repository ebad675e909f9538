package import Cryptography

/// The hashes of a Merkle tree (RFC 6962 §2.1).
///
/// A leaf and an inner node are hashed under different first bytes, so that nobody can show a node as if it were an
/// entry, or the other way round.
package enum TreeHash {
    private static let leafPrefix: UInt8 = 0x00
    private static let nodePrefix: UInt8 = 0x01

    /// The root of the tree without leaves: SHA-256 of nothing.
    package static let empty = SHA256.digest([])

    /// The leaf hash of a line: SHA-256(0x00 || line).
    package static func leaf(_ line: [UInt8]) -> Digest { leaf(line.span) }

    /// The leaf hash of a line: SHA-256(0x00 || line).
    package static func leaf(_ line: Span<UInt8>) -> Digest { SHA256.digest(prefix: leafPrefix, line) }

    /// The hash of an inner node: SHA-256(0x01 || left || right).
    package static func node(_ left: Digest, _ right: Digest) -> Digest {
        SHA256.digest(prefix: nodePrefix, left, right)
    }

    /// MTH of RFC 6962 §2.1 over leaf hashes, or over the roots of perfect subtrees of one height.
    ///
    /// Works layer by layer: a last node without a partner moves up unchanged, which gives the same tree as splitting
    /// at the largest power of two.
    package static func root(of hashes: some Collection<Digest>) -> Digest {
        var layer = Array(hashes)
        while layer.count > 1 {
            for pair in 0..<layer.count / 2 { layer[pair] = node(layer[2 * pair], layer[2 * pair + 1]) }
            let unpaired = layer.count.isMultiple(of: 2) ? nil : layer.last
            layer.removeLast(layer.count - layer.count / 2)
            if let unpaired { layer.append(unpaired) }
        }
        return layer.first ?? empty
    }

    /// The hash of a run of leaves made of perfect subtrees, the largest first: each joins all that is right of it.
    ///
    /// This is how MTH splits (RFC 6962 §2.1): the left part is the largest power of two that leaves something over.
    static func fold(_ subtrees: some BidirectionalCollection<Digest>) -> Digest {
        guard let last = subtrees.last else { return empty }
        return subtrees.dropLast().reversed().reduce(last) { node($1, $0) }
    }
}
