import Cryptography

/// What single lines of the C2SP formats hold.
enum NoteLine {
    /// A decimal number: no sign, no leading zero, at most `max`.
    static func number(_ digits: some Collection<UInt8>, max: Int) throws(NoteFault) -> Int {
        guard let number = WholeNumber.read(digits, max: max) else { throw .invalidNumber }
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
