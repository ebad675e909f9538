import CUnistring

/// Texts in a form that is the same whatever the case of their letters and however their accents are composed:
/// NFC(toCasefold(NFD(text))), with the full mappings (C and F) of Unicode's CaseFolding.txt and none of a language.
///
/// `ΝΙΚΟΣ`, `νικος` and `Νικοσ` are one, and so are `STRASSE` and `straße`. Of ASCII it is the letters in lower case.
package enum CaseFolding {
    package static func folded(_ text: String) -> String {
        String(decoding: folded(Array(text.utf8)), as: UTF8.self)
    }

    /// Of bytes that are no UTF-8, what is wrong is replaced first (U+FFFD).
    package static func folded(_ bytes: [UInt8]) -> [UInt8] {
        guard !bytes.allSatisfy({ $0 < 0x80 }) else {
            return bytes.map { UInt8.capitals.contains($0) ? $0 | 0x20 : $0 }
        }
        return converted(Array(String(decoding: bytes, as: UTF8.self).utf8), decomposes: 0)
    }

    /// The text with its accents apart (NFD).
    package static func decomposed(_ text: String) -> String {
        guard !text.utf8.allSatisfy({ $0 < 0x80 }) else { return text }
        return String(decoding: converted(Array(text.utf8), decomposes: 1), as: UTF8.self)
    }

    private static func converted(_ bytes: [UInt8], decomposes: Int32) -> [UInt8] {
        var size = 0
        let output = unsafe bytes.withUnsafeBufferPointer { text in
            unsafe countersign_convert(text.baseAddress, text.count, decomposes, &size)
        }
        // What goes in is UTF-8, so nothing but memory can be missing.
        guard let output = unsafe output else { preconditionFailure("there is no memory for a text") }
        defer { unsafe free(output) }
        return unsafe Array(UnsafeBufferPointer(start: output, count: size))
    }
}
