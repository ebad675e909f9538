package import Cryptography
import Glibc
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
    private let path: String
    private let descriptor: Int32

    /// Opens the folder at `path`; where nothing is there, it is made for its owner alone.
    package init(_ path: String) throws(WitnessError) {
        self.path = path
        if unsafe mkdir(path, 0o700) == 0 {
            try Self.syncFolder(above: path)
        } else if errno != EEXIST {
            throw WitnessError(.folderUnusable, "\(path) cannot be made: \(systemMessage())")
        }
        descriptor = unsafe open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else {
            throw WitnessError(.folderUnusable, "\(path) cannot be opened: \(systemMessage())")
        }
        var status = stat()
        // Whoever may write here may set the witness back.
        guard unsafe fstat(descriptor, &status) == 0, status.st_mode & 0o022 == 0 else {
            throw WitnessError(.folderUnusable, "\(path) can be written to by others than its owner")
        }
    }

    deinit { close(descriptor) }

    /// The name of a log's files, and its place in the URL of monitors.
    package static func id(of origin: KeyName) -> Digest { SHA256.digest(origin.bytes) }

    /// Lends the state of one log while nobody else can look at it or change it.
    func withLog<Value>(
        _ id: Digest, lockTimeout: Duration = LogLock.timeout,
        _ body: (borrowing LockedLog) throws(WitnessError) -> Value
    ) throws(WitnessError) -> Value {
        let lock = try LogLock.take("\(id.hex).lock", in: descriptor, path: path, timeout: lockTimeout)
        return try body(LockedLog(lock: lock, folder: self, id: id))
    }

    /// The bytes of the last note cosigned for a log; nil for none. They are whole, with or without the lock.
    func checkpoint(of id: Digest) throws(WitnessError) -> [UInt8]? {
        try read("\(id.hex).checkpoint", sizeMax: SignedNote.sizeMax)
    }

    /// Where a log's checkpoint lies, for sentences.
    func checkpointPath(of id: Digest) -> String { "\(path)/\(id.hex).checkpoint" }

    private static func syncFolder(above path: String) throws(WitnessError) {
        let trimmed = path.utf8.reversed().drop { $0 == UInt8(ascii: "/") }
        let parent = String(decoding: trimmed.drop { $0 != UInt8(ascii: "/") }.reversed(), as: UTF8.self)
        let descriptor = unsafe open(parent.isEmpty ? "." : parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        defer { close(descriptor) }
        guard descriptor >= 0, fsync(descriptor) == 0 else {
            throw WitnessError(.folderUnusable, "the folder of \(path) cannot be synced: \(systemMessage())")
        }
    }
}

extension WitnessFolder {
    /// The bytes of a file; nil where none has that name.
    fileprivate func read(_ name: String, sizeMax: Int) throws(WitnessError) -> [UInt8]? {
        let file = unsafe openat(descriptor, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
        guard file >= 0 else {
            // Only what is certain to be absent is: any other trouble stops the witness.
            guard errno == ENOENT else {
                throw WitnessError(.foreignFile, "\(path)/\(name) cannot be opened: \(systemMessage())")
            }
            return nil
        }
        defer { close(file) }
        var bytes: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 16_384)
        while true {
            let count = unsafe piece.withUnsafeMutableBytes { unsafe Glibc.read(file, $0.baseAddress, $0.count) }
            guard count >= 0 else {
                throw WitnessError(.foreignFile, "\(path)/\(name) cannot be read: \(systemMessage())")
            }
            guard count > 0 else { return bytes }
            bytes += piece[..<count]
            guard bytes.count <= sizeMax else {
                throw WitnessError(.foreignFile, "\(path)/\(name) is longer than \(sizeMax) bytes: it is none of ours")
            }
        }
    }

    /// Puts a file in place, so that readers and crashes find the old one or the new one, and returns once the new one
    /// survives a loss of power.
    fileprivate func replace(_ name: String, by bytes: [UInt8]) throws(WitnessError) {
        let unfinished = name + ".new"
        // What a crash has left; the lock is ours, so nobody is writing it.
        unsafe unlinkat(descriptor, unfinished, 0)
        let flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC
        let file = unsafe openat(descriptor, unfinished, flags, 0o600)
        guard file >= 0 else { throw notWritten(name) }
        defer { close(file) }
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = unsafe rest.withUnsafeBytes { unsafe write(file, $0.baseAddress, $0.count) }
            guard count > 0 || (count < 0 && errno == EINTR) else { throw notWritten(name) }
            rest = rest.dropFirst(max(count, 0))
        }
        // The bytes before the name, the name before the answer.
        guard fsync(file) == 0, unsafe renameat(descriptor, unfinished, descriptor, name) == 0, fsync(descriptor) == 0
        else { throw notWritten(name) }
    }

    /// How many files have a name that begins and ends so.
    fileprivate func count(prefix: String, suffix: String) throws(WitnessError) -> Int {
        // A second description of the folder: its position is nobody else's.
        let listing = unsafe openat(descriptor, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard let stream = unsafe fdopendir(listing) else {
            close(listing)
            throw WitnessError(.folderUnusable, "\(path) cannot be listed: \(systemMessage())")
        }
        defer { unsafe closedir(stream) }
        var count = 0
        while let entry = unsafe readdir(stream) {
            let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) {
                unsafe $0.withMemoryRebound(to: CChar.self, capacity: 256) { unsafe String(cString: $0) }
            }
            if name.hasPrefix(prefix), name.hasSuffix(suffix) { count += 1 }
        }
        return count
    }

    fileprivate func exists(_ name: String) -> Bool { unsafe faccessat(descriptor, name, F_OK, 0) == 0 }

    private func notWritten(_ name: String) -> WitnessError {
        WitnessError(.notWritten, "\(path)/\(name) cannot be written: \(systemMessage())")
    }
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

    private let lock: LogLock
    private let folder: WitnessFolder
    private let id: Digest

    fileprivate init(lock: consuming LogLock, folder: WitnessFolder, id: Digest) {
        self.lock = lock
        self.folder = folder
        self.id = id
    }

    /// Makes `note` the last one. When this returns, it outlives a loss of power.
    func replaceCheckpoint(by note: [UInt8]) throws(WitnessError) {
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
