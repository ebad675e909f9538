/// One `Authentication-Results` field of a message: what somebody says about it, never a result of ours.
package struct AuthenticationResultsClaim: Hashable, Sendable {
    /// How many such fields stand above it.
    package let position: Int
    /// The field as it stands, with its name.
    package let raw: [UInt8]
    /// What it says, or why it says nothing.
    package let reading: Result<AuthenticationResultsReading, AuthenticationResultsRefusal>
    /// Whether it names a trusted host. Never true for a field that was refused.
    package let isTrusted: Bool

    /// What it says, trusted or not; nil if it was refused.
    package var content: AuthenticationResults? {
        guard case .success(let reading) = reading else { return nil }
        return reading.content
    }

    /// Why it says nothing; nil if it was read.
    package var refusal: AuthenticationResultsRefusal? {
        guard case .failure(let refusal) = reading else { return nil }
        return refusal
    }
}
