/// The central directory of a ZIP archive (APPNOTE §4.3.12, §4.3.16).
struct ZipDirectory {
    /// Archives with more members than this are not read through; a report has one.
    static let memberCountMax = 64
    private static let endSize = 22
    private static let commentSizeMax = 0xFFFF
    private static let headerSize = 46

    /// One file header of the directory.
    struct Member {
        let flags: Int
        let method: Int
        let checksum: Int
        let compressedSize: Int
        let size: Int
        /// Where the local header stands.
        let offset: Int
        let name: [UInt8]

        var isDirectory: Bool { name.last == UInt8(ascii: "/") && size == 0 }
        var isSystemData: Bool { name.starts(with: "__MACOSX/".utf8) }
        var isDeflated: Bool { method == 8 }
        var hasDescriptor: Bool { flags & 1 << 3 != 0 }

        /// Refuses what needs more than a stored or deflated member (§4.4.4, §4.4.5).
        func requireReadable() throws(CompressionError) {
            // Encrypted, strongly encrypted, and a local header that is masked.
            guard flags & (1 | 1 << 6 | 1 << 13) == 0 else { throw .encrypted }
            guard [compressedSize, size, offset].allSatisfy({ $0 != 0xFFFF_FFFF }) else { throw .zip64 }
            // Bit 5 is compressed patched data.
            guard method == 0 || isDeflated, flags & 1 << 5 == 0 else { throw .unsupportedMethod }
        }
    }

    let members: [Member]
    /// Where the directory begins.
    let start: Int

    init(of bytes: [UInt8]) throws(CompressionError) {
        let numbers = LittleEndian(bytes: bytes)
        let end = try Self.endRecord(in: bytes)
        // The ZIP64 locator stands right before the record (§4.3.15).
        if end >= 20, try numbers.number32(at: end - 20) == 0x0706_4B50 { throw .zip64 }
        let disks = [try numbers.number16(at: end + 4), try numbers.number16(at: end + 6)]
        let counts = [try numbers.number16(at: end + 8), try numbers.number16(at: end + 10)]
        let (size, start) = (try numbers.number32(at: end + 12), try numbers.number32(at: end + 16))
        guard (disks + counts).allSatisfy({ $0 != 0xFFFF }), size != 0xFFFF_FFFF, start != 0xFFFF_FFFF else {
            throw .zip64
        }
        guard disks == [0, 0], counts[0] == counts[1] else { throw .multipleVolumes }
        guard counts[0] <= Self.memberCountMax else { throw .multipleMembers }
        guard start + size == end else { throw .directoryMismatch }
        self.start = start
        members = try Self.members(counts[0], in: bytes, start..<end)
    }

    /// Where the end of central directory record stands: its comment reaches exactly to the end of the archive.
    private static func endRecord(in bytes: [UInt8]) throws(CompressionError) -> Int {
        let last = bytes.count - endSize
        guard last >= 0 else { throw .directoryMissing }
        let numbers = LittleEndian(bytes: bytes)
        for offset in stride(from: last, through: max(0, last - commentSizeMax), by: -1)
        where bytes[offset] == 0x50 {
            guard try numbers.number32(at: offset) == 0x0605_4B50 else { continue }
            if try numbers.number16(at: offset + 20) == last - offset { return offset }
        }
        throw .directoryMissing
    }

    private static func members(
        _ count: Int, in bytes: [UInt8], _ range: Range<Int>
    ) throws(CompressionError) -> [Member] {
        let numbers = LittleEndian(bytes: bytes)
        var members: [Member] = []
        var position = range.lowerBound
        for _ in 0..<count {
            guard position + headerSize <= range.upperBound, try numbers.number32(at: position) == 0x0201_4B50 else {
                throw .directoryMismatch
            }
            let nameSize = try numbers.number16(at: position + 28)
            let (extraSize, commentSize) = (
                try numbers.number16(at: position + 30), try numbers.number16(at: position + 32)
            )
            let next = position + headerSize + nameSize + extraSize + commentSize
            guard next <= range.upperBound else { throw .directoryMismatch }
            guard try numbers.number16(at: position + 34) == 0 else { throw .multipleVolumes }
            members.append(
                Member(
                    flags: try numbers.number16(at: position + 8), method: try numbers.number16(at: position + 10),
                    checksum: try numbers.number32(at: position + 16),
                    compressedSize: try numbers.number32(at: position + 20),
                    size: try numbers.number32(at: position + 24), offset: try numbers.number32(at: position + 42),
                    name: Array(bytes[position + headerSize..<position + headerSize + nameSize])))
            position = next
        }
        guard position == range.upperBound else { throw .directoryMismatch }
        return members
    }
}
