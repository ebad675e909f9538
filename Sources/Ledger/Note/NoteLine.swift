import Cryptography

/// What single lines of the C2SP formats hold.
enum NoteLine {
    /// A decimal number: no sign, no leading zero, at most 2^63 - 1.
    static func number(_ digits: some Collection<UInt8>) throws(NoteFault) -> Int {
        guard let first = digits.first, digits.count == 1 || first != UInt8(ascii: "0") else { throw .invalidNumber }
        var number = 0
        for digit in digits {
            guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(digit) else { throw .invalidNumber }
            let (product, isTooLarge) = number.multipliedReportingOverflow(by: 10)
            let (sum, isAlsoTooLarge) = product.addingReportingOverflow(Int(digit - UInt8(ascii: "0")))
            guard !isTooLarge, !isAlsoTooLarge else { throw .invalidNumber }
            number = sum
        }
        return number
    }

    /// A hash as base64.
    static func hash(_ text: ArraySlice<UInt8>) throws(NoteFault) -> Digest {
        guard let bytes = Base64.decodeLine(text), let digest = Digest(bytes) else { throw .invalidHash }
        return digest
    }
}

extension Base64 {
    /// The bytes that `text` spells, without any white space in it: the strict form of the C2SP formats.
    static func decodeLine(_ text: ArraySlice<UInt8>) -> [UInt8]? {
        guard text.allSatisfy({ $0 > 0x20 }) else { return nil }
        return decode(text.span)
    }
}
