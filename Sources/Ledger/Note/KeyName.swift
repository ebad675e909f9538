/// The name of a key as signed notes have it (C2SP signed-note): compared byte by byte.
package struct KeyName: Hashable, Sendable {
    /// The longest name, in bytes: the most that an ML-DSA cosignature can hold.
    package static let sizeMax = 255

    /// UTF-8, not empty, without plus signs, white space and control characters.
    package let bytes: [UInt8]

    package init(_ bytes: some Collection<UInt8>) throws(NoteFault) {
        let bytes = Array(bytes)
        guard (1...Self.sizeMax).contains(bytes.count), let text = String(validating: bytes, as: UTF8.self),
            text.unicodeScalars.allSatisfy({
                !$0.properties.isWhitespace && $0.value >= 0x20 && $0 != "\u{7F}" && $0 != "+"
            })
        else { throw .invalidKeyName }
        self.bytes = bytes
    }

    /// An origin is a key name by its own rules.
    package init(_ origin: Origin) { bytes = Array(origin.text.utf8) }

    package var text: String { String(decoding: bytes, as: UTF8.self) }
}

extension KeyName: CustomStringConvertible {
    package var description: String { text }
}
