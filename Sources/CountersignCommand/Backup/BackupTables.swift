import LedgerStore

/// The files of a backup with the rows of its tables.
struct BackupTables: Sendable {
    private let manifest: BackupManifest
    private let folder: BackupFolder

    /// Refuses a folder that holds more than these files.
    init(_ manifest: BackupManifest, in source: BackupFolder) throws(Complaint) {
        self.manifest = manifest
        folder = try source.folder(TableFile.folderName)
        let known = Set(manifest.tables.map { TableFile.fileName(of: $0.name) })
        if let stray = try folder.names().first(where: { !known.contains($0) }) {
            throw Complaint(
                "\(folder.path) holds \(stray.printable), which is none of the backup's", next: BackupFolder.next)
        }
    }

    /// Refuses them unless each is what the manifest says.
    func check() async throws {
        try Output.error.writeLine("checking the files")
        let progress = TableProgress(manifest)
        defer { progress.clear() }
        for table in manifest.tables {
            try await table.read(from: folder) { progress.add($0.count) }
        }
    }

    /// Loads all of them into the empty schema, or nothing. Each is held to the manifest once more: whoever can write
    /// to the folder could have changed it since.
    func load(into location: DatabaseLocation) async throws {
        try Output.error.writeLine("restoring")
        let progress = TableProgress(manifest)
        defer { progress.clear() }
        do {
            try await location.withOwner { connection in
                try await BackupLoad(connection).run(manifest.ledgers.map(\.ledger)) { table, send in
                    guard let file = manifest.tables.first(where: { $0.name == table.name }) else { return 0 }
                    try await file.read(from: folder) { piece in
                        try await send(piece)
                        progress.add(piece.count)
                    }
                    return file.rows
                }
            }
        } catch let fault as BackupFault {
            throw Complaint(fault.description, next: "\(BackupFolder.next); the new data directory holds no ledger")
        }
    }
}

/// How far the bytes of all tables are.
private final class TableProgress {
    private let bar = ProgressBar(unit: "KiB")
    private let total: Int
    private var done = 0

    init(_ manifest: BackupManifest) { total = manifest.tables.reduce(0) { $0.addingSaturated($1.bytes) } }

    func add(_ bytes: Int) {
        done += bytes
        bar.update(done: done >> 10, fraction: Double(done) / Double(max(total, 1)))
    }

    func clear() { bar.clear() }
}
