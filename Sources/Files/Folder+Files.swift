import Glibc

/// Who may read a file.
package enum Access: Sendable {
    /// Its owner alone: keys, secrets, locks.
    case secret
    /// Others as well; only its owner may write it.
    case readable
}

extension Folder {
    /// Whether something has this name, whatever it is.
    package func exists(_ name: String) -> Bool { status(of: name) != nil }

    /// What has this name, links not followed; nil for nothing.
    package func status(of name: String) -> FileStatus? {
        FileStatus(of: name, in: descriptor, followingLinks: false)
    }

    /// The bytes of a file; nil where none has that name. What cannot be read, or should not be trusted, is a fault and
    /// never taken for absent.
    ///
    /// - Parameter sizeMax: a longer file is a fault.
    package func read(_ name: String, sizeMax: Int, _ access: Access) throws(FileFault) -> [UInt8]? {
        guard let file = try openFile(name, O_RDONLY, access) else { return nil }
        defer { close(file) }
        let bytes: [UInt8]?
        do throws(Descriptor.Failure) { bytes = try Descriptor.readAll(file, sizeMax: sizeMax) } catch {
            throw FileFault(error.number, place(name), "cannot be read")
        }
        if let bytes { return bytes }
        throw FileFault(
            .tooLong, place(name), "has more than \(sizeMax) bytes", next: "it is none of ours: look at what it is")
    }

    /// Puts `bytes` in the place of what `name` holds, if anything, so that readers and crashes find the old file or
    /// the new one; returns once the new one survives a loss of power. Mode 0600.
    ///
    /// - Parameter isAlone: whether the caller holds a lock on this file; what a crash has left is then written over.
    package func replace(_ name: String, with bytes: [UInt8], isAlone: Bool = false) throws(FileFault) {
        try requireReplaceable(name)
        let unfinished = isAlone ? "\(name).new" : Self.unfinished(name)
        if isAlone { unsafe unlinkat(descriptor, unfinished, 0) }
        try write(bytes, to: unfinished, meaning: name)
        let result = unsafe renameat(descriptor, unfinished, descriptor, name)
        let number = errno
        guard result == 0 else {
            unsafe unlinkat(descriptor, unfinished, 0)
            throw FileFault(number, place(name), "cannot be written")
        }
        try sync()
    }

    /// Makes `name` with `bytes`, whole or not at all, and never replaces what is there: false then. Mode 0600.
    package func create(_ name: String, with bytes: [UInt8]) throws(FileFault) -> Bool {
        if exists(name) { return false }
        let unfinished = Self.unfinished(name)
        try write(bytes, to: unfinished, meaning: name)
        defer { unsafe unlinkat(descriptor, unfinished, 0) }
        // A link does not replace: of two that start at once, one makes the file.
        let result = unsafe linkat(descriptor, unfinished, descriptor, name, 0)
        let number = errno
        guard result == 0 else {
            if number == EEXIST { return false }
            throw FileFault(number, place(name), "cannot be written")
        }
        try sync()
        return true
    }

    /// Takes a file away, for good when this returns; it may be gone already.
    package func remove(_ name: String) throws(FileFault) {
        let result = unsafe unlinkat(descriptor, name, 0)
        let number = errno
        guard result == 0 || number == ENOENT else { throw FileFault(number, place(name), "cannot be removed") }
        try sync()
    }

    /// Gives a file or a folder in here another name, which replaces a file of that name; returns once that survives a
    /// loss of power.
    package func rename(_ name: String, to other: String) throws(FileFault) {
        let result = unsafe renameat(descriptor, name, descriptor, other)
        let number = errno
        guard result == 0 else { throw FileFault(number, place(name), "cannot be renamed to \(other)") }
        try sync()
    }

    /// Refuses what has this name, if anything has, unless it is a file of an owner that is trusted here.
    ///
    /// - Parameter trusted: one more owner.
    package func requireFile(_ name: String, trusting trusted: Account? = nil) throws(FileFault) {
        guard let status = status(of: name) else { return }
        try requireFile(status, name)
        try requireOwner(status, name, trusted)
    }
}

extension Folder {
    func place(_ name: String) -> String { path.hasSuffix("/") ? path + name : "\(path)/\(name)" }

    /// Opens a file that is there, and checks it; nil where none has that name. A link is not followed, and nobody
    /// waits at a pipe.
    func openFile(
        _ name: String, _ flags: Int32, _ access: Access, sharedWith account: Account? = nil
    ) throws(FileFault) -> Int32? {
        let file = unsafe openat(descriptor, name, flags | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)
        let number = errno
        guard file >= 0 else {
            // Only what is certain to be absent is.
            if number == ENOENT { return nil }
            if let status = status(of: name) { try requireFile(status, name) }
            throw FileFault(number, place(name), "cannot be opened")
        }
        do throws(FileFault) {
            guard let status = FileStatus(of: file) else { throw FileFault(errno, place(name), "cannot be looked at") }
            try requireFile(status, name)
            try requireOwner(status, name, account)
            try requireMode(status, name, access, account)
            // Through another name somebody else's file would be written to.
            guard flags & O_ACCMODE == O_RDONLY || status.nameCount <= 1 else {
                throw FileFault(
                    .names, place(name), "has \(status.nameCount) names (hard links)",
                    next: "copy it to a file of its own, and put that in its place")
            }
            return file
        } catch {
            close(file)
            throw error
        }
    }

    /// Makes an empty file that must not be there; nil if it is. Mode 0600.
    func makeFile(_ name: String, _ flags: Int32, meaning other: String? = nil) throws(FileFault) -> Int32? {
        let file = unsafe openat(descriptor, name, flags | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
        let number = errno
        guard file >= 0 else {
            if number == EEXIST { return nil }
            throw FileFault(number, place(other ?? name), "cannot be made")
        }
        // What root makes in another account's folder is that account's.
        if geteuid() == 0, status.owner != 0, sharing != .callers { fchown(file, status.owner, status.group) }
        return file
    }

    /// Refuses to put a file where a link, a folder, a pipe or a stranger's file is.
    func requireReplaceable(_ name: String) throws(FileFault) { try requireFile(name) }

    static func unfinished(_ name: String) -> String {
        "\(name).new-\(getpid())-\(UInt32.random(in: 0...UInt32.max))"
    }

    private func write(_ bytes: [UInt8], to name: String, meaning other: String) throws(FileFault) {
        guard let file = try makeFile(name, O_WRONLY, meaning: other) else {
            throw FileFault(EEXIST, place(name), "cannot be made")
        }
        defer { close(file) }
        do throws(Descriptor.Failure) {
            try Descriptor.write(bytes, to: file)
            try Descriptor.sync(file)
        } catch {
            unsafe unlinkat(descriptor, name, 0)
            throw FileFault(error.number, place(other), "cannot be written")
        }
    }

    private func requireFile(_ status: FileStatus, _ name: String) throws(FileFault) {
        guard !status.isRegularFile else { return }
        let next =
            status.isLink
            ? "put the file itself in its place, or name the file that it leads to"
            : "take it away, and put the file there"
        throw FileFault(
            status.isLink ? .link : .kind, place(name), "is \(status.kindText), not a file", next: next)
    }

    private func requireOwner(_ file: FileStatus, _ name: String, _ trusted: Account?) throws(FileFault) {
        guard ![0, geteuid(), status.owner, trusted?.userID].contains(file.owner) else { return }
        // Who commands may be root; the file is the folder's owner's, as all others in it are.
        let keeper = Account.name(of: geteuid() == 0 ? status.owner : geteuid())
        throw FileFault(
            .owner, place(name), "belongs to \(Account.name(of: file.owner)), not to \(keeper)",
            next: "run `chown \(keeper) \(place(name))` if it is yours, or restore it from your backup of that file")
    }

    private func requireMode(
        _ status: FileStatus, _ name: String, _ access: Access, _ account: Account?
    ) throws(FileFault) {
        let isShared = account.map { $0.groupID == status.group } ?? false
        let forbidden: UInt32 =
            switch access {
            case .secret: isShared ? 0o007 : 0o077
            case .readable: isShared ? 0o002 : 0o022
            }
        guard status.mode & forbidden != 0 else { return }
        let deed = status.mode & forbidden & 0o044 != 0 ? "read" : "written"
        let command = access == .secret ? "chmod \(isShared ? "o-rwx" : "600")" : "chmod go-w"
        throw FileFault(
            .mode, place(name), "can be \(deed) by others (\(status.modeText))",
            next: "run `\(command) \(place(name))`")
    }
}
