/// A ZIP archive that holds one file, stored or deflated (PKWARE's APPNOTE 6.3.10). Reports come in them though RFC
/// 9990
/// knows only gzip.
///
/// The central directory is believed, and the local header must agree with it: two readers that believe different ones
/// would see two different files.
package enum ZipArchive {
    /// Whether `bytes` begin as a ZIP archive does (APPNOTE §4.3.7; the second is the one of an empty archive).
    package static func isZip(_ bytes: [UInt8]) -> Bool {
        bytes.starts(with: [0x50, 0x4B, 3, 4]) || bytes.starts(with: [0x50, 0x4B, 5, 6])
    }

    /// The only file in the archive, its CRC-32 and size verified.
    ///
    /// Directories and what macOS adds below `__MACOSX/` are passed over.
    package static func onlyFile(
        in bytes: [UInt8], limits: CompressionLimits = CompressionLimits()
    ) throws(CompressionError) -> CompressedFile {
        try limits.requireInput(of: bytes.count)
        let directory = try ZipDirectory(of: bytes)
        let files = directory.members.filter { !$0.isDirectory && !$0.isSystemData }
        guard let file = files.first else { throw .noMember }
        guard files.count == 1 else { throw .multipleMembers }
        try file.requireReadable()
        let data = try data(of: file, in: bytes, before: directory.start)
        let content = try content(of: file, bytes[data], limits)
        guard content.count == file.size else { throw .sizeMismatch }
        guard Int(Checksum.crc32(content.span)) == file.checksum else { throw .checksumMismatch }
        return CompressedFile(name: file.name, content: content)
    }

    /// Where the data of `member` lies: behind its local header (§4.3.7), before the central directory.
    private static func data(
        of member: ZipDirectory.Member, in bytes: [UInt8], before end: Int
    ) throws(CompressionError) -> Range<Int> {
        let numbers = LittleEndian(bytes: bytes)
        let start = member.offset
        guard try numbers.number32(at: start) == 0x0403_4B50 else { throw .directoryMismatch }
        let (flags, method) = (try numbers.number16(at: start + 6), try numbers.number16(at: start + 8))
        let stated = [
            try numbers.number32(at: start + 14), try numbers.number32(at: start + 18),
            try numbers.number32(at: start + 22),
        ]
        let (nameSize, extraSize) = (try numbers.number16(at: start + 26), try numbers.number16(at: start + 28))
        let nameStart = start + 30
        let dataStart = nameStart + nameSize + extraSize
        guard dataStart <= end, member.compressedSize <= end - dataStart else { throw .directoryMismatch }
        guard flags == member.flags, method == member.method,
            bytes[nameStart..<nameStart + nameSize].elementsEqual(member.name)
        else { throw .directoryMismatch }
        // With bit 3 the sizes and the sum stand behind the data, and zeros here (§4.4.4).
        let agrees = stated == [member.checksum, member.compressedSize, member.size]
        guard agrees || member.hasDescriptor && stated == [0, 0, 0] else { throw .directoryMismatch }
        return dataStart..<dataStart + member.compressedSize
    }

    private static func content(
        of member: ZipDirectory.Member, _ data: ArraySlice<UInt8>, _ limits: CompressionLimits
    ) throws(CompressionError) -> [UInt8] {
        guard member.size <= limits.outputSizeMax else { throw .outputTooLarge }
        guard member.isDeflated else {
            guard data.count == member.size else { throw .sizeMismatch }
            return Array(data)
        }
        let inflated = try Deflate.inflate(data.span, limits: limits)
        guard inflated.consumed == data.count else { throw .sizeMismatch }
        return inflated.content
    }
}
