/// The resolver could not be set up; a question that fails later is an outcome, never an error.
package struct NameResolutionError: Error, CustomStringConvertible {
    /// What was refused, with the value that was refused.
    package let description: String

    init(_ description: String) { self.description = description }
}
