/// A message as its bytes: never written anew, for every signature is over them (RFC 5322 §2.1).
package struct RawMessage: Sendable {
    /// The most header fields: a mail has some dozens.
    package static let fieldCountMax = 10_000

    /// The whole message.
    package let bytes: [UInt8]
    /// The header fields from the top; none if there are more than ``fieldCountMax``, for a part of them would say
    /// something else than all.
    package let fields: [HeaderField]
    /// Whether there are more than ``fieldCountMax``.
    package let hasTooManyFields: Bool
    /// Lines of the header that are no field, which a strict reader would refuse.
    package let strayLineCount: Int
    /// Whether its lines came with a bare LF and were given back their CR; a replay takes it from what was recorded.
    package var hasRestoredLineEnds = false
    private let bodyStart: Int

    /// The message that somebody handed in. Mail that lay in a file often has the line ends of Unix; it travelled with
    /// CRLF, and so it was signed (RFC 6376 §5.3). Where there is an LF and no CR at all, each line gets its CR back,
    /// and ``hasRestoredLineEnds`` says so. Mixed ends stay as they are: nobody can say what was signed.
    package init(received bytes: [UInt8]) {
        guard !bytes.contains(0x0D), bytes.contains(0x0A) else {
            self.init(bytes)
            return
        }
        var restored: [UInt8] = []
        restored.reserveCapacity(bytes.count + bytes.count / 16)
        for byte in bytes {
            if byte == 0x0A { restored.append(0x0D) }
            restored.append(byte)
        }
        self.init(restored)
        hasRestoredLineEnds = true
    }

    /// Splits header and body at the first empty line. Any bytes are a message: one without an empty line has no body.
    ///
    /// Line ends are CRLF; a bare LF is taken for one, as mail hosts do, and stays as it is.
    package init(_ bytes: [UInt8]) {
        var fields: [HeaderField] = []
        var strays = 0
        var start = 0
        var fieldStart = 0
        let close = { (end: Int) in
            guard end > fieldStart, fields.count <= Self.fieldCountMax else { return }
            if let field = HeaderField(raw: bytes[fieldStart..<end]) { fields.append(field) } else { strays += 1 }
        }
        while start < bytes.count {
            let end = bytes[start...].firstIndex(of: 0x0A).map { $0 + 1 } ?? bytes.count
            let line = bytes[start..<end]
            if line.elementsEqual([0x0D, 0x0A]) || line.elementsEqual([0x0A]) {
                close(start)
                fieldStart = end
                start = end
                break
            }
            if let first = line.first, !ASCII.isWhiteSpace(first) {
                close(start)
                fieldStart = start
            }
            start = end
        }
        if start == bytes.count { close(start) }
        self.bytes = bytes
        hasTooManyFields = fields.count > Self.fieldCountMax
        self.fields = hasTooManyFields ? [] : fields
        strayLineCount = strays
        bodyStart = start
    }

    /// The bytes behind the empty line.
    package var body: ArraySlice<UInt8> { bytes[bodyStart...] }

    /// The fields of that name (lower case), from the top.
    package func fields(named name: String) -> [HeaderField] { fields.filter { $0.name == name } }
}
