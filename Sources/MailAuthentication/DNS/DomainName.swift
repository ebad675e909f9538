import Ledger

/// A domain name (RFC 1035 §2.3.4): labels of 1 to 63 octets, at most 253 characters, without the root's dot.
///
/// Lower case, so that equal names are equal values. Any printable ASCII may stand in a label, for SPF's macros make
/// such names; a host name is held to more (``isHostName``).
package struct DomainName: Hashable, Sendable {
    /// The longest name, in characters.
    package static let sizeMax = 253
    /// The longest label, in characters.
    package static let labelSizeMax = 63

    /// The name in lower case, labels parted by dots.
    package let text: String

    /// The name that `given` writes, with or without the root's dot; nil if it is none.
    package init?(_ given: some StringProtocol) {
        var bytes = Array(given.utf8)
        if bytes.last == UInt8(ascii: ".") { bytes.removeLast() }
        guard !bytes.isEmpty, bytes.count <= Self.sizeMax else { return nil }
        var labelSize = 0
        for index in bytes.indices {
            switch bytes[index] {
            case UInt8(ascii: "."):
                guard labelSize > 0 else { return nil }
                labelSize = 0
                continue
            case UInt8(ascii: "A")...UInt8(ascii: "Z"): bytes[index] |= 0x20
            case 0x20...0x7E: break
            default: return nil
            }
            labelSize += 1
            guard labelSize <= Self.labelSizeMax else { return nil }
        }
        guard labelSize > 0 else { return nil }
        text = String(decoding: bytes, as: UTF8.self)
    }

    /// The name that people and programs write in mail: U-labels become A-labels (RFC 8616 §2). Packets, records and
    /// what macros make of them hold no U-labels, so they are read as they stand.
    package init?(internationalized given: some StringProtocol) {
        guard !given.utf8.allSatisfy({ $0 < 0x80 }) else {
            self.init(given)
            return
        }
        guard let name = ALabels.name(given) else { return nil }
        self.init(name)
    }

    private init(known text: Substring) { self.text = String(text) }

    /// The labels, from the left.
    package var labels: [Substring] { text.split(separator: ".") }

    /// How many labels the name has.
    package var labelCount: Int { text.utf8.count { $0 == UInt8(ascii: ".") } + 1 }

    /// The name of the `count` rightmost labels, which must be 1 or more; the name itself if it has no more.
    package func suffix(_ count: Int) -> DomainName {
        let labels = labels
        guard count < labels.count else { return self }
        return DomainName(known: text[labels[labels.count - count].startIndex...])
    }

    /// The name without its first label; nil for a name of one label.
    package var parent: DomainName? { labelCount > 1 ? suffix(labelCount - 1) : nil }

    /// The name below this one with `label` (which may be several, parted by dots) before it; nil if it gets too long.
    package func prefixed(by label: String) -> DomainName? { DomainName("\(label).\(text)") }

    /// Whether the name is `other` or lies below it.
    package func isWithin(_ other: DomainName) -> Bool {
        text == other.text || text.utf8.count > other.text.utf8.count && text.hasSuffix(".\(other.text)")
    }

    /// Whether all labels are letters, digits and inner hyphens (RFC 1123 §2.1), or underscores, which mail hosts use.
    package var isHostName: Bool {
        labels.allSatisfy { label in
            label.utf8.first != UInt8(ascii: "-") && label.utf8.last != UInt8(ascii: "-")
                && label.utf8.allSatisfy { byte in
                    switch byte {
                    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
                        UInt8(ascii: "-"), UInt8(ascii: "_"):
                        true
                    default: false
                    }
                }
        }
    }
}

extension DomainName: CustomStringConvertible {
    package var description: String { text }
}
