extension ASCII {
    /// `atext` of RFC 5322 §3.2.3, with the octets of UTF-8 (RFC 6532 §3.2).
    static func isAtomText(_ byte: UInt8) -> Bool {
        guard byte < 0x80 else { return true }
        return isAlpha(byte) || isDigit(byte) || "!#$%&'*+-/=?^_`{|}~".utf8.contains(byte)
    }

    /// What a `token` is made of (RFC 2045 §5.1: no space, control or tspecial), with the octets of UTF-8 (RFC 8616
    /// §4).
    static func isTokenText(_ byte: UInt8) -> Bool {
        guard byte < 0x80 else { return true }
        return byte > 0x20 && byte != 0x7F && !"()<>@,;:\\\"/[]?=".utf8.contains(byte)
    }

    /// A control other than the white space and line ends of a fold.
    static func isControl(_ byte: UInt8) -> Bool { byte < 0x20 && !isFoldingSpace(byte) || byte == 0x7F }
}
