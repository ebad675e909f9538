/// What a retention erased, or would erase.
package struct Retention: Sendable {
    /// Entries whose sealed values went.
    package internal(set) var erasedCount = 0
    /// Entries that are old enough and held.
    package internal(set) var heldCount = 0
    /// The `access/erased` entries.
    package internal(set) var erasedBy: [Int] = []
}
