/// An address of IPv4 or IPv6, compared as bytes.
///
/// An IPv4 address in IPv6's clothes (`::ffff:192.0.2.1`, RFC 4291 §2.5.5.2) is the IPv4 address (RFC 7208 §5).
package struct IPAddress: Hashable, Sendable {
    /// 4 or 16 bytes in network order.
    package let bytes: [UInt8]

    /// The address of 4 or 16 bytes; nil for any other length.
    package init?(_ bytes: some Collection<UInt8>) {
        let bytes = Array(bytes)
        let mapped: [UInt8] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF]
        switch bytes.count {
        case 4: self.bytes = bytes
        case 16: self.bytes = bytes.starts(with: mapped) ? Array(bytes.suffix(4)) : bytes
        default: return nil
        }
    }

    package var isIPv4: Bool { bytes.count == 4 }

    /// Whether the first `length` bits equal those of `network`. False between the two families.
    package func isWithin(_ network: IPAddress, prefixLength length: Int) -> Bool {
        guard bytes.count == network.bytes.count, length <= bytes.count * 8 else { return false }
        let whole = length / 8
        guard bytes.prefix(whole).elementsEqual(network.bytes.prefix(whole)) else { return false }
        guard !length.isMultiple(of: 8) else { return true }
        let mask = UInt8(truncatingIfNeeded: 0xFF << (8 - length % 8))
        return bytes[whole] & mask == network.bytes[whole] & mask
    }

    /// The name that a reverse look-up asks (RFC 1035 §3.5, RFC 3596 §2.5).
    package var reverseName: DomainName? {
        guard !isIPv4 else {
            return DomainName("\(bytes.reversed().map { "\($0)" }.joined(separator: ".")).in-addr.arpa")
        }
        let digits = bytes.reversed().flatMap { [$0 & 15, $0 >> 4] }
        return DomainName("\(digits.map { String($0, radix: 16) }.joined(separator: ".")).ip6.arpa")
    }
}

extension IPAddress {
    /// The address that `text` writes: four decimal numbers, or RFC 4291 §2.2; nil if it is none.
    package init?(text: some StringProtocol) {
        let hasColon = text.utf8.contains(UInt8(ascii: ":"))
        guard let bytes = hasColon ? Self.version6(String(text)) : Self.version4(String(text)) else { return nil }
        self.init(bytes)
    }

    private static func version4(_ text: String) -> [UInt8]? {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(4)
        // The number so far; nil where none of its digits was met yet.
        var number: Int?
        for byte in text.utf8 {
            if byte == UInt8(ascii: ".") {
                guard let part = number, bytes.count < 3 else { return nil }
                bytes.append(UInt8(part))
                number = nil
            } else {
                // No zero stands before other digits: some read such a number as octal.
                guard ASCII.isDigit(byte), number != 0 else { return nil }
                let next = (number ?? 0) * 10 + Int(byte - UInt8(ascii: "0"))
                guard next <= 255 else { return nil }
                number = next
            }
        }
        guard let number, bytes.count == 3 else { return nil }
        return bytes + [UInt8(number)]
    }

    private static func version6(_ text: String) -> [UInt8]? {
        let halves = text.split(separator: "::", omittingEmptySubsequences: false).map(String.init)
        guard halves.count <= 2, !text.contains(":::") else { return nil }
        guard halves.count == 2 else {
            return groups(text, endsWithVersion4: true).flatMap { $0.count == 16 ? $0 : nil }
        }
        guard let head = halves[0].isEmpty ? [] : groups(halves[0], endsWithVersion4: false),
            let tail = halves[1].isEmpty ? [] : groups(halves[1], endsWithVersion4: true), head.count + tail.count <= 14
        else { return nil }
        return head + [UInt8](repeating: 0, count: 16 - head.count - tail.count) + tail
    }

    private static func groups(_ text: String, endsWithVersion4: Bool) -> [UInt8]? {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        var bytes: [UInt8] = []
        for (index, part) in parts.enumerated() {
            if endsWithVersion4, index == parts.count - 1, part.contains(".") {
                guard let last = version4(String(part)) else { return nil }
                bytes += last
                continue
            }
            guard (1...4).contains(part.utf8.count), part.allSatisfy(\.isHexDigit), part.utf8.allSatisfy({ $0 < 0x80 }),
                let group = UInt16(part, radix: 16)
            else { return nil }
            bytes += [UInt8(group >> 8), UInt8(group & 0xFF)]
        }
        return bytes
    }
}

extension IPAddress: CustomStringConvertible {
    /// The address as RFC 5952 writes it.
    package var description: String {
        guard !isIPv4 else { return version4Text }
        let groups = stride(from: 0, to: 16, by: 2).map { UInt16(bytes[$0]) << 8 | UInt16(bytes[$0 + 1]) }
        let run = Self.longestZeros(groups)
        let text = { (groups: ArraySlice<UInt16>) in
            groups.map { String($0, radix: 16) }.joined(separator: ":")
        }
        guard run.count > 1 else { return text(groups[...]) }
        return "\(text(groups[..<run.lowerBound]))::\(text(groups[run.upperBound...]))"
    }

    private var version4Text: String {
        var text: [UInt8] = []
        text.reserveCapacity(15)
        for (index, byte) in bytes.enumerated() {
            if index > 0 { text.append(UInt8(ascii: ".")) }
            if byte >= 100 { text.append(UInt8(ascii: "0") + byte / 100) }
            if byte >= 10 { text.append(UInt8(ascii: "0") + byte / 10 % 10) }
            text.append(UInt8(ascii: "0") + byte % 10)
        }
        return String(decoding: text, as: UTF8.self)
    }

    private static func longestZeros(_ groups: [UInt16]) -> Range<Int> {
        var best = 0..<0
        var start = 0
        for index in 0...groups.count where index == groups.count || groups[index] != 0 {
            if index - start > best.count { best = start..<index }
            start = index + 1
        }
        return best
    }
}
