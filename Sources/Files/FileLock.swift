import Glibc

/// A lock on a file that nothing else uses (`flock`), among all processes of the machine and all holders within one;
/// gone with its holder, however that ends. The file is made where it is missing, and never removed: a lock on a
/// removed file would be worth nothing, so taking one whose file is not in its place is a fault.
package final class FileLock: Sendable {
    private let folder: Folder
    private let name: String
    private let descriptor: Int32

    init(_ name: String, in folder: Folder, owning descriptor: Int32) {
        self.folder = folder
        self.name = name
        self.descriptor = descriptor
    }

    deinit { close(descriptor) }

    /// Takes the lock for us alone, unless somebody else holds it. Whoever has it gives it back by letting this object
    /// go.
    package func tryExclusive() throws(FileFault) -> Bool { try take(LOCK_EX) }

    /// Takes the lock together with others, unless somebody holds it alone.
    package func tryShared() throws(FileFault) -> Bool { try take(LOCK_SH) }

    /// Takes the lock for us alone; waits for it, and blocks the thread meanwhile.
    package func waitExclusive(_ timeout: Duration) throws(FileFault) {
        let deadline = ContinuousClock.now + timeout
        var pause: UInt32 = 500
        while try !tryExclusive() {
            guard ContinuousClock.now < deadline else {
                throw FileFault(
                    .busy, folder.place(name), "has been locked by somebody else for \(timeout)",
                    next: "`lslocks` names the process that holds it")
            }
            usleep(pause)
            pause = min(pause * 2, 20_000)
        }
    }

    package func release() { flock(descriptor, LOCK_UN) }

    /// Refuses to go on under a lock whose file was taken away or replaced: somebody else may hold another one.
    package func requireInPlace() throws(FileFault) {
        if let ours = FileStatus(of: descriptor), let there = folder.status(of: name), ours.isSame(as: there) { return }
        throw FileFault(
            .removed, folder.place(name), "was removed or replaced while its lock was in use",
            next: "never remove it; stop whoever uses it, and start again")
    }

    /// What the file says: a lock file may carry a note of at most 64 bytes.
    package var note: String {
        get { String(decoding: (try? Descriptor.read(descriptor, at: 0, upTo: 64)) ?? [], as: UTF8.self) }
        set {
            ftruncate(descriptor, 0)
            _ = unsafe Array(newValue.utf8).withUnsafeBytes { unsafe pwrite(descriptor, $0.baseAddress, $0.count, 0) }
        }
    }

    private func take(_ kind: Int32) throws(FileFault) -> Bool {
        while true {
            let result = flock(descriptor, kind | LOCK_NB)
            let number = errno
            if result == 0 {
                try requireInPlace()
                return true
            }
            if number == EWOULDBLOCK { return false }
            guard number == EINTR else { throw FileFault(number, folder.place(name), "cannot be locked") }
        }
    }
}

extension Folder {
    /// Opens the lock file `name`, making it if need be.
    ///
    /// - Parameter account: an account that may hold the lock as well; where we are root, the file is made for its
    ///   group.
    package func lock(_ name: String, sharedWith account: Account? = nil) throws(FileFault) -> FileLock {
        // Two steps: where the folder is sticky, the kernel may forbid O_CREAT on another account's file.
        if let file = try openFile(name, O_RDWR, .secret, sharedWith: account) {
            return FileLock(name, in: self, owning: file)
        }
        if let file = try makeFile(name, O_RDWR) {
            if let account, geteuid() == 0 {
                fchown(file, uid_t.max, account.groupID)
                fchmod(file, 0o660)
            }
            return FileLock(name, in: self, owning: file)
        }
        // Somebody else has just made it, and may not be done with its mode.
        for _ in 0..<100 {
            do throws(FileFault) {
                if let file = try openFile(name, O_RDWR, .secret, sharedWith: account) {
                    return FileLock(name, in: self, owning: file)
                }
            } catch  where error.code != .system {
                throw error
            } catch {}
            usleep(1_000)
        }
        throw FileFault(.removed, place(name), "is made and removed again", next: "see who does that")
    }
}
