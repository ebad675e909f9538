import Glibc

/// A file that a caller names to be read: an import, a mail, a report, an export to verify. Whose it is does not
/// matter, links are followed, and a pipe will do; nothing is ever written to it.
package final class InputFile: Sendable {
    private let descriptor: Int32
    /// As it was named, for sentences.
    private let path: String
    /// The size of a file in bytes; nil for a pipe.
    package let size: Int?

    private init(_ path: String, size: Int?, owning descriptor: Int32) {
        self.path = path
        self.size = size
        self.descriptor = descriptor
    }

    /// Opens `path`, or standard input for `-`. A folder is refused.
    package static func open(_ path: String) throws(FileFault) -> InputFile { try open(path, 0) }

    /// Opens a file that lies in a folder which a caller named, so he need not know of it: only a file will do, and
    /// nobody waits at a pipe.
    package static func open(within path: String) throws(FileFault) -> InputFile {
        let file = try open(path, O_NONBLOCK)
        guard file.size != nil else { throw FileFault(.kind, path, "is no file", next: "take it out of the folder") }
        return file
    }

    /// Opens a file of a folder that a caller brought, such as a backup: by its name there, whoever owns it; a link is
    /// not followed, and nobody waits at a pipe.
    package static func open(_ name: String, in folder: Folder) throws(FileFault) -> InputFile {
        let path = folder.place(name)
        let flags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC
        let descriptor = unsafe openat(folder.descriptor, name, flags)
        let number = errno
        if let status = descriptor >= 0 ? FileStatus(of: descriptor) : folder.status(of: name), !status.isRegularFile {
            if descriptor >= 0 { close(descriptor) }
            throw FileFault(
                status.isLink ? .link : .kind, path, "is \(status.kindText), not a file",
                next: "put the file itself in its place")
        }
        guard descriptor >= 0 else {
            throw FileFault(number, path, number == ENOENT ? "is missing" : "cannot be opened")
        }
        return InputFile(path, size: FileStatus(of: descriptor).map { Int($0.sizeBytes) }, owning: descriptor)
    }

    private static func open(_ path: String, _ flags: Int32) throws(FileFault) -> InputFile {
        let descriptor = path == "-" ? STDIN_FILENO : unsafe Glibc.open(path, O_RDONLY | O_NOCTTY | O_CLOEXEC | flags)
        let number = errno
        guard descriptor >= 0 else { throw FileFault(number, path, "cannot be read") }
        let status = FileStatus(of: descriptor)
        let file = InputFile(
            path, size: status.flatMap { $0.isRegularFile ? Int($0.sizeBytes) : nil }, owning: descriptor)
        guard status?.isFolder != true else {
            throw FileFault(.kind, path, "is a folder", next: "name a file in it")
        }
        return file
    }

    deinit { if descriptor != STDIN_FILENO { close(descriptor) } }

    /// What can be read now, up to `count` bytes; nothing at the end. Waits where a pipe has nothing yet.
    package func read(upTo count: Int) throws(FileFault) -> [UInt8] {
        do throws(Descriptor.Failure) { return try Descriptor.read(descriptor, upTo: count) } catch {
            throw FileFault(error.number, path, "cannot be read")
        }
    }

    /// Whether a read would not wait.
    package func isReady(withinMilliseconds wait: Int32) -> Bool {
        var entry = pollfd(fd: descriptor, events: Int16(truncatingIfNeeded: POLLIN), revents: 0)
        return unsafe poll(&entry, 1, wait) > 0
    }

    /// All of it.
    ///
    /// - Parameter sizeMax: a longer one is a fault.
    package func content(sizeMax: Int) throws(FileFault) -> [UInt8] {
        var bytes = try read(upTo: size.map { min(max($0, 1), sizeMax + 1) } ?? Self.pieceSize)
        while bytes.count <= sizeMax {
            let more = try read(upTo: size == nil ? Self.pieceSize : Self.probeSize)
            guard !more.isEmpty else { return bytes }
            bytes += more
        }
        throw FileFault(
            .tooLong, path, "is longer than \(sizeMax) bytes", next: "see that it is the right file")
    }

    /// What is read at once where the size is not known, in bytes.
    private static let pieceSize = 1 << 18
    /// What is read to see that a file ends where it should.
    private static let probeSize = 4_096
}

/// A folder that a caller names to be read, or one of the system's.
package enum InputFolder {
    /// Whether a folder lies there, links followed.
    package static func isFolder(_ path: String) -> Bool { FileStatus(of: path)?.isFolder ?? false }

    /// Whether something lies there, links followed.
    package static func exists(_ path: String) -> Bool { FileStatus(of: path) != nil }

    /// Whether there is a program that we may run.
    package static func isProgram(_ path: String) -> Bool { unsafe access(path, X_OK) == 0 && !isFolder(path) }

    /// The names of the files in it, links followed, ascending by their bytes. Folders, pipes and sockets are left out.
    package static func files(in path: String) throws(FileFault) -> [String] {
        let folder = try Folder.existing(path, sharing: .callers)
        return try folder.names().filter {
            FileStatus(of: $0, in: folder.descriptor, followingLinks: true)?.isRegularFile ?? false
        }
    }

    /// The names of what is in it, ascending by their bytes.
    package static func names(in path: String) throws(FileFault) -> [String] {
        try Folder.existing(path, sharing: .callers).names()
    }
}
