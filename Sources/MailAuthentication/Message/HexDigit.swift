/// Digits of base 16 in texts that are decoded byte by byte.
enum HexDigit {
    /// What the digit stands for, in either case; nil if it is none.
    static func value(of byte: UInt8) -> UInt8? {
        switch ASCII.lowercased(byte) {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): ASCII.lowercased(byte) - UInt8(ascii: "a") + 10
        default: nil
        }
    }
}
