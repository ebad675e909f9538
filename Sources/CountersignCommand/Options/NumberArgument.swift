import ArgumentParser
import Ledger

/// Reads the whole numbers among arguments, each with its bounds, which a refusal names.
enum NumberArgument {
    /// A place in a ledger, or the size of one: what a line can say.
    static let place = read(in: 0...JSONValue.integerMax)

    /// What reads a number of `range`.
    static func read(in range: ClosedRange<Int>) -> @Sendable (String) throws -> Int {
        { text in
            guard let number = WholeNumber.read(text, max: range.upperBound), range.contains(number) else {
                throw ValidationError("expected a whole number from \(range.lowerBound) to \(range.upperBound)")
            }
            return number
        }
    }
}
