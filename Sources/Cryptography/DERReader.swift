/// Reads elements of DER (ITU-T X.690 §8 and §10) one after the other: as much of it as a public key or the frame of a
/// timestamp is made of.
struct DERReader {
    /// The tags of the elements that these hold.
    enum Tag: UInt8 {
        case integer = 0x02
        case bitString = 0x03
        case octetString = 0x04
        case null = 0x05
        case objectIdentifier = 0x06
        case sequence = 0x30
        case set = 0x31
        case context0 = 0xA0
        case context1 = 0xA1
    }

    /// What is not read yet.
    private(set) var rest: ArraySlice<UInt8>

    init(_ bytes: ArraySlice<UInt8>) { rest = bytes }

    var isAtEnd: Bool { rest.isEmpty }

    /// The content of the next element, if it has that tag and a definite, shortest length (X.690 §10.1); else nil,
    /// and nothing is read.
    mutating func read(_ tag: Tag) -> ArraySlice<UInt8>? {
        guard rest.first == tag.rawValue, let first = rest.dropFirst().first else { return nil }
        var content = rest.dropFirst(2)
        var length = Int(first)
        if first >= 0x80 {
            let count = Int(first & 0x7F)
            guard (1...3).contains(count), content.count >= count else { return nil }
            length = content.prefix(count).reduce(0) { $0 << 8 | Int($1) }
            content = content.dropFirst(count)
            guard length >= (count == 1 ? 0x80 : 1 << (8 * (count - 1))) else { return nil }
        }
        guard content.count >= length else { return nil }
        rest = content.dropFirst(length)
        return content.prefix(length)
    }

    /// The bytes of the next element, a positive integer, without leading zeros. Nil if it is none, or zero.
    ///
    /// The sign bit is taken for a bit of the number: some senders leave out the zero byte before it, and no number of
    /// a public key is negative.
    mutating func readPositiveInteger() -> ArraySlice<UInt8>? {
        let number = read(.integer)?.drop { $0 == 0 }
        return number?.isEmpty == false ? number : nil
    }
}
