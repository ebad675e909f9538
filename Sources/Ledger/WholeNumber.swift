/// Reads the whole numbers that come from outside as digits: in paths, parameters, headers, arguments and files.
///
/// There is no way to one without its largest value, for nothing may be reckoned with a number that nobody has
/// bounded: two of it are added, or 256 of it, and the process is gone. So the limit is chosen where a number is read,
/// such that what is done with it later cannot overflow: ``JSONValue/integerMax`` for places and sizes of ledgers,
/// which leaves ten bits above them, and 2^63 - 1 only where a format of others says so (C2SP tlog-checkpoint), whose
/// numbers are compared and never added to.
package enum WholeNumber {
    /// The number that `digits` spell in decimal: no sign, no leading zero, at most `max`. Nil for anything else.
    package static func read(_ digits: some Collection<UInt8>, max: Int) -> Int? {
        guard digits.count == 1 || digits.first != UInt8(ascii: "0") else { return nil }
        return readPadded(digits, max: max)
    }

    /// The number that the text spells in decimal: no sign, no leading zero, at most `max`. Nil for anything else.
    package static func read(_ text: some StringProtocol, max: Int) -> Int? { read(text.utf8, max: max) }

    /// The number that `digits` spell in decimal, where zeros may stand before it: no sign, at most `max`. Nil for
    /// anything else.
    package static func readPadded(_ digits: some Collection<UInt8>, max: Int) -> Int? {
        guard !digits.isEmpty else { return nil }
        var number = 0
        for digit in digits {
            let value = Int(digit &- UInt8(ascii: "0"))
            guard value <= 9 else { return nil }
            let (product, isTooLarge) = number.multipliedReportingOverflow(by: 10)
            let (sum, isAlsoTooLarge) = product.addingReportingOverflow(value)
            guard !isTooLarge, !isAlsoTooLarge, sum <= max else { return nil }
            number = sum
        }
        return number
    }
}
