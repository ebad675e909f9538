import Glibc

/// A lock on a file that nothing else uses (`flock`): one holder at a time among all processes of the machine, and gone
/// with its holder, however that ends.
package final class FileLock: Sendable {
    private let descriptor: Int32

    /// Opens `path`, making it if need be; nil if it cannot be.
    package init?(_ path: String) {
        descriptor = unsafe open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { return nil }
    }

    deinit { close(descriptor) }

    /// Takes the lock, unless somebody else has it. Whoever has it gives it back by letting this object go.
    package func take() -> Bool { flock(descriptor, LOCK_EX | LOCK_NB) == 0 }
}
