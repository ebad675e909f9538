import Files

/// The folder of a backup: how it is laid out, and what refuses a file in it.
///
/// A backup is input. Its files are found by names of ours, from a folder that is held open; what is no regular file,
/// or is a link, is refused before a byte of it is read.
///
///     backup.json              the manifest
///     tables/NAME.copy         the rows of one table
///     signatures/LEDGER.note   the signature of one ledger under the manifest
struct BackupFolder: Sendable {
    static let manifestName = "backup.json"
    /// What `pg_dump` wrote for a build before this format.
    static let oldDumpName = "ledgers.dump"
    /// What to do with a backup that is refused.
    static let next = "take another copy of the backup; this one was changed or is not whole"
    private static let pieceSize = 1 << 18

    private let folder: Folder

    var path: String { folder.path }

    /// Makes the folder, for its owner alone; it must not be there.
    static func make(_ path: String) throws(FileFault) -> BackupFolder {
        BackupFolder(folder: try Folder.makeNew(path))
    }

    /// Opens the folder that a caller names; the way there may lead over links.
    static func open(_ path: String) throws(FileFault) -> BackupFolder {
        BackupFolder(folder: try Folder.existing(path, sharing: .callers))
    }

    /// Makes a folder in it.
    func makeFolder(_ name: String) throws(FileFault) -> BackupFolder {
        BackupFolder(folder: try folder.makeFolder(name))
    }

    /// A folder in it, which is no link.
    func folder(_ name: String) throws(Complaint) -> BackupFolder {
        try Self.refusing { () throws(FileFault) in BackupFolder(folder: try folder.folder(name)) }
    }

    /// Whether there is something of this name, whatever it is.
    func has(_ name: String) -> Bool { folder.exists(name) }

    /// The names of what is in it, ascending.
    func names() throws(Complaint) -> [String] {
        try Self.refusing { () throws(FileFault) in try folder.names() }
    }

    // MARK: Read

    /// The whole content of a small file.
    func content(of name: String, sizeMax: Int) throws(Complaint) -> [UInt8] {
        try Self.refusing { () throws(FileFault) in
            try InputFile.open(name, in: folder).content(sizeMax: sizeMax)
        }
    }

    /// A file to read piece by piece, and its size in bytes.
    func file(_ name: String) throws(Complaint) -> (file: InputFile, size: Int) {
        let file = try Self.refusing { () throws(FileFault) in try InputFile.open(name, in: folder) }
        return (file, file.size ?? 0)
    }

    /// The next piece of a file; nil at its end.
    static func next(of file: InputFile) throws(Complaint) -> [UInt8]? {
        let piece = try refusing { () throws(FileFault) in try file.read(upTo: pieceSize) }
        return piece.isEmpty ? nil : piece
    }

    private static func refusing<Value>(_ body: () throws(FileFault) -> Value) throws(Complaint) -> Value {
        do throws(FileFault) { return try body() } catch {
            throw Complaint(Complaint(error).reason, next: next)
        }
    }

    // MARK: Written

    /// A new file to write piece by piece, for its owner alone.
    func create(_ name: String) throws(FileFault) -> OutputFile { try OutputFile(growing: name, in: folder) }

    /// Writes a small file, which is on the disk afterwards.
    func write(_ bytes: [UInt8], to name: String) throws(FileFault) {
        let file = try create(name)
        try file.write(bytes)
        try file.finish()
    }
}
