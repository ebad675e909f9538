import Cryptography
import Files
import LedgerStore

/// What the manifest says of the file of a table, and what a file is held to.
struct TableFile: Equatable {
    static let folderName = "tables"

    let name: String
    let bytes: Int
    /// Each row is one line of the file.
    let rows: Int
    let sha256: Digest

    static func fileName(of table: String) -> String { "\(table).copy" }

    /// Counts and hashes the content of a file as it passes.
    struct Measure {
        private(set) var bytes = 0
        private(set) var rows = 0
        private var hash = IncrementalSHA256()

        mutating func add(_ piece: [UInt8]) {
            bytes += piece.count
            var ends = 0
            for byte in piece { ends += byte == 0x0A ? 1 : 0 }
            rows += ends
            hash.update(piece.span)
        }

        /// What a manifest says of it.
        func file(of table: String) -> TableFile {
            TableFile(name: table, bytes: bytes, rows: rows, sha256: hash.digest)
        }
    }
}

extension TableFile {
    /// Writes the rows of a table to its file in `folder`.
    static func write(
        _ table: BackupTable, of snapshot: BackupSnapshot, to folder: BackupFolder, progress: (_ rows: Int) -> Void
    ) async throws -> TableFile {
        let file = try folder.create(fileName(of: table.name))
        var measure = Measure()
        try await snapshot.rows(of: table) { piece in
            try file.write(piece)
            measure.add(piece)
            progress(measure.rows)
        }
        try file.finish()
        return measure.file(of: table.name)
    }

    /// Hands the content of the table's file in `folder` to `body`, and refuses it unless all of it is what the
    /// manifest says: after the last piece, so whatever was done with it must be undone then.
    func read(
        from folder: BackupFolder, _ body: (_ piece: [UInt8]) async throws -> Void
    ) async throws {
        let fileName = Self.fileName(of: name)
        let (file, size) = try folder.file(fileName)
        func refuse(_ what: String) -> Complaint {
            Complaint("\(folder.path)/\(fileName) \(what)", next: BackupFolder.next)
        }
        guard size == bytes else { throw refuse("has \(size) bytes, and the manifest says \(bytes)") }
        var measure = Measure()
        while let piece = try BackupFolder.next(of: file) {
            try Task.checkCancellation()
            measure.add(piece)
            guard measure.bytes <= bytes else { throw refuse("grows while it is read") }
            try await body(piece)
        }
        let found = measure.file(of: name)
        guard found.sha256 == sha256 else { throw refuse("is not the one that was backed up: its SHA-256 is another") }
        guard found == self else { throw refuse("has \(found.rows) rows, and the manifest says \(rows)") }
    }
}
