import Cryptography
import Ledger

/// The short form of an identity's result, for a line that has no room for the whole.
enum ShortenedResult {
    private static let kept: Set<String> = [
        "author_domain", "evaluated_at", "spec", "engine", "assessment", "provider_rules",
    ]

    /// What tells of the identity in few bytes, and the SHA-256 of all that may change: two short forms are equal
    /// where the whole results say the same. A short form stays as it is.
    static func of(_ result: JSONValue) -> JSONValue {
        guard !isShortened(result) else { return result }
        let digest = SHA256.digest(CanonicalWriter.bytes(of: ResultChange.stripped(result)))
        return .object(
            (result.members ?? []).filter { kept.contains($0.name) } + [
                .init("fingerprint", .string(digest.hex)), .init("shortened", true),
            ])
    }

    static func isShortened(_ result: JSONValue) -> Bool { result["shortened"] != nil }
}
