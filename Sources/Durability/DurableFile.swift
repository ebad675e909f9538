import Glibc

/// Small files that must survive whatever happens: whole or not at all, and on the disk when the call returns.
package enum DurableFile {
    /// Why a file cannot be read or written: a sentence with its path and the system's word.
    package struct Fault: Error, CustomStringConvertible, Sendable {
        package let description: String

        init(_ path: String, _ what: String) { description = "\(path) \(what)" }
    }

    /// The content of `path`; nil where there is no such file.
    ///
    /// - Parameter sizeMax: a longer file is a fault.
    package static func read(_ path: String, sizeMax: Int) throws(Fault) -> [UInt8]? {
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            if errno == ENOENT { return nil }
            throw Fault(path, "cannot be read: \(systemMessage)")
        }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 16_384)
        while true {
            let count = unsafe chunk.withUnsafeMutableBytes { unsafe Glibc.read(descriptor, $0.baseAddress, $0.count) }
            guard count >= 0 else { throw Fault(path, "cannot be read: \(systemMessage)") }
            guard count > 0 else { return bytes }
            bytes += chunk[..<count]
            guard bytes.count <= sizeMax else { throw Fault(path, "has more than \(sizeMax) bytes") }
        }
    }

    /// Puts `bytes` in the place of what `path` holds, if anything. Mode 0600.
    package static func replace(_ path: String, with bytes: [UInt8]) throws(Fault) {
        let unfinished = try write(bytes, beside: path)
        guard unsafe rename(unfinished, path) == 0 else {
            let fault = Fault(path, "cannot be written: \(systemMessage)")
            unsafe unlink(unfinished)
            throw fault
        }
        try syncFolder(of: path)
    }

    /// Makes `path` with `bytes`, and never replaces one that is there: false then. Mode 0600.
    package static func create(_ path: String, with bytes: [UInt8]) throws(Fault) -> Bool {
        let unfinished = try write(bytes, beside: path)
        defer { unsafe unlink(unfinished) }
        // A link does not replace: of two that start at once, one makes the file.
        guard unsafe link(unfinished, path) == 0 else {
            if errno == EEXIST { return false }
            throw Fault(path, "cannot be written: \(systemMessage)")
        }
        try syncFolder(of: path)
        return true
    }

    /// Makes the folder, for its owner alone, unless it is there.
    package static func makeFolder(_ path: String) throws(Fault) {
        guard unsafe mkdir(path, 0o700) != 0 else { return try syncFolder(of: path) }
        guard errno == EEXIST else { throw Fault(path, "cannot be made: \(systemMessage)") }
    }

    /// The names of what is in the folder at `path`, ascending; none where there is no such folder.
    package static func names(in path: String) throws(Fault) -> [String] {
        guard let stream = unsafe opendir(path) else {
            if errno == ENOENT { return [] }
            throw Fault(path, "cannot be listed: \(systemMessage)")
        }
        defer { unsafe closedir(stream) }
        var names: [String] = []
        while let entry = unsafe readdir(stream) {
            unsafe withUnsafePointer(to: &entry.pointee.d_name) {
                unsafe $0.withMemoryRebound(to: CChar.self, capacity: 256) { unsafe names.append(String(cString: $0)) }
            }
        }
        return names.filter { $0 != "." && $0 != ".." }.sorted()
    }

    /// Whether there is something at `path`.
    package static func exists(_ path: String) -> Bool { unsafe access(path, F_OK) == 0 }

    /// Whether others than the owner may read or write `path`.
    package static func isOpenToOthers(_ path: String) -> Bool {
        var status = stat()
        return unsafe stat(path, &status) == 0 && status.st_mode & 0o077 != 0
    }

    private static func write(_ bytes: [UInt8], beside path: String) throws(Fault) -> String {
        let unfinished = "\(path).new-\(getpid())-\(UInt32.random(in: 0...UInt32.max))"
        let descriptor = unsafe open(unfinished, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw Fault(path, "cannot be written: \(systemMessage)") }
        defer { close(descriptor) }
        var written = 0
        while written < bytes.count {
            let count = unsafe bytes.withUnsafeBytes {
                unsafe Glibc.write(descriptor, $0.baseAddress?.advanced(by: written), $0.count - written)
            }
            guard count > 0 else { break }
            written += count
        }
        guard written == bytes.count, fsync(descriptor) == 0 else {
            let fault = Fault(path, "cannot be written: \(systemMessage)")
            unsafe unlink(unfinished)
            throw fault
        }
        return unfinished
    }

    /// Returns once the name of `path`, which was made just now, survives a loss of power.
    package static func syncFolder(of path: String) throws(Fault) {
        let folder = path.split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(separator: "/")
        let isAbsolute = path.utf8.first == UInt8(ascii: "/")
        let descriptor = unsafe open(folder.isEmpty ? (isAbsolute ? "/" : ".") : folder, O_RDONLY | O_CLOEXEC)
        defer { if descriptor >= 0 { close(descriptor) } }
        guard descriptor >= 0, fsync(descriptor) == 0 else {
            throw Fault(path, "is written, but its folder cannot be synced: \(systemMessage)")
        }
    }

    private static var systemMessage: String { unsafe String(cString: strerror(errno)) }
}
