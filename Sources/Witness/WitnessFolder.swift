package import Cryptography
import Files
package import Ledger

/// What a witness remembers, in one folder. Any number of processes may share it.
///
///     <id>.checkpoint                   the last note cosigned for a log, as it is published
///     <id>.lock                         held while that is looked at and replaced
///     <id>.<kind>.<digest>.request      evidence against a log, see `keep`
///     <id>.<kind>.<digest>.checkpoint   what was known then
///
/// An `id` is the SHA-256 of the log's origin in lower-case hex, as in the URL of monitors (C2SP tlog-witness).
package final class WitnessFolder: Sendable {
    /// How long a request waits for another one of the same log.
    static let lockTimeout = Duration.seconds(5)

    private let folder: Folder

    /// Opens the folder at `path`; where nothing is there, it is made for its owner alone.
    package init(_ path: String) throws(WitnessError) {
        // Whoever may write here may set the witness back.
        do throws(FileFault) { folder = try Folder.make(path, sharing: .none) } catch {
            throw WitnessError(.folderUnusable, error.description)
        }
    }

    /// The name of a log's files, and its place in the URL of monitors.
    package static func id(of origin: KeyName) -> Digest { SHA256.digest(origin.bytes) }

    /// Lends the state of one log while nobody else can look at it or change it. Threads of one process exclude each
    /// other as well as processes do.
    func withLog<Value>(
        _ id: Digest, lockTimeout: Duration = WitnessFolder.lockTimeout,
        _ body: (borrowing LockedLog) throws(WitnessError) -> Value
    ) throws(WitnessError) -> Value {
        let lock: FileLock
        do throws(FileFault) {
            lock = try folder.lock("\(id.hex).lock")
            try lock.waitExclusive(lockTimeout)
        } catch {
            throw WitnessError(error.code == .busy ? .busy : .folderUnusable, error.description)
        }
        return try body(LockedLog(lock: lock, folder: self, id: id))
    }

    /// The bytes of the last note cosigned for a log; nil for none. They are whole, with or without the lock.
    func checkpoint(of id: Digest) throws(WitnessError) -> [UInt8]? {
        do throws(FileFault) {
            return try folder.read("\(id.hex).checkpoint", sizeMax: SignedNote.sizeMax, .readable)
        } catch {
            throw WitnessError(.foreignFile, error.description)
        }
    }

    /// Where a log's checkpoint lies, for sentences.
    func checkpointPath(of id: Digest) -> String { "\(folder.path)/\(id.hex).checkpoint" }

    fileprivate func replace(_ name: String, by bytes: [UInt8]) throws(WitnessError) {
        do throws(FileFault) { try folder.replace(name, with: bytes, isAlone: true) } catch {
            throw WitnessError(.notWritten, error.description)
        }
    }

    /// How many files have a name that begins and ends so.
    fileprivate func count(prefix: String, suffix: String) throws(WitnessError) -> Int {
        do throws(FileFault) {
            return try folder.names().count { $0.hasPrefix(prefix) && $0.hasSuffix(suffix) }
        } catch {
            throw WitnessError(.folderUnusable, error.description)
        }
    }

    fileprivate func exists(_ name: String) -> Bool { folder.exists(name) }
}

/// One log's state, while its lock is held.
struct LockedLog: ~Copyable {
    /// What a request is evidence of.
    enum Evidence: String {
        /// Two signed checkpoints that cannot both be true.
        case fork
        /// A signed checkpoint that came with a proof which does not hold. Anybody may have sent that.
        case proof
    }

    /// How many requests are kept of each log and kind: the first ones.
    static let evidenceMax = 50

    private let lock: FileLock
    private let folder: WitnessFolder
    private let id: Digest

    fileprivate init(lock: FileLock, folder: WitnessFolder, id: Digest) {
        self.lock = lock
        self.folder = folder
        self.id = id
    }

    /// Makes `note` the last one. When this returns, it outlives a loss of power.
    func replaceCheckpoint(by note: [UInt8]) throws(WitnessError) {
        do throws(FileFault) { try lock.requireInPlace() } catch {
            throw WitnessError(.folderUnusable, error.description)
        }
        try folder.replace("\(id.hex).checkpoint", by: note)
    }

    /// Keeps a refused request with what was known, one for each text that the log has signed: whoever repeats one with
    /// ever new proofs must not crowd out the others.
    func keep(
        _ evidence: Evidence, _ request: [UInt8], of text: [UInt8], known: [UInt8]?
    ) throws(WitnessError) {
        let kind = "\(id.hex).\(evidence.rawValue)."
        let name = kind + SHA256.digest(text).hex
        guard !folder.exists(name + ".request"),
            try folder.count(prefix: kind, suffix: ".request") < Self.evidenceMax
        else { return }
        if let known { try folder.replace(name + ".checkpoint", by: known) }
        try folder.replace(name + ".request", by: request)
    }
}
