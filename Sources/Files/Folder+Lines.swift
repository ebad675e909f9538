import Glibc

extension Folder {
    /// Adds whole lines behind all others of a file of lines, which is made where it is missing, and returns once they
    /// are on the disk. A last line that was cut off in writing is taken away first: nobody was told that it is there.
    ///
    /// One writer at a time: the others wait, for `lockTimeout` at most.
    func append(
        _ lines: [UInt8], to name: String, _ access: Access, lockTimeout: Duration
    ) throws(FileFault) {
        let flags = O_RDWR | O_APPEND
        var file = try openFile(name, flags, access)
        if file == nil { file = try makeFile(name, flags) }
        if file == nil { file = try openFile(name, flags, access) }
        guard let file else { throw FileFault(ENOENT, place(name), "cannot be opened") }
        let lock = FileLock(name, in: self, owning: file)
        try lock.waitExclusive(lockTimeout)
        do throws(Descriptor.Failure) {
            try Self.cutTornLine(of: file)
            try Descriptor.write(lines, to: file)
            try Descriptor.sync(file)
        } catch {
            throw FileFault(error.number, place(name), "cannot be written")
        }
        // Its name, too: whoever made it may have ended before that was on the disk.
        try sync()
        withExtendedLifetime(lock) {}
    }

    private static let pieceSize = 1 << 16

    private static func cutTornLine(of file: Int32) throws(Descriptor.Failure) {
        let size = Int(FileStatus(of: file)?.sizeBytes ?? 0)
        var end = size
        while end > 0 {
            let start = max(0, end - pieceSize)
            let piece = try Descriptor.read(file, at: start, upTo: end - start)
            if let feed = piece.lastIndex(of: UInt8(ascii: "\n")) {
                end = start + feed + 1
                break
            }
            end = start
        }
        guard end < size else { return }
        let result = ftruncate(file, end)
        let number = errno
        guard result == 0 else { throw Descriptor.Failure(number: number) }
    }
}
