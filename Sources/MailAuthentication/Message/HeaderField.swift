/// One header field as it stands in the message, with its folds and its line end (RFC 5322 §2.2).
package struct HeaderField: Hashable, Sendable {
    /// The bytes from the name to the last line end (which the last field of a cut message may lack).
    package let raw: [UInt8]
    /// Where the colon stands in `raw`.
    private let colon: Int

    /// The field in `raw`; nil if there is no colon, or no name before it.
    package init?(raw: some Collection<UInt8>) {
        let raw = Array(raw)
        guard let colon = raw.firstIndex(of: UInt8(ascii: ":")) else { return nil }
        self.raw = raw
        self.colon = colon
        // A name is printable ASCII without space; white space before the colon is obsolete syntax (§4.5).
        let name = nameBytes
        guard !name.isEmpty, name.allSatisfy({ (0x21...0x7E).contains($0) }) else { return nil }
    }

    private var nameBytes: ArraySlice<UInt8> {
        var end = colon
        while end > 0, ASCII.isWhiteSpace(raw[end - 1]) { end -= 1 }
        return raw[..<end]
    }

    /// The name in lower case.
    package var name: String { String(decoding: nameBytes.map(ASCII.lowercased), as: UTF8.self) }

    /// What stands behind the colon, up to the last line end, folds included.
    package var body: ArraySlice<UInt8> {
        let start = colon + 1
        var end = raw.count
        if end > start, raw[end - 1] == 0x0A { end -= 1 }
        if end > start, raw[end - 1] == 0x0D { end -= 1 }
        return raw[start..<end]
    }

    /// The body with its folds undone (RFC 5322 §2.2.3: the line ends go, the white space stays).
    package var unfolded: [UInt8] { body.filter { $0 != 0x0D && $0 != 0x0A } }
}
