import Glibc

/// A folder of the server's account, held open, into which we write whole files.
///
/// We may be root and the folder another account's: every file is made anew under a name that must not exist, so no
/// link laid there can send our writing elsewhere.
final class PrivateFolder: Sendable {
    private let path: String
    private let descriptor: Int32
    private let account: Account

    init(_ path: String, of account: Account) throws(EmbeddedPostgresError) {
        descriptor = unsafe open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else {
            throw EmbeddedPostgresError(.directoryUnusable, "\(path) cannot be opened: \(systemMessage())")
        }
        guard FileStatus(of: descriptor)?.owner == account.userID else {
            close(descriptor)
            throw EmbeddedPostgresError(.directoryNotOurs, "\(path) does not belong to \(account.name)")
        }
        self.path = path
        self.account = account
    }

    deinit { close(descriptor) }

    /// Replaces the file `name` by `text`, so that a reader sees the old one or the new one.
    func write(_ text: String, to name: String) throws(EmbeddedPostgresError) {
        let temporary = name + ".new"
        unsafe unlinkat(descriptor, temporary, 0)
        let file = unsafe openat(descriptor, temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw failure(name) }
        defer { close(file) }
        guard Self.writeAll(Array(text.utf8), to: file), fchown(file, account.userID, account.groupID) == 0,
            fsync(file) == 0, unsafe renameat(descriptor, temporary, descriptor, name) == 0, fsync(descriptor) == 0
        else { throw failure(name) }
    }

    private func failure(_ name: String) -> EmbeddedPostgresError {
        EmbeddedPostgresError(.directoryUnusable, "\(path)/\(name) cannot be written: \(systemMessage())")
    }

    private static func writeAll(_ bytes: [UInt8], to file: Int32) -> Bool {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = unsafe rest.withUnsafeBytes { unsafe Glibc.write(file, $0.baseAddress, $0.count) }
            guard count > 0 else { return false }
            rest = rest.dropFirst(count)
        }
        return true
    }
}
