import Glibc

/// What is done with an open file, whole or with the number of the error.
enum Descriptor {
    /// A failed call's `errno`.
    struct Failure: Error { let number: Int32 }

    private static let pieceSize = 16_384

    /// All bytes from here on; nil if there are more than `sizeMax`.
    static func readAll(_ descriptor: Int32, sizeMax: Int) throws(Failure) -> [UInt8]? {
        var bytes: [UInt8] = []
        while true {
            let piece = try read(descriptor, upTo: pieceSize)
            guard !piece.isEmpty else { return bytes }
            bytes += piece
            guard bytes.count <= sizeMax else { return nil }
        }
    }

    /// What can be read now, up to `count` bytes; nothing at the end.
    static func read(_ descriptor: Int32, upTo count: Int) throws(Failure) -> [UInt8] {
        while true {
            var result = 0
            var number: Int32 = 0
            let bytes = unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, length in
                unsafe result = Glibc.read(descriptor, buffer.baseAddress, count)
                number = errno
                length = max(0, result)
            }
            if result >= 0 { return bytes }
            guard number == EINTR else { throw Failure(number: number) }
        }
    }

    /// Up to `count` bytes from a place in the file on.
    static func read(_ descriptor: Int32, at offset: Int, upTo count: Int) throws(Failure) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        let result = unsafe bytes.withUnsafeMutableBytes { unsafe pread(descriptor, $0.baseAddress, $0.count, offset) }
        let number = errno
        guard result >= 0 else { throw Failure(number: number) }
        return Array(bytes.prefix(result))
    }

    static func write(_ bytes: [UInt8], to descriptor: Int32) throws(Failure) {
        var written = 0
        while written < bytes.count {
            let count = unsafe bytes.withUnsafeBytes { buffer in
                unsafe Glibc.write(
                    descriptor, buffer.baseAddress.map { unsafe $0 + written }, buffer.count - written)
            }
            let number = errno
            guard count > 0 || number == EINTR else { throw Failure(number: number) }
            written += max(count, 0)
        }
    }

    /// Returns once what was written is on the disk.
    static func sync(_ descriptor: Int32) throws(Failure) {
        let result = fsync(descriptor)
        let number = errno
        guard result == 0 else { throw Failure(number: number) }
    }
}
