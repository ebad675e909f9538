extension Timestamp {
    /// The moment whose ``text`` these bytes are; nil for any other spelling.
    package init?(canonical text: Span<UInt8>) {
        guard text.count == 27 else { return nil }
        var isValid =
            text[4] == UInt8(ascii: "-") && text[7] == UInt8(ascii: "-") && text[10] == UInt8(ascii: "T")
            && text[13] == UInt8(ascii: ":") && text[16] == UInt8(ascii: ":") && text[19] == UInt8(ascii: ".")
            && text[26] == UInt8(ascii: "Z")
        func number(_ start: Int, _ digits: Int) -> Int64 {
            var number: Int64 = 0
            for index in start..<start + digits {
                let digit = text[index] &- UInt8(ascii: "0")
                if digit > 9 { isValid = false }
                number = number &* 10 &+ Int64(digit)
            }
            return number
        }
        let (year, month, day) = (number(0, 4), number(5, 2), number(8, 2))
        let (hour, minute, second, fraction) = (number(11, 2), number(14, 2), number(17, 2), number(20, 6))
        guard isValid, (1...12).contains(month), day >= 1, day <= DateTimeScanner.days(in: month, of: year), hour < 24,
            minute < 60, second < 60
        else { return nil }
        let days = DateTimeScanner.days(year: year, month: month, day: day)
        let seconds = days * 86_400 + hour * 3600 + minute * 60 + second
        self.init(microseconds: seconds * 1_000_000 + fraction)
    }
}
