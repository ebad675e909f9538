import Cryptography
import FoundationEssentials
import Testing

@testable import Ledger

/// The vectors of transparency-dev/merkle.
@Suite struct `The published Merkle vectors` {
    @Test func `every inclusion proof is judged as published`() throws {
        let cases = try Vectors.jsonLines(InclusionCase.self, "merkle/inclusion.jsonl")
        #expect(cases.count == 98)
        for vector in cases {
            #expect(vector.isIncluded == !vector.wantErr, "\(vector.file)")
        }
    }

    @Test func `every consistency proof is judged as published`() throws {
        // Valid there, as equal sizes only ask for equal roots: both are the text "don't care 2", which is no hash.
        let exceptions: Set = ["additional/sizes-are-equal-one-and-proof-is-empty"]
        let cases = try Vectors.jsonLines(ConsistencyCase.self, "merkle/consistency.jsonl")
        #expect(cases.count == 98)
        for vector in cases {
            let isException = exceptions.contains(vector.file)
            if isException { #expect(!vector.wantErr, "\(vector.file) is not an exception") }
            #expect(vector.isConsistent == (!vector.wantErr && !isException), "\(vector.file)")
        }
        #expect(exceptions.isSubset(of: cases.map(\.file)))
    }

    @Test func `every node and root comes out as published`() throws {
        let roots = try Vectors.json(Roots.self, "merkle/roots.json")
        let leafHashes = try roots.leafInputs.map { TreeHash.leaf(try #require(Hex.decode($0))) }
        var range = CompactRange()
        #expect(range.root.hex == roots.roots[0])
        #expect(TreeHash.empty.hex == roots.roots[0])
        for (index, leafHash) in leafHashes.enumerated() {
            range.append(leafHash) { node, hash in
                #expect(hash.hex == roots.nodes[node.level][node.index])
            }
            #expect(range.root.hex == roots.roots[index + 1])
        }
        #expect(range.size == 8)
    }
}

private struct InclusionCase: Decodable {
    let file: String
    let leafIdx: UInt64
    let treeSize: UInt64
    let root: String
    let leafHash: String
    let proof: [String]?
    let wantErr: Bool

    /// A hash of another length is refused where it is read.
    var isIncluded: Bool {
        guard let root = Digest(base64: root), let leafHash = Digest(base64: leafHash) else { return false }
        let hashes = (proof ?? []).compactMap(Digest.init(base64:))
        guard hashes.count == (proof ?? []).count else { return false }
        let proof = InclusionProof(hashes: hashes)
        return proof.verify(leafHash: leafHash, index: leafIdx, size: treeSize, root: root) == .included
    }
}

private struct ConsistencyCase: Decodable {
    let file: String
    let size1: UInt64
    let size2: UInt64
    let root1: String
    let root2: String
    let proof: [String]?
    let wantErr: Bool

    /// A hash of another length is refused where it is read.
    var isConsistent: Bool {
        guard let root1 = Digest(base64: root1), let root2 = Digest(base64: root2) else { return false }
        let hashes = (proof ?? []).compactMap(Digest.init(base64:))
        guard hashes.count == (proof ?? []).count else { return false }
        let proof = ConsistencyProof(hashes: hashes)
        return proof.verify(oldSize: size1, oldRoot: root1, size: size2, root: root2) == .consistent
    }
}

private struct Roots: Decodable {
    let leafInputs: [String]
    let nodes: [[String]]
    let roots: [String]

    enum CodingKeys: String, CodingKey {
        case leafInputs = "leaf_inputs_hex"
        case nodes = "node_hashes_hex"
        case roots = "root_hashes_hex"
    }
}

extension Digest {
    /// The digest in standard base64; nil for any other length.
    init?(base64: String) {
        guard let data = Data(base64Encoded: base64) else { return nil }
        self.init(Array(data))
    }
}
