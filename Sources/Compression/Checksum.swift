import CZlib

/// CRC-32 as gzip and ZIP use it (RFC 1952 §8).
package enum Checksum {
    package static func crc32(_ bytes: Span<UInt8>) -> UInt32 {
        let sum = unsafe bytes.withUnsafeBufferPointer { unsafe crc32_z(0, $0.baseAddress, $0.count) }
        return UInt32(truncatingIfNeeded: sum)
    }
}
