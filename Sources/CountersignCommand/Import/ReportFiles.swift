import FoundationEssentials

/// The files that an import of reports is given: as they are named, and what lies in a folder, in the order of names.
struct ReportFiles {
    /// What is taken from a folder; a file that is named is always taken.
    private static let endings = [".xml", ".gz", ".zip", ".eml"]

    let paths: [String]

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
}
