import Files
import MailAuthentication

/// The files that a command about mail was given.
enum MailFiles {
    /// The longest file that is read, in bytes.
    static let sizeMax = 64 << 20

    /// The files themselves, and those that lie in the folders, in the order of their names.
    static func paths(_ given: [String]) throws(Complaint) -> [String] {
        var paths: [String] = []
        for path in given {
            guard path == "-" || InputFolder.exists(path) else {
                throw Complaint("\(path) is not there", next: "name a file, a folder or -", status: .usage)
            }
            guard path != "-", InputFolder.isFolder(path) else {
                paths.append(path)
                continue
            }
            guard let names = try? InputFolder.files(in: path) else {
                throw Complaint("the folder \(path) cannot be read", next: "look at its permissions")
            }
            paths += names.filter { !$0.hasPrefix(".") }.map { "\(path)/\($0)" }
        }
        return paths
    }

    /// The message in a file, or in standard input. The complaint does not name the file.
    static func message(in path: String) throws(Complaint) -> RawMessage {
        let bytes = try InputFile.content(of: path, sizeMax: sizeMax, what: "a mail")
        guard !bytes.isEmpty else { throw Complaint("it is empty") }
        let message = RawMessage(received: bytes)
        guard !message.hasTooManyFields else {
            throw Complaint("it has more than \(RawMessage.fieldCountMax) header fields")
        }
        return message
    }
}
