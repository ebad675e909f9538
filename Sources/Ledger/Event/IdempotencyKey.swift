/// The caller's key that makes a repeated request the same request. It often holds addresses, so it is never stored or
/// printed; only its tag is.
package struct IdempotencyKey: Sendable {
    /// The longest key, in bytes.
    package static let sizeMax = 255

    let bytes: [UInt8]

    /// The key spelled by `text`: 1 to 255 bytes, compared byte by byte.
    package init(_ text: String) throws(Refusal) {
        guard (1...Self.sizeMax).contains(text.utf8.count) else {
            throw Refusal(
                .tooLarge, "an idempotency key has 1 to \(Self.sizeMax) bytes; hash a longer one", limit: Self.sizeMax)
        }
        bytes = Array(text.utf8)
    }

    /// The key in the header `Idempotency-Key`: as it stands, or as a string of RFC 9651 §3.3.3, which is how the
    /// draft of the header writes it.
    package init(header value: String) throws(Refusal) {
        // Bytes that are no UTF-8 all read as U+FFFD: two keys would be taken for one, and the second request be lost.
        guard value.utf8.allSatisfy({ (0x20..<0x7F).contains($0) }) else {
            throw Refusal(
                .invalidMember,
                "the header Idempotency-Key holds printable ASCII; another key stands in the member idempotency_key")
        }
        let isString = value.utf8.first == UInt8(ascii: "\"")
        guard let text = isString ? Self.string(value) : value else {
            throw Refusal(
                .invalidMember,
                "the header Idempotency-Key begins with a quote and is no string of RFC 9651: it ends with one, and "
                    + "within stand only \\\" and \\\\ after a backslash")
        }
        do throws(Refusal) {
            self = try IdempotencyKey(text)
        } catch {
            throw Refusal(.invalidMember, "the header Idempotency-Key: \(error.reason)", limit: error.limit)
        }
    }

    /// The content of a string of RFC 9651; nil if it is none.
    private static func string(_ value: String) -> String? {
        var content: [UInt8] = []
        var bytes = value.utf8.dropFirst().makeIterator()
        while let byte = bytes.next() {
            switch byte {
            case UInt8(ascii: "\""): return bytes.next() == nil ? String(decoding: content, as: UTF8.self) : nil
            case UInt8(ascii: "\\"):
                guard let escaped = bytes.next(), escaped == UInt8(ascii: "\"") || escaped == UInt8(ascii: "\\") else {
                    return nil
                }
                content.append(escaped)
            default: content.append(byte)
            }
        }
        return nil
    }

    /// Whether both are the same bytes.
    package func isSame(as other: IdempotencyKey) -> Bool { bytes == other.bytes }

    /// What a key counts for: the same text in two scopes is two keys (Format.md, "Keyed tags").
    package struct Scope: Sendable {
        /// What stands before the key in the tag's message.
        let prefix: [UInt8]

        private init(_ name: String) { prefix = Array("\(name)\0".utf8) }

        /// The entries of one producer: nobody occupies another's keys.
        package static func entries(producer: String) -> Scope { Scope("entries\0\(producer)") }
        package static let stepAttempts = Scope("step-attempts")
        package static let dmarcReports = Scope("dmarc-reports")
    }
}

extension IdempotencyKey: CustomStringConvertible {
    package var description: String { "IdempotencyKey(…)" }
}
