package import Ledger

/// A sender identity of a ledger, and how its last check came out.
package struct StoredIdentity: Sendable {
    package let name: IdentityName
    package let settings: IdentitySettings
    /// The entry that set it.
    package let setSeq: Int
    /// The last check that made an entry; nil before the first.
    package let lastSeq: Int?
    /// The outcome of that check, one of ``IdentityAssessment``'s words.
    package let assessment: String?
    /// The last check, also one that found nothing new.
    package let checkedAt: Timestamp?
}
