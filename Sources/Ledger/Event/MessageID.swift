/// A Message-ID with its angle brackets (RFC 5322 §3.6.4), compared byte by byte.
package struct MessageID: Sendable {
    /// The longest, in bytes with the brackets: a line of a message (RFC 5322 §2.1.1).
    package static let sizeMax = 998

    /// The identifier with its brackets.
    package let text: String

    /// The identifier spelled by `text`; the brackets are added if they are missing.
    package init(_ text: String) throws(Refusal) {
        // As bytes: to Swift's characters a bracket with a combining mark behind it is no bracket.
        let isBracketed = text.utf8.first == UInt8(ascii: "<") && text.utf8.last == UInt8(ascii: ">")
        let bracketed = isBracketed ? text : "<\(text)>"
        guard bracketed.utf8.count <= Self.sizeMax else {
            throw Refusal(
                .tooLarge, "a Message-ID has at most \(Self.sizeMax) bytes with its brackets", limit: Self.sizeMax)
        }
        let inner = bracketed.utf8.dropFirst().dropLast()
        let isPlain = inner.allSatisfy { byte in
            byte > 0x20 && byte != 0x7F && byte != UInt8(ascii: "<") && byte != UInt8(ascii: ">")
        }
        let isSpaced =
            !inner.allSatisfy { $0 < 0x80 } && bracketed.unicodeScalars.contains(where: \.properties.isWhitespace)
        guard !inner.isEmpty, isPlain, !isSpaced else {
            throw Refusal(.invalidMember, "a Message-ID holds neither white space nor inner angle brackets")
        }
        self.text = bracketed
    }
}
