import Glibc

/// A folder that was checked and is held open: what Countersign keeps is reached from here, by its name alone, so
/// nobody can put another folder in the way in between.
///
/// **Whose files are taken.** The folder belongs to us, to root, or, where we are root, to the account that root or
/// that account itself has put it there for; its files belong to the folder's owner, to us or to root. Where we are
/// root, what we make in another account's folder becomes that account's: a service goes on with what its operator's
/// command has made. The folders above are not looked at: whoever may rename them is trusted.
package final class Folder: Sendable {
    /// What others than the owner may do in a folder.
    package enum Sharing: Sendable {
        /// Nothing but read.
        case none
        /// Add names of their own, and not take ours away (the sticky bit): as in /tmp, or in a data directory that
        /// root keeps for the server's account.
        case sticky
        /// Whatever the caller lets them: he named the folder for what he takes out.
        case callers
    }

    /// As it was named, for sentences.
    package let path: String
    package let status: FileStatus
    let sharing: Sharing
    /// For `openat` and its kin only.
    let descriptor: Int32
    /// `O_PATH` of open(2), which Glibc's module leaves out: asks for no right to list the folder.
    private static let pathOnly: Int32 = 0o10_000_000

    private init(_ path: String, _ status: FileStatus, _ sharing: Sharing, owning descriptor: Int32) {
        self.path = path
        self.status = status
        self.sharing = sharing
        self.descriptor = descriptor
    }

    deinit { close(descriptor) }

    /// Opens and checks the folder at `path`; nil where there is none. Links on the way are followed, and the last one
    /// only where a trusted account made it.
    ///
    /// - Parameter trusted: one more account that it may belong to.
    package static func open(
        _ path: String, sharing: Sharing, trusting trusted: Account? = nil
    ) throws(FileFault) -> Folder? {
        let path = path.isEmpty ? "." : path
        let descriptor = unsafe Glibc.open(path, pathOnly | O_DIRECTORY | O_CLOEXEC)
        let number = errno
        guard descriptor >= 0 else {
            if number == ENOENT { return nil }
            throw FileFault(number, path, "cannot be opened")
        }
        do throws(FileFault) {
            guard let status = FileStatus(of: descriptor) else { throw FileFault(errno, path, "cannot be looked at") }
            if sharing != .callers { try check(path, status, sharing, descriptor, trusted) }
            return Folder(path, status, sharing, owning: descriptor)
        } catch {
            close(descriptor)
            throw error
        }
    }

    /// The same where the folder must be there.
    package static func existing(
        _ path: String, sharing: Sharing, trusting trusted: Account? = nil
    ) throws(FileFault) -> Folder {
        if let folder = try open(path, sharing: sharing, trusting: trusted) { return folder }
        throw FileFault(ENOENT, path, "cannot be opened")
    }

    /// Makes the folder, for its owner alone, unless it is there; then opens and checks it. One that nobody shares and
    /// that root makes in another account's folder is that account's.
    package static func make(_ path: String, sharing: Sharing) throws(FileFault) -> Folder {
        if let folder = try open(path, sharing: sharing) { return folder }
        _ = try makeIfMissing(path, isGiven: sharing == .none)
        return try existing(path, sharing: sharing)
    }

    /// Makes the folder, for its owner alone; refused where something has that name.
    package static func makeNew(_ path: String) throws(FileFault) -> Folder {
        guard try makeIfMissing(path, isGiven: false) else {
            throw FileFault(.present, path, "is there already", next: "name a folder that is not there yet")
        }
        return try existing(path, sharing: .none)
    }

    /// A folder in this one, whoever owns it, and no link to one: for what a caller brought.
    package func folder(_ name: String) throws(FileFault) -> Folder {
        let flags = Self.pathOnly | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC
        let opened = unsafe openat(descriptor, name, flags)
        let number = errno
        guard opened >= 0 else {
            guard let status = status(of: name), !status.isFolder else {
                throw FileFault(number, place(name), number == ENOENT ? "is missing" : "cannot be opened")
            }
            throw FileFault(
                status.isLink ? .link : .kind, place(name), "is \(status.kindText), not a folder",
                next: "put the folder itself in its place")
        }
        guard let status = FileStatus(of: opened) else {
            let number = errno
            close(opened)
            throw FileFault(number, place(name), "cannot be looked at")
        }
        return Folder(place(name), status, .callers, owning: opened)
    }

    /// Makes a folder in this one, for its owner alone; refused where something has that name.
    package func makeFolder(_ name: String) throws(FileFault) -> Folder {
        let result = unsafe mkdirat(descriptor, name, 0o700)
        let number = errno
        guard result == 0 else { throw FileFault(number, place(name), "cannot be made") }
        return try folder(name)
    }

    /// - Returns: whether it is new.
    private static func makeIfMissing(_ path: String, isGiven: Bool) throws(FileFault) -> Bool {
        let place = FilePlace(path)
        let parent = try existing(place.folder, sharing: .callers)
        let result = unsafe mkdirat(parent.descriptor, place.name, 0o700)
        let number = errno
        guard result == 0 else {
            if number == EEXIST { return false }
            throw FileFault(number, path, "cannot be made")
        }
        if isGiven, geteuid() == 0, parent.status.owner != 0, parent.status.mode & 0o022 == 0 {
            unsafe fchownat(
                parent.descriptor, place.name, parent.status.owner, parent.status.group, AT_SYMLINK_NOFOLLOW)
        }
        try parent.sync()
        return true
    }

    private static func check(
        _ path: String, _ status: FileStatus, _ sharing: Sharing, _ descriptor: Int32, _ trusted: Account?
    ) throws(FileFault) {
        let us = geteuid()
        let owner = status.owner
        guard [0, us, trusted?.userID].contains(owner) || us == 0 && isGiven(to: owner, descriptor) else {
            throw FileFault(
                .owner, path, "belongs to \(Account.name(of: owner)), and we are \(Account.name(of: us))",
                next: "run as its owner, or `chown \(Account.name(of: us)) \(path)` if what is in it is yours")
        }
        let isOpen = sharing == .none ? status.mode & 0o022 != 0 : status.isOpenToOthers
        guard !isOpen else {
            throw FileFault(
                .mode, path, "can be written to by others (\(status.modeText))",
                next: "run `chmod go-w \(path)` once you know that what is in it is yours")
        }
        let trimmed = String(decoding: path.utf8.reversed().drop { $0 == UInt8(ascii: "/") }.reversed(), as: UTF8.self)
        guard let link = FileStatus(of: trimmed, in: AT_FDCWD, followingLinks: false), link.isLink else { return }
        guard [0, us, owner].contains(link.owner) else {
            throw FileFault(
                .link, path, "is a symbolic link that \(Account.name(of: link.owner)) made",
                next: "take the link away, or name the folder that it leads to")
        }
    }

    /// Whether only root, or `owner` in a place of his own, can have put the folder where it is.
    private static func isGiven(to owner: UInt32, _ descriptor: Int32) -> Bool {
        guard let parent = FileStatus(of: "..", in: descriptor, followingLinks: true) else { return false }
        return parent.mode & 0o022 == 0 && [0, owner].contains(parent.owner)
    }

    /// The names of what is in it, ascending by their bytes.
    package func names() throws(FileFault) -> [String] {
        let listing = unsafe openat(descriptor, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        let number = errno
        guard listing >= 0 else { throw FileFault(number, path, "cannot be listed") }
        guard let stream = unsafe fdopendir(listing) else {
            let number = errno
            close(listing)
            throw FileFault(number, path, "cannot be listed")
        }
        defer { unsafe closedir(stream) }
        var names: [String] = []
        while let entry = unsafe readdir(stream) {
            unsafe withUnsafePointer(to: &entry.pointee.d_name) {
                unsafe $0.withMemoryRebound(to: CChar.self, capacity: 256) { unsafe names.append(String(cString: $0)) }
            }
        }
        return names.filter { $0 != "." && $0 != ".." }
            .sorted { Array($0.utf8).lexicographicallyPrecedes(Array($1.utf8)) }
    }

    /// Returns once the names in it survive a loss of power.
    package func sync() throws(FileFault) {
        let file = unsafe openat(descriptor, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        let number = errno
        guard file >= 0 else { throw FileFault(number, path, "cannot be synced") }
        defer { close(file) }
        do throws(Descriptor.Failure) { try Descriptor.sync(file) } catch {
            throw FileFault(error.number, path, "cannot be synced")
        }
    }

    /// Changes who may do what in it. The sticky bit is for a folder whose group makes files of its own.
    ///
    /// - Parameter group: the group to give it to; nil to leave that as it is.
    package func setMode(_ mode: UInt32, group: UInt32? = nil) throws(FileFault) {
        let file = unsafe openat(descriptor, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        let number = errno
        guard file >= 0 else { throw FileFault(number, path, "cannot be opened") }
        defer { close(file) }
        let isGiven = group.map { fchown(file, uid_t.max, $0) == 0 } ?? true
        guard isGiven, fchmod(file, mode) == 0 else {
            let number = errno
            throw FileFault(number, path, "cannot be given another mode")
        }
    }
}
