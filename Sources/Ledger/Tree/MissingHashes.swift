/// The store answered a range of hashes not at all or with another number of them.
///
/// A fault of the store, not of anything that was submitted: a range is only asked for where the tree has it.
package struct MissingHashes: Error, Hashable, Sendable {
    /// What was asked for.
    package let range: HashRange
    /// How many hashes came.
    package let found: Int
}

extension MissingHashes: CustomStringConvertible {
    package var description: String {
        "tile level \(range.level), hashes \(range.range): \(found) found instead of \(range.range.count)"
    }
}
