/// The keys of a ledger in the order in which they were current: each one was signed for by the one before it.
package struct KeySuccession: Sendable {
    /// The key that the first entry names.
    package let first: NoteKey
    package let rotations: [KeyRotation]

    /// Nil where a rotation is not from the key before it.
    package init?(first: NoteKey, rotations: [KeyRotation]) {
        var current = first
        for rotation in rotations {
            guard rotation.previousKey == current else { return nil }
            current = rotation.key
        }
        self.first = first
        self.rotations = rotations
    }

    /// All of them, the oldest first.
    package var keys: [NoteKey] { [first] + rotations.map(\.key) }

    /// The key that was current last.
    package var current: NoteKey { rotations.last?.key ?? first }

    /// Whether one of `trusted` vouches for the current key: it is that key, or an earlier one, from which the
    /// rotations lead to it. A later key vouches for no earlier one: anybody can sign for a key that he does not have.
    package func isVouchedFor(by trusted: [NoteKey]) -> Bool { keys.contains { trusted.contains($0) } }
}
