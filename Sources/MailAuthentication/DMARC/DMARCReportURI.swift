/// Where reports are to go: one URI of `rua` or `ruf` (RFC 9989 §4.8 `dmarc-uri`, RFC 3986).
package struct DMARCReportURI: Hashable, Sendable {
    /// The URI as it stands in the record, its letter case and percent-encoding kept, without the size suffix.
    package let text: String
    /// The host that reports go to: of a `mailto` address, or of the authority; nil if the URI names none.
    package let host: DomainName?
    /// Whether an obsolete size suffix was dropped.
    let hadSizeSuffix: Bool

    /// The URI in `bytes`; nil if there is none, by the syntax of RFC 3986 and, for `mailto`, an address with a host.
    init?(_ bytes: ArraySlice<UInt8>) {
        var uri = bytes
        if let mark = bytes.firstIndex(of: UInt8(ascii: "!")) {
            guard Self.isSizeSuffix(bytes[(mark + 1)...]) else { return nil }
            uri = bytes[..<mark]
        }
        guard let colon = uri.firstIndex(of: UInt8(ascii: ":")), colon + 1 < uri.endIndex,
            Self.isScheme(uri[..<colon]), Self.isEncoded(uri[(colon + 1)...])
        else { return nil }
        let rest = uri[(colon + 1)...]
        if ASCII.equal(uri[..<colon], "mailto") {
            guard let host = Self.mailHost(rest) else { return nil }
            self.host = host
        } else {
            host = Self.authorityHost(rest)
        }
        text = String(decoding: uri, as: UTF8.self)
        hadSizeSuffix = uri.count != bytes.count
    }

    /// `1*DIGIT [ "k" / "m" / "g" / "t" ]` (RFC 7489 §6.4).
    private static func isSizeSuffix(_ bytes: ArraySlice<UInt8>) -> Bool {
        var digits = bytes
        if let last = bytes.last, "kmgt".utf8.contains(ASCII.lowercased(last)) { digits = bytes.dropLast() }
        return !digits.isEmpty && digits.allSatisfy(ASCII.isDigit)
    }

    /// RFC 3986 §3.1.
    private static func isScheme(_ bytes: ArraySlice<UInt8>) -> Bool {
        guard let first = bytes.first, ASCII.isAlpha(first) else { return false }
        return bytes.allSatisfy { ASCII.isAlpha($0) || ASCII.isDigit($0) || "+-.".utf8.contains($0) }
    }

    /// Whether there are only characters of a URI, and each `%` has its two digits (RFC 3986 §2).
    private static func isEncoded(_ bytes: ArraySlice<UInt8>) -> Bool {
        var digitsToCome = 0
        for byte in bytes {
            if digitsToCome > 0 {
                guard ASCII.isDigit(byte) || (0x61...0x66).contains(ASCII.lowercased(byte)) else { return false }
                digitsToCome -= 1
            } else if byte == UInt8(ascii: "%") {
                digitsToCome = 2
            } else {
                guard ASCII.isAlpha(byte) || ASCII.isDigit(byte) || "-._~:/?#[]@$&'()*+;=".utf8.contains(byte) else {
                    return false
                }
            }
        }
        return digitsToCome == 0
    }

    /// The domain of `local@domain?headers` (RFC 6068 §2).
    private static func mailHost(_ bytes: ArraySlice<UInt8>) -> DomainName? {
        let address = bytes.prefix { $0 != UInt8(ascii: "?") }
        guard let at = address.lastIndex(of: UInt8(ascii: "@")), at > address.startIndex else { return nil }
        return hostName(address[(at + 1)...])
    }

    /// The host of `//user@host:port/path` (RFC 3986 §3.2).
    private static func authorityHost(_ bytes: ArraySlice<UInt8>) -> DomainName? {
        guard bytes.starts(with: "//".utf8) else { return nil }
        var authority = bytes.dropFirst(2).prefix { !"/?#".utf8.contains($0) }
        if let at = authority.lastIndex(of: UInt8(ascii: "@")) { authority = authority[(at + 1)...] }
        return hostName(authority.prefix { $0 != UInt8(ascii: ":") })
    }

    private static func hostName(_ bytes: ArraySlice<UInt8>) -> DomainName? {
        guard let name = DomainName(String(decoding: bytes, as: UTF8.self)), name.isHostName else { return nil }
        return name
    }
}
