import Cryptography
import Ledger

/// The idempotency key of a line that has none of its own: where it stood and what it held. So the same file can be
/// imported again, and what the ledger has already is recognised.
enum ImportKey {
    /// The longest name of a source, in bytes: the rest of a key has room beside it.
    static let sourceSizeMax = 200
    private static let digestDigits = 16

    /// `import:<source>:<line number>:<first 16 hex digits of SHA-256 of the line>`
    static func key(source: String, lineNumber: Int, line: [UInt8]) throws(Refusal) -> IdempotencyKey {
        let digest = SHA256.digest(line).hex.prefix(digestDigits)
        return try IdempotencyKey("import:\(source):\(lineNumber):\(digest)")
    }

    /// The source's name: as given, or that of the file.
    static func source(named name: String?, file: String) throws(Complaint) -> String {
        let isStandardInput = file == "-"
        guard let source = name ?? (isStandardInput ? nil : file.split(separator: "/").last.map { String($0) }) else {
            throw Complaint(
                "standard input has no name", next: "add --source NAME, the same each time for the same data",
                status: .usage)
        }
        guard (1...sourceSizeMax).contains(source.utf8.count) else {
            throw Complaint(
                "the source's name has 1 to \(sourceSizeMax) bytes", next: "add --source NAME", status: .usage)
        }
        return source
    }
}
