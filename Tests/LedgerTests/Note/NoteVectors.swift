import Cryptography
import Testing

@testable import Ledger

/// The keys and refusals of `c2sp-generated`.
enum NoteVectors {
    struct Key: Decodable {
        let name: String
        let type: UInt8
        let seed: String
        let vkey: String?

        /// The signer; its kind is one that we have.
        func signer() throws -> NoteSigner {
            NoteSigner(
                name: try KeyName(name.utf8), kind: try #require(NoteKey.Kind(rawValue: type)),
                privateKey: try #require(Ed25519PrivateKey(seed: Hex.decode(seed) ?? [])))
        }

        func key() throws -> NoteKey { try NoteKey(vkey: Array((vkey ?? "").utf8)) }
    }

    struct Rejected: Decodable {
        let format: String
        let what: String
        let text: String?
        let base64: String?

        var bytes: [UInt8] {
            text.map { Array($0.utf8) } ?? base64.flatMap { Base64.decode(Array($0.utf8).span) } ?? []
        }
    }

    static func keys() throws -> [String: Key] {
        try Vectors.json([String: Key].self, "c2sp-generated/keys.json").filter {
            NoteKey.Kind(rawValue: $0.value.type) != nil
        }
    }

    static func rejected(_ format: String) throws -> [Rejected] {
        try Vectors.json([Rejected].self, "c2sp-generated/reject.json").filter { $0.format == format }
    }

    static func leafHashes() throws -> [Digest] {
        try Vectors.lines("c2sp-generated/leaves.jsonl").map { TreeHash.leaf(Array($0.utf8)) }
    }
}
