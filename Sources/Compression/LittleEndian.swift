/// Numbers as ZIP and gzip write them, read with their bounds checked.
struct LittleEndian {
    let bytes: [UInt8]

    /// The two bytes from `offset` on.
    func number16(at offset: Int) throws(CompressionError) -> Int {
        guard offset >= 0, offset <= bytes.count - 2 else { throw .truncated }
        return Int(bytes[offset]) | Int(bytes[offset + 1]) << 8
    }

    /// The four bytes from `offset` on.
    func number32(at offset: Int) throws(CompressionError) -> Int {
        guard offset >= 0, offset <= bytes.count - 4 else { throw .truncated }
        return Int(bytes[offset]) | Int(bytes[offset + 1]) << 8 | Int(bytes[offset + 2]) << 16
            | Int(bytes[offset + 3]) << 24
    }
}
