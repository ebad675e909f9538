/// A file that was inside a compressed one.
package struct CompressedFile: Hashable, Sendable {
    /// The name that the container gives it, as its bytes; nil if it gives none. It is a claim: never a path to write
    /// to.
    package let name: [UInt8]?
    package let content: [UInt8]
}
