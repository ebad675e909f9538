import FoundationEssentials
import Glibc
import Identities

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

    /// The content of a file, or of standard input for `-`.
    static func content(of path: String) throws(Complaint) -> [UInt8] {
        let descriptor = path == "-" ? STDIN_FILENO : unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw Complaint(unsafe String(cString: strerror(errno))) }
        defer { if descriptor != STDIN_FILENO { close(descriptor) } }
        var bytes: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 1 << 18)
        while true {
            let count = unsafe piece.withUnsafeMutableBytes { unsafe read(descriptor, $0.baseAddress, $0.count) }
            guard count >= 0 else { throw Complaint(unsafe String(cString: strerror(errno))) }
            guard count > 0 else { return bytes }
            bytes += piece.prefix(count)
            guard bytes.count <= IncomingReport.sizeMax else {
                throw Complaint("it is longer than \(IncomingReport.sizeMax) bytes, the most that a report may have")
            }
        }
    }
}
