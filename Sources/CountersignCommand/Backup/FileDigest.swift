import Cryptography
import Files

/// The SHA-256 of a file of any size, and how many bytes it has.
enum FileDigest {
    private static let pieceSize = 1 << 20

    static func sha256(_ path: String) throws(Complaint) -> (digest: Digest, size: Int) {
        do throws(FileFault) {
            let file = try InputFile.open(within: path)
            var hash = IncrementalSHA256()
            var size = 0
            while true {
                let piece = try file.read(upTo: pieceSize)
                guard !piece.isEmpty else { return (hash.digest, size) }
                hash.update(piece.span)
                size += piece.count
            }
        } catch {
            throw Complaint("\(path) cannot be read: \(error.reason)")
        }
    }
}
