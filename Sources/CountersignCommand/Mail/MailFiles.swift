import FoundationEssentials

/// The files that a command about mail was given.
enum MailFiles {
    /// The longest file that is read, in bytes.
    static let sizeMax = 64 << 20

    /// The files themselves, and those that lie in the folders, in the order of their names.
    static func paths(_ given: [String]) throws(Complaint) -> [String] {
        var paths: [String] = []
        for path in given {
            var isFolder = false
            guard path == "-" || FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
                throw Complaint("\(path) is not there", next: "name a file, a folder or -", status: .usage)
            }
            guard isFolder else {
                paths.append(path)
                continue
            }
            guard let names = try? FileManager.default.contentsOfDirectory(atPath: path) else {
                throw Complaint("the folder \(path) cannot be read", next: "look at its permissions")
            }
            paths += names.sorted().filter { !$0.hasPrefix(".") }.map { "\(path)/\($0)" }
        }
        return paths
    }

    /// The bytes of a file, or of standard input.
    static func bytes(of path: String) throws(Complaint) -> [UInt8] {
        do throws(Complaint) {
            return try InputFile.content(of: path, sizeMax: sizeMax, what: "a mail")
        } catch {
            throw Complaint("\(path) cannot be read: \(error.reason)", next: "look at the file and its rights")
        }
    }
}
