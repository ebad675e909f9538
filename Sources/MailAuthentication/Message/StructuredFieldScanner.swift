/// Walks along the body of a structured header field (RFC 5322 §2.2.2) and takes its lexical tokens (§3.2).
///
/// Each step takes something or says no, and no byte is read twice: the work grows with the size of the body. Comments
/// are counted, not descended into, so they may nest to any depth.
struct StructuredFieldScanner {
    /// A token that has a start and no end.
    enum Defect: Error {
        case unterminatedComment
        case unterminatedQuotedString
    }

    private let bytes: ArraySlice<UInt8>
    /// Where the next byte stands; the end of the body if there is none.
    private(set) var position: Int

    init(_ bytes: ArraySlice<UInt8>) {
        self.bytes = bytes
        position = bytes.startIndex
    }

    /// The next byte, which stays where it is.
    var next: UInt8? { position < bytes.endIndex ? bytes[position] : nil }

    /// The body between two positions that were met on the way.
    func slice(_ start: Int, _ end: Int) -> ArraySlice<UInt8> { bytes[start..<end] }

    /// Whether the next byte is `byte`, which is then taken.
    mutating func take(_ byte: Unicode.Scalar) -> Bool {
        guard let next, next == UInt8(ascii: byte) else { return false }
        position += 1
        return true
    }

    /// The longest run of bytes that belong; it may be empty.
    mutating func take(while belongs: (UInt8) -> Bool) -> ArraySlice<UInt8> {
        let start = position
        while let next, belongs(next) { position += 1 }
        return bytes[start..<position]
    }

    /// Goes back to a position that was met on the way.
    mutating func rewind(to earlier: Int) { position = min(position, max(earlier, bytes.startIndex)) }

    /// Moves to the end.
    mutating func skipToEnd() { position = bytes.endIndex }

    /// Takes whatever byte is next.
    mutating func skipByte() { position = min(position + 1, bytes.endIndex) }

    /// Passes over comments and folding white space (RFC 5322 §3.2.2); says whether there was any.
    @discardableResult
    mutating func skipCFWS() throws(Defect) -> Bool {
        let start = position
        while let byte = next {
            if byte == UInt8(ascii: "(") {
                try skipComment()
            } else {
                guard ASCII.isFoldingSpace(byte) else { break }
                position += 1
            }
        }
        return position > start
    }

    /// Passes over the comment that starts here.
    mutating func skipComment() throws(Defect) {
        var depth = 0
        while let byte = next {
            position += 1
            switch byte {
            case UInt8(ascii: "("): depth += 1
            case UInt8(ascii: ")"): depth -= 1
            case UInt8(ascii: "\\"): skipByte()
            default: break
            }
            if depth == 0 { return }
        }
        throw .unterminatedComment
    }

    /// The content of the quoted-string that starts here (RFC 5322 §3.2.4): without its quotes and backslashes, with
    /// its folds undone.
    mutating func quotedString() throws(Defect) -> [UInt8] {
        var content: [UInt8] = []
        position += 1
        while let byte = next {
            position += 1
            switch byte {
            case UInt8(ascii: "\""): return content
            case 0x0D, 0x0A: break
            case UInt8(ascii: "\\"):
                guard let quoted = next else { throw .unterminatedQuotedString }
                content.append(quoted)
                position += 1
            default: content.append(byte)
            }
        }
        throw .unterminatedQuotedString
    }
}
