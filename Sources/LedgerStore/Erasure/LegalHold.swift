package import Ledger

/// What must not be erased, and since when.
package struct LegalHold: Sendable {
    /// The longest reference, in characters. It stays in clear in the line, for ever.
    package static let referenceSizeMax = 200
    /// The longest reason, in characters. It is sealed.
    package static let reasonSizeMax = 1_000

    /// What is to be held.
    package enum Subject: Sendable {
        /// Everything about a person, and the life of each of their messages.
        case person(Address)
        /// The life of one message.
        case message(MessageID)
        /// The entries of a range, also those that are yet to come.
        case entries(ClosedRange<Int>)
    }

    /// What is held, as it is stored.
    package enum Scope: Sendable {
        case person(Pseudonym)
        case message(String)
        case entries(ClosedRange<Int>)
    }

    /// `hold_` and 22 characters.
    package let id: String
    package let scope: Scope
    package let reference: String
    /// The entry that placed it.
    package let seq: Int
    package let heldAt: Timestamp
    package let releasedAt: Timestamp?

    /// Whether `text` has the form of a hold's id.
    package static func isID(_ text: String) -> Bool {
        text.hasPrefix("hold_") && TokenGrant.isID("tok_" + text.dropFirst(5))
    }
}
