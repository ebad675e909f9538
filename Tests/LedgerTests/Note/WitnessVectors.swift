import Cryptography
import Testing

@testable import Ledger

/// The requests to a witness in `c2sp-generated/witness`, and what else a log can be made to sign.
struct WitnessVectors {
    struct Case: Decodable {
        let known_size: Int
        let what: String
        let request: String
        /// The right answers.
        let status: [Int]
        /// The exact body, where it is one.
        let body: String?
    }

    private struct File: Decodable {
        let log: String
        let witness: String
        let cases: [Case]
    }

    let cases: [Case]
    let log: NoteKey
    let witness: NoteKey
    let logSigner: NoteSigner
    let witnessSigner: NoteSigner
    let leafHashes: [Digest]

    init() throws {
        let file = try Vectors.json(File.self, "c2sp-generated/witness/cases.json")
        let keys = try NoteVectors.keys()
        cases = file.cases
        log = try NoteKey(vkey: Array(file.log.utf8))
        witness = try NoteKey(vkey: Array(file.witness.utf8))
        logSigner = try #require(keys["log"]).signer()
        witnessSigner = try #require(keys["witness1"]).signer()
        leafHashes = try NoteVectors.leafHashes()
    }

    static func request(_ name: String) throws -> [UInt8] { try Vectors.bytes("c2sp-generated/witness/\(name)") }

    static func note(_ size: Int) throws -> SignedNote {
        try SignedNote(try Vectors.bytes("c2sp-generated/checkpoint.\(size)"))
    }

    /// The log's checkpoint of a size, as a witness remembers it; nil for 0.
    static func known(_ size: Int) throws -> Checkpoint? {
        size == 0 ? nil : try Checkpoint(try note(size).text)
    }

    /// A checkpoint that the log signs, whatever it says.
    func signed(_ text: String) throws -> SignedNote {
        let text = Array(text.utf8)
        return SignedNote(text: text, signatures: [try #require(logSigner.sign(text))])
    }

    /// What a witness decides that knows the log's checkpoint of a size.
    func decision(_ request: [UInt8], knowing size: Int) throws -> WitnessSubmission.Decision {
        do throws(WitnessRefusal) {
            return try WitnessSubmission(request, logs: [log]).decide(knowing: try? Self.known(size))
        } catch {
            return .refused(error)
        }
    }

    func proof(from oldSize: Int, to size: Int) throws -> ConsistencyProof {
        let plan = try #require(ConsistencyProof.plan(from: oldSize, to: size))
        // A tree this small has leaf hashes only.
        let stored = plan.neededHashes.map { ($0, Array(leafHashes[$0.range])) }
        return ConsistencyProof(hashes: try plan.hashes(from: Dictionary(uniqueKeysWithValues: stored)))
    }
}
