import Glibc

/// Small text files, read whole; those of /proc too, which have no size.
enum TextFile {
    private static let bytesMax = 1 << 20

    /// The text at `path` from `offset` on; nil if it cannot be read.
    static func read(_ path: String, from offset: Int64 = 0) -> String? {
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        guard offset == 0 || lseek(descriptor, off_t(offset), SEEK_SET) >= 0 else { return nil }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 16_384)
        while bytes.count < bytesMax {
            let count = unsafe chunk.withUnsafeMutableBytes { unsafe Glibc.read(descriptor, $0.baseAddress, $0.count) }
            guard count >= 0 else { return nil }
            guard count > 0 else { break }
            bytes += chunk[..<count]
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// The last `count` lines of `text`.
    static func lastLines(_ count: Int, of text: String) -> String {
        text.split(separator: "\n").suffix(count).joined(separator: "\n")
    }
}
