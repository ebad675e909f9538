import Glibc

/// Small text files that others write: the kernel's below /proc and /sys, and those of a Postgres. No link is followed
/// at their end, nobody waits at a pipe, and what they say is judged by whoever asks.
package enum ForeignText {
    private static let sizeMax = 1 << 20

    /// The text at `path` from `offset` on, cut where it is too long; nil if it cannot be read or is no file.
    package static func read(_ path: String, from offset: Int = 0) -> String? {
        let file = unsafe open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)
        guard file >= 0 else { return nil }
        defer { close(file) }
        guard FileStatus(of: file)?.isRegularFile == true, offset == 0 || lseek(file, off_t(offset), SEEK_SET) >= 0
        else { return nil }
        var bytes: [UInt8] = []
        while bytes.count < sizeMax {
            guard let piece = try? Descriptor.read(file, upTo: 16_384) else { return nil }
            guard !piece.isEmpty else { break }
            bytes += piece
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
