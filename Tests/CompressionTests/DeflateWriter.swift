/// Deflate streams written bit by bit, so that bombs need no compressor.
struct DeflateWriter {
    private(set) var bytes: [UInt8] = []
    private var bitCount = 0

    /// A run of zeros: `repeats` times 258, and one. Two bits stand for 258 bytes, which is as dense as deflate can be.
    static func bomb(repeats: Int) -> [UInt8] {
        var writer = DeflateWriter()
        writer.put(1, 1)  // the last block
        writer.put(2, 2)  // with codes of its own
        writer.put(29, 5)  // 286 literal and length codes
        writer.put(0, 5)  // one distance code
        writer.put(14, 4)  // 18 code length codes
        // The order is 16 17 18 0 8 7 9 6 10 5 11 4 12 3 13 2 14 1 (RFC 1951 §3.2.7).
        for length in [0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 2] { writer.put(length, 3) }
        writer.code(0b11, 2)  // the literal 0: 2 bits
        writer.zeros(138)
        writer.zeros(117)
        writer.code(0b11, 2)  // the end, 256: 2 bits
        writer.zeros(28)
        writer.code(0b10, 2)  // the length 258, 285: 1 bit
        writer.code(0b10, 2)  // the distance 1: 1 bit
        writer.code(0b10, 2)  // one literal 0
        for _ in 0..<repeats { writer.code(0b00, 2) }
        writer.code(0b11, 2)
        return writer.bytes
    }

    /// Stored blocks.
    static func stored(_ content: [UInt8]) -> [UInt8] {
        var bytes: [UInt8] = []
        var rest = content[...]
        repeat {
            let block = rest.prefix(0xFFFF)
            rest = rest.dropFirst(block.count)
            let size = UInt16(block.count)
            bytes.append(rest.isEmpty ? 1 : 0)
            bytes += [UInt8(size & 255), UInt8(size >> 8), UInt8(~size & 255), UInt8(~size >> 8)]
            bytes += block
        } while !rest.isEmpty
        return bytes
    }

    private mutating func put(_ value: Int, _ count: Int) {
        for bit in 0..<count {
            if bitCount.isMultiple(of: 8) { bytes.append(0) }
            bytes[bytes.count - 1] |= UInt8(value >> bit & 1) << UInt8(bitCount % 8)
            bitCount += 1
        }
    }

    /// A Huffman code, its highest bit first.
    private mutating func code(_ value: Int, _ count: Int) {
        for bit in (0..<count).reversed() { put(value >> bit & 1, 1) }
    }

    private mutating func zeros(_ count: Int) {
        code(0, 1)
        put(count - 11, 7)
    }
}
