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
    ///
    /// Mail that lies in files often has the line ends of Unix; it travelled with CRLF, and so it was signed (RFC 6376
    /// §5.3). Where the first line ends in a bare LF, each bare LF becomes CRLF.
    static func message(in path: String) throws(Complaint) -> RawMessage {
        let bytes = try InputFile.content(of: path, sizeMax: sizeMax, what: "a mail")
        let message = RawMessage(hasUnixLineEnds(bytes) ? withCRLF(bytes) : bytes)
        guard !message.hasTooManyFields else {
            throw Complaint("it has more than \(RawMessage.fieldCountMax) header fields")
        }
        return message
    }

    private static func hasUnixLineEnds(_ bytes: [UInt8]) -> Bool {
        guard let end = bytes.firstIndex(of: 0x0A) else { return false }
        return end == 0 || bytes[end - 1] != 0x0D
    }

    private static func withCRLF(_ bytes: [UInt8]) -> [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity(bytes.count + bytes.count / 16)
        var previous: UInt8 = 0
        for byte in bytes {
            if byte == 0x0A, previous != 0x0D { result.append(0x0D) }
            result.append(byte)
            previous = byte
        }
        return result
    }
}
