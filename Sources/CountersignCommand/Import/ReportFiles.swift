import Files
import Identities

/// The files that an import of reports is given: as they are named, and what lies in a folder, in the order of names.
struct ReportFiles: Sendable {
    /// What is taken from a folder; a file that is named is always taken.
    private static let endings = [".xml", ".gz", ".zip", ".eml"]

    /// While one is written, others are read.
    private static let filesAtOnce = 4
    /// How many wait for one that comes before them.
    private static let earlyMax = 64

    private let paths: [String]

    /// - Parameter named: files, folders, or `-` for standard input.
    init(_ named: [String]) throws(Complaint) {
        var paths: [String] = []
        for path in named {
            let isFolder = path != "-" && InputFolder.isFolder(path)
            paths += isFolder ? try Self.files(in: path) : [path]
        }
        guard !paths.isEmpty else {
            throw Complaint(
                "there is no report in the folder", next: "name a folder with .xml, .gz, .zip or .eml files",
                status: .usage)
        }
        self.paths = paths
    }

    private static func files(in folder: String) throws(Complaint) -> [String] {
        guard let names = try? InputFolder.files(in: folder) else {
            throw Complaint("\(folder) cannot be read", next: "look at its rights", status: .usage)
        }
        return names.filter { name in endings.contains { name.lowercased().hasSuffix($0) } }
            .map { folder.hasSuffix("/") ? folder + $0 : "\(folder)/\($0)" }
    }

    /// The content of a file, or of standard input for `-`. The complaint does not name the file.
    static func content(of path: String) throws(Complaint) -> [UInt8] {
        let bytes = try InputFile.content(of: path, sizeMax: IncomingReport.sizeMax, what: "a report")
        guard !bytes.isEmpty else { throw Complaint("it is empty") }
        return bytes
    }

    /// What the name of a file says that it is.
    static func label(of path: String) -> IncomingReport.Label { path.lowercased().hasSuffix(".eml") ? .mail : .octets }

    /// Takes each file, some at once, with progress.
    ///
    /// - Parameter tell: is given what was made of the files in their order, each as soon as those before it are there;
    ///   what it returns is kept.
    /// - Returns: what was kept, in the order of the files.
    func forEach<Taken: Sendable, Kept>(
        take: @escaping @Sendable (String) async throws -> Taken, tell: (Taken) throws -> Kept
    ) async throws -> [Kept] {
        let progress = ProgressBar(unit: "files")
        defer { progress.clear() }
        return try await withThrowingTaskGroup(of: (Int, Taken).self) { tasks in
            var waiting = paths.enumerated().makeIterator()
            var kept: [Kept] = []
            // Taken before one that comes first.
            var early: [Int: Taken] = [:]
            var running = 0
            while true {
                while running < Self.filesAtOnce, early.count < Self.earlyMax, let (place, path) = waiting.next() {
                    tasks.addTask { (place, try await take(path)) }
                    running += 1
                }
                guard let (place, taken) = try await tasks.next() else { return kept }
                running -= 1
                early[place] = taken
                progress.clear()
                while let next = early.removeValue(forKey: kept.count) { kept.append(try tell(next)) }
                progress.update(done: kept.count, fraction: Double(kept.count) / Double(paths.count))
            }
        }
    }
}
