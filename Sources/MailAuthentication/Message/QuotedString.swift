/// The quoted-string of RFC 5322 §3.2.4.
enum QuotedString {
    /// `content` in quotes, with a backslash before quotes and backslashes. It must hold no controls.
    static func written(_ content: String) -> String {
        var bytes: [UInt8] = [UInt8(ascii: "\"")]
        for byte in content.utf8 {
            if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") { bytes.append(UInt8(ascii: "\\")) }
            bytes.append(byte)
        }
        bytes.append(UInt8(ascii: "\""))
        return String(decoding: bytes, as: UTF8.self)
    }
}
