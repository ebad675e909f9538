import FoundationEssentials
import Identities

/// The files that an import of reports is given: as they are named, and what lies in a folder, in the order of names.
struct ReportFiles: Sendable {
    /// What is taken from a folder; a file that is named is always taken.
    private static let endings = [".xml", ".gz", ".zip", ".eml"]

    /// While one is written, others are read.
    private static let filesAtOnce = 4

    private let paths: [String]

    /// - Parameter named: files, folders, or `-` for standard input.
    init(_ named: [String]) throws(Complaint) {
        var paths: [String] = []
        for path in named {
            var isFolder = false
            if path != "-", let attributes = try? FileManager.default.attributesOfItem(atPath: path) {
                isFolder = attributes[.type] as? FileAttributeType == .typeDirectory
            }
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
        guard let names = try? FileManager.default.contentsOfDirectory(atPath: folder) else {
            throw Complaint("\(folder) cannot be read", next: "look at its rights", status: .usage)
        }
        return names.sorted()
            .filter { name in endings.contains { name.lowercased().hasSuffix($0) } }
            .map { folder.hasSuffix("/") ? folder + $0 : "\(folder)/\($0)" }
    }

    /// The report in a file, or in standard input for `-`. The complaint does not name the file.
    static func report(in path: String) throws(Complaint) -> IncomingReport {
        let bytes = try InputFile.content(of: path, sizeMax: IncomingReport.sizeMax, what: "a report")
        return IncomingReport(bytes, label: path.lowercased().hasSuffix(".eml") ? .mail : .octets)
    }

    /// Takes each file, some at once, with progress.
    ///
    /// - Parameter tell: is given the answers in the order of the files, each as soon as those before it are there.
    /// - Returns: the answers in the order of the files.
    func forEach<Answer: Sendable>(
        take: @escaping @Sendable (String) async throws -> Answer, tell: (Answer) throws -> Void
    ) async throws -> [Answer] {
        let progress = ProgressBar(unit: "files")
        defer { progress.clear() }
        return try await withThrowingTaskGroup(of: (Int, Answer).self) { tasks in
            var waiting = paths.enumerated().makeIterator()
            let begin = { (tasks: inout ThrowingTaskGroup<(Int, Answer), any Error>) in
                guard let (place, path) = waiting.next() else { return }
                tasks.addTask { (place, try await take(path)) }
            }
            for _ in 0..<Self.filesAtOnce { begin(&tasks) }
            var answers: [Answer] = []
            var early: [Int: Answer] = [:]
            while let (place, answer) = try await tasks.next() {
                begin(&tasks)
                early[place] = answer
                progress.clear()
                while let next = early.removeValue(forKey: answers.count) {
                    try tell(next)
                    answers.append(next)
                }
                progress.update(done: answers.count, fraction: Double(answers.count) / Double(paths.count))
            }
            return answers
        }
    }
}
