import FoundationEssentials

/// The files of the project, as text.
struct SourceTree {
    /// One file below the project's folder.
    struct File {
        let path: String
        let lines: [String]

        /// The folder below `Sources` or `Tests`: the name of its target.
        var target: String { path.split(separator: "/").dropFirst().first.map(String.init) ?? "" }
    }

    let root: URL

    init() {
        var url = URL(filePath: #filePath)
        // SourceTree.swift, TidyTests, Tests.
        for _ in 0..<3 { url.deleteLastPathComponent() }
        root = url
    }

    /// The files below `folder` whose names end in `suffix`.
    func files(in folder: String, suffix: String) throws -> [File] {
        let names = try FileManager.default.subpathsOfDirectory(atPath: root.appending(path: folder).path)
        return try names.filter { $0.hasSuffix(suffix) && !$0.contains("__pycache__") }.sorted().map { name in
            try file("\(folder)/\(name)")
        }
    }

    /// One file.
    func file(_ path: String) throws -> File {
        let text = try String(contentsOf: root.appending(path: path), encoding: .utf8)
        return File(path: path, lines: text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init))
    }
}
