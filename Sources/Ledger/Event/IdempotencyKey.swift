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

    /// Whether both are the same bytes.
    package func isSame(as other: IdempotencyKey) -> Bool { bytes == other.bytes }

    /// What a key counts for: the same text in two scopes is two keys.
    package enum Scope: String, Sendable {
        case entries
        case stepAttempts = "step-attempts"
        case dmarcReports = "dmarc-reports"
    }
}

extension IdempotencyKey: CustomStringConvertible {
    package var description: String { "IdempotencyKey(…)" }
}
