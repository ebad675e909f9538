/// The classes of bytes that the grammars of mail are made of (RFC 5234 appendix B.1).
enum ASCII {
    static func lowercased(_ byte: UInt8) -> UInt8 {
        (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) ? byte | 0x20 : byte
    }

    static func isAlpha(_ byte: UInt8) -> Bool { (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(lowercased(byte)) }

    static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }

    /// Space and horizontal tab.
    static func isWhiteSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }

    /// White space, and the line ends of a fold.
    static func isFoldingSpace(_ byte: UInt8) -> Bool { isWhiteSpace(byte) || byte == 0x0D || byte == 0x0A }

    /// Whether both are the same text, without regard to the case of ASCII letters.
    static func equal(_ left: some Sequence<UInt8>, _ right: String) -> Bool {
        left.lazy.map(lowercased).elementsEqual(right.utf8.lazy.map(lowercased))
    }
}
