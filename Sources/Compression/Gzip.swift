/// A gzip file of one member (RFC 1952).
///
/// The RFC allows several members in a row (§2.2); a report is one, and a second would be a place to hide something.
package enum Gzip {
    private static let fixedHeaderSize = 10
    private static let trailerSize = 8

    /// The bits of FLG (§2.3.1).
    private struct Flags: OptionSet {
        let rawValue: UInt8
        static let headerChecksum = Flags(rawValue: 1 << 1)
        static let extra = Flags(rawValue: 1 << 2)
        static let name = Flags(rawValue: 1 << 3)
        static let comment = Flags(rawValue: 1 << 4)
        static let reserved = Flags(rawValue: 0b1110_0000)
    }

    /// Whether `bytes` begin as a gzip file does.
    package static func isGzip(_ bytes: [UInt8]) -> Bool { bytes.starts(with: [0x1F, 0x8B]) }

    /// The file inside, its CRC-32 and size verified. Zeros and line ends behind it are padding.
    package static func inflate(
        _ bytes: [UInt8], limits: CompressionLimits = CompressionLimits()
    ) throws(CompressionError) -> CompressedFile {
        try limits.requireInput(of: bytes.count)
        let header = try header(of: bytes)
        let inflated = try Deflate.inflate(bytes.span.extracting(header.size..<bytes.count), limits: limits)
        let numbers = LittleEndian(bytes: bytes)
        let trailer = header.size + inflated.consumed
        let (checksum, size) = (try numbers.number32(at: trailer), try numbers.number32(at: trailer + 4))
        guard checksum == Int(Checksum.crc32(inflated.content.span)) else { throw .checksumMismatch }
        guard size == inflated.content.count & 0xFFFF_FFFF else { throw .sizeMismatch }
        let rest = bytes[(trailer + trailerSize)...]
        guard !rest.starts(with: [0x1F, 0x8B]) else { throw .multipleMembers }
        guard rest.allSatisfy({ $0 == 0 || $0 == 0x0D || $0 == 0x0A }) else { throw .trailingData }
        return CompressedFile(name: header.name, content: inflated.content)
    }

    /// The header at the start of `bytes`: its size, and the file name in it.
    private static func header(of bytes: [UInt8]) throws(CompressionError) -> (size: Int, name: [UInt8]?) {
        guard bytes.count >= fixedHeaderSize else { throw .truncated }
        guard isGzip(bytes) else { throw .badHeader }
        guard bytes[2] == 8 else { throw .unsupportedMethod }
        let flags = Flags(rawValue: bytes[3])
        guard flags.isDisjoint(with: .reserved) else { throw .badHeader }
        let numbers = LittleEndian(bytes: bytes)
        var end = fixedHeaderSize
        if flags.contains(.extra) { end += 2 + (try numbers.number16(at: end)) }
        let name = flags.contains(.name) ? try text(in: bytes, from: &end) : nil
        if flags.contains(.comment) { _ = try text(in: bytes, from: &end) }
        if flags.contains(.headerChecksum) {
            let stated = try numbers.number16(at: end)
            guard stated == Int(Checksum.crc32(bytes.span.extracting(..<end)) & 0xFFFF) else { throw .badHeader }
            end += 2
        }
        guard end <= bytes.count else { throw .truncated }
        return (end, name)
    }

    /// The text up to the next zero byte, which `position` moves behind.
    private static func text(in bytes: [UInt8], from position: inout Int) throws(CompressionError) -> [UInt8] {
        guard position <= bytes.count, let zero = bytes[position...].firstIndex(of: 0) else { throw .truncated }
        defer { position = zero + 1 }
        return Array(bytes[position..<zero])
    }
}
