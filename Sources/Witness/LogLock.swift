import Glibc

/// The right to look at one log's state and to change it (`flock` on a file of its own), until it is let go of. Gone
/// with the process, however that ends.
struct LogLock: ~Copyable {
    /// How long a request waits for another one of the same log.
    static let timeout = Duration.seconds(5)
    /// Between two looks, in microseconds: at first, and at most.
    private static let pause: ClosedRange<UInt32> = 500...20_000

    private let descriptor: Int32

    private init(owning descriptor: Int32) { self.descriptor = descriptor }

    /// Waits for the lock in the file `name` of a folder. The file is made where it is missing, and never removed: a
    /// lock on a removed file would be worth nothing.
    static func take(
        _ name: String, in folder: Int32, path: String, timeout: Duration
    ) throws(WitnessError) -> LogLock {
        // A new description for each holder, for threads of one process exclude each other by it, too.
        let descriptor = unsafe openat(folder, name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else {
            throw WitnessError(.folderUnusable, "\(path)/\(name) cannot be opened: \(systemMessage())")
        }
        let lock = LogLock(owning: descriptor)
        let deadline = ContinuousClock.now + timeout
        var pause = pause.lowerBound
        while flock(descriptor, LOCK_EX | LOCK_NB) != 0 {
            guard errno == EWOULDBLOCK || errno == EINTR else {
                throw WitnessError(.folderUnusable, "\(path)/\(name) cannot be locked: \(systemMessage())")
            }
            guard ContinuousClock.now < deadline else {
                throw WitnessError(.busy, "\(path)/\(name) is locked by somebody else for more than \(timeout)")
            }
            usleep(pause)
            pause = min(pause * 2, Self.pause.upperBound)
        }
        return lock
    }

    deinit { close(descriptor) }
}

/// What the last failed system call said.
func systemMessage() -> String { unsafe String(cString: strerror(errno)) }
