import Cryptography
import Glibc

/// The SHA-256 of a file of any size, and how many bytes it has.
enum FileDigest {
    private static let pieceSize = 1 << 20

    static func sha256(_ path: String) throws(Complaint) -> (digest: Digest, size: Int) {
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw complaint(path) }
        defer { close(descriptor) }
        var hash = IncrementalSHA256()
        var size = 0
        var piece = [UInt8](repeating: 0, count: pieceSize)
        while true {
            let count = unsafe piece.withUnsafeMutableBytes { unsafe read(descriptor, $0.baseAddress, $0.count) }
            guard count >= 0 else { throw complaint(path) }
            guard count > 0 else { return (hash.digest, size) }
            hash.update(piece.span.extracting(0..<count))
            size += count
        }
    }

    private static func complaint(_ path: String) -> Complaint {
        Complaint("\(path) cannot be read: \(unsafe String(cString: strerror(errno)))")
    }
}
