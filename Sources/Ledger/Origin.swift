package import Cryptography

/// A ledger's name, the origin of its checkpoints: lower-case ASCII, `host(/segment)+`, at most 100 bytes.
///
/// It is also a C2SP key name, so it holds neither `+` nor white space, and it is never renamed.
package struct Origin: Hashable, Sendable {
    /// The longest origin, in bytes.
    package static let sizeMax = 100

    /// The name as it stands in lines and checkpoints.
    package let text: String

    /// The origin spelled by `text`; refused with the rule that it breaks.
    package init(_ text: String) throws(Refusal) {
        guard text.utf8.count <= Self.sizeMax else {
            throw Refusal(.tooLarge, "an origin has at most \(Self.sizeMax) bytes", limit: Self.sizeMax)
        }
        let segments = text.split(separator: "/", omittingEmptySubsequences: false)
        let isAllowed = { (byte: UInt8) in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"): true
            case UInt8(ascii: "."), UInt8(ascii: "-"), UInt8(ascii: "_"): true
            default: false
            }
        }
        guard segments.count >= 2, segments.allSatisfy({ !$0.isEmpty && $0.utf8.allSatisfy(isAllowed) }),
            segments.allSatisfy({ $0 != "." && $0 != ".." }), !segments[0].hasPrefix("."), !segments[0].hasSuffix(".")
        else {
            throw Refusal(
                .invalidMember,
                "an origin is host/segment in lower-case letters, digits, '.', '-' and '_', such as acme.example/mail")
        }
        self.text = text
    }

    /// The number that the key of every stored row of the ledger begins with: the first eight bytes of SHA-256 of the
    /// name, without the highest bit. It follows from the name, so no row lacks it, wherever the row stands. The one
    /// value that is no id, 0, becomes 1.
    package var ledgerID: Int64 {
        let number = SHA256.digest(text).bytes.prefix(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        return max(1, Int64(number & UInt64(Int64.max)))
    }

    /// What `prev` of the first entry holds: SHA-256 of `countersign/genesis/1\n<origin>\n`.
    package var genesis: Digest { SHA256.digest("countersign/genesis/1\n\(text)\n") }
}

extension Origin: CustomStringConvertible {
    package var description: String { text }
}
