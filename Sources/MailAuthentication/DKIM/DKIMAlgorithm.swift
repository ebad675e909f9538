/// The signature algorithms that DKIM has named (`a=`; RFC 6376 §3.3, RFC 8463 §3).
package enum DKIMAlgorithm: String, Sendable, Hashable, CaseIterable {
    case rsaSHA256 = "rsa-sha256"
    case ed25519SHA256 = "ed25519-sha256"
    /// Known, and never accepted (RFC 8301 §3.1).
    case rsaSHA1 = "rsa-sha1"

    /// The `k=` of keys for it.
    package var keyType: String { self == .ed25519SHA256 ? "ed25519" : "rsa" }

    /// The name of its hash in the `h=` of keys.
    package var hash: String { self == .rsaSHA1 ? "sha1" : "sha256" }
}
