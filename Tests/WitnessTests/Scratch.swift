import Cryptography
import FoundationEssentials
import Ledger
import Observation
import Synchronization
import Testing

@testable import Witness

/// A folder of its own for one test, gone with the value; a log whose tree grows; and what the witness told.
final class Scratch: Observer {
    static let origin = "acme.example/mail"

    let path: String
    let logSigner: NoteSigner
    let witnessSigner: NoteSigner
    private let leafHashes: [Digest]
    private let seen = Mutex<[Observation]>([])
    private let seconds = Mutex<Int64>(1_795_341_600)

    init() throws {
        path = FileManager.default.temporaryDirectory.appending(path: "witness-\(Hex.encode(Random.bytes(8)))").path
        logSigner = try Self.signer(Self.origin, .ed25519, seed: 1)
        witnessSigner = try Self.signer("witness.example/w1", .cosignature, seed: 2)
        leafHashes = (0..<200).map { TreeHash.leaf(Array("entry \($0)".utf8)) }
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    static func signer(_ name: String, _ kind: NoteKey.Kind, seed: UInt8) throws -> NoteSigner {
        NoteSigner(
            name: try KeyName(name.utf8), kind: kind,
            privateKey: try #require(Ed25519PrivateKey(seed: [UInt8](repeating: seed, count: 32))))
    }

    func observe(_ observation: Observation) { seen.withLock { $0.append(observation) } }

    /// What was told since the last call.
    func told() -> [Observation] {
        seen.withLock { seen in
            defer { seen = [] }
            return seen
        }
    }

    /// A witness on the folder, as each process has one.
    func cosigner(
        _ signer: NoteSigner? = nil, logs: [NoteKey]? = nil, lockTimeout: Duration = .seconds(60)
    ) throws -> Cosigner {
        Cosigner(
            signer ?? witnessSigner, logs: logs ?? [logSigner.key], folder: try WitnessFolder(path), observer: self,
            lockTimeout: lockTimeout, clock: { Timestamp(microseconds: self.seconds.withLock { $0 } * 1_000_000) })
    }

    func setClock(_ seconds: Int64) { self.seconds.withLock { $0 = seconds } }

    /// The log's checkpoint of a size; with a `salt`, of another tree.
    func note(_ size: Int, salt: UInt8? = nil, origin: String = Scratch.origin) throws -> SignedNote {
        let leaves = leafHashes.prefix(size) + (salt.map { [TreeHash.leaf([$0])] } ?? [])
        let root = TreeHash.root(of: Array(salt == nil ? leaves : leaves.dropFirst()))
        let text = Checkpoint(origin: try Origin(origin), size: size, root: root).text
        return SignedNote(text: text, signatures: [try #require(logSigner.sign(text))])
    }

    /// What the log asks when its tree grows.
    func request(from oldSize: Int, to size: Int) throws -> [UInt8] {
        var hashes: [Digest] = []
        if oldSize > 0 {
            let plan = try #require(ConsistencyProof.plan(from: oldSize, to: size))
            let stored = plan.neededHashes.map { ($0, Array(leafHashes[$0.range])) }
            hashes = try plan.hashes(from: Dictionary(uniqueKeysWithValues: stored))
        }
        return request(from: oldSize, try note(size), proof: hashes)
    }

    func request(from oldSize: Int, _ note: SignedNote, proof hashes: [Digest] = []) -> [UInt8] {
        AddCheckpointRequest(oldSize: oldSize, proof: ConsistencyProof(hashes: hashes), checkpoint: note).bytes
    }

    var id: Digest { SHA256.digest(Self.origin) }
    var checkpointPath: String { "\(path)/\(id.hex).checkpoint" }

    /// The names of the folder's files, without the log's ID.
    func names() throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: path).map { $0.replacing("\(id.hex).", with: "") }.sorted()
    }

    func write(_ bytes: [UInt8]) throws { try Data(bytes).write(to: URL(filePath: checkpointPath)) }

    func stored() throws -> [UInt8] { Array(try #require(FileManager.default.contents(atPath: checkpointPath))) }
}
