import Ledger

/// Compares columns with texts of the line that stands in the same chunk, byte by byte and where they lie.
struct ColumnTexts {
    let chunk: [UInt8]
    /// Where the line stands in the chunk.
    let line: Range<Int>

    /// Whether the column holds this text, or both are absent.
    func isSame(_ column: Range<Int>?, _ text: EntryOutline.Token?) -> Bool {
        guard let column, let text else { return column == nil && text == nil }
        let line = chunk.span.extracting(line)
        guard !text.isEscaped else {
            return CanonicalScanner.content(of: text, in: line).elementsEqual(chunk[column])
        }
        let (left, right) = (chunk.span.extracting(column), line.extracting(text.range))
        guard left.count == right.count else { return false }
        for index in 0..<left.count where left[index] != right[index] { return false }
        return true
    }

    /// Whether the line's text says exactly this.
    func text(_ text: EntryOutline.Token, is content: [UInt8]) -> Bool {
        CanonicalScanner.content(of: text, in: chunk.span.extracting(line)) == content
    }

    /// Whether the column holds this address in the form for look-up, or both are absent.
    func isLookUpForm(_ column: Range<Int>?, of text: EntryOutline.Token?) -> Bool {
        guard let column, let text else { return column == nil && text == nil }
        // Most senders are in lower case already.
        let isLower = text.isASCII && !text.isEscaped && isSame(column, text) && !hasCapitals(column)
        return isLower || text.lookUpForm(in: chunk.span.extracting(line)).elementsEqual(chunk[column])
    }

    private func hasCapitals(_ column: Range<Int>) -> Bool {
        let text = chunk.span.extracting(column)
        for index in 0..<text.count where text[index] >= UInt8(ascii: "A") && text[index] <= UInt8(ascii: "Z") {
            return true
        }
        return false
    }
}

extension CanonicalScanner.Token {
    /// The address in the form for look-up.
    func lookUpForm(in bytes: Span<UInt8>) -> [UInt8] {
        guard isASCII, !isEscaped else {
            return CaseFolding.folded(CanonicalScanner.content(of: self, in: bytes))
        }
        let text = bytes.extracting(range)
        var lowered: [UInt8] = []
        lowered.reserveCapacity(text.count)
        for index in 0..<text.count {
            let byte = text[index]
            let isCapital = byte >= UInt8(ascii: "A") && byte <= UInt8(ascii: "Z")
            lowered.append(isCapital ? byte | 0x20 : byte)
        }
        return lowered
    }
}
