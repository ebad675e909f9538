import Glibc

/// An advisory lock on one file (`flock`), gone with the process that holds it, however that ends.
final class FileLock: Sendable {
    private let descriptor: Int32

    /// Opens the lock file at `path`, making it for the group of `account` to share.
    init(_ path: String, sharedWith account: Account) throws(EmbeddedPostgresError) {
        // Two steps: where the folder is sticky, the kernel may forbid O_CREAT on another account's file.
        let flags = O_RDWR | O_CLOEXEC | O_NOFOLLOW
        var descriptor = unsafe open(path, flags)
        if descriptor < 0, errno == ENOENT {
            descriptor = unsafe open(path, flags | O_CREAT | O_EXCL, 0o600)
            if descriptor >= 0, geteuid() == 0 {
                fchown(descriptor, 0, account.groupID)
                fchmod(descriptor, 0o660)
            } else if descriptor < 0, errno == EEXIST {
                descriptor = unsafe open(path, flags)
            }
        }
        guard descriptor >= 0 else {
            throw EmbeddedPostgresError(.directoryUnusable, "\(path) cannot be opened: \(systemMessage())")
        }
        self.descriptor = descriptor
    }

    deinit { close(descriptor) }

    /// Takes the lock for us alone, unless somebody else holds it.
    func tryExclusive() -> Bool { flock(descriptor, LOCK_EX | LOCK_NB) == 0 }

    /// Takes the lock together with others, unless somebody holds it alone.
    func tryShared() -> Bool { flock(descriptor, LOCK_SH | LOCK_NB) == 0 }

    func release() { flock(descriptor, LOCK_UN) }

    /// What the file says; a lock file may carry a note of at most 64 bytes.
    var note: String {
        get {
            var bytes = [UInt8](repeating: 0, count: 64)
            let count = unsafe bytes.withUnsafeMutableBytes { unsafe pread(descriptor, $0.baseAddress, $0.count, 0) }
            return String(decoding: bytes.prefix(max(count, 0)), as: UTF8.self)
        }
        set {
            ftruncate(descriptor, 0)
            _ = unsafe Array(newValue.utf8).withUnsafeBytes { unsafe pwrite(descriptor, $0.baseAddress, $0.count, 0) }
        }
    }
}
