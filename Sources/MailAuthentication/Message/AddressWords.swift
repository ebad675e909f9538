/// A run of words and dots, of which it is not known yet whether it is a display name or a local part.
struct AddressWords {
    /// The run as a display name: words with one space where white space or a comment stood.
    private(set) var phrase: [UInt8] = []
    /// The run as a local part: words and dots with nothing between.
    private(set) var localPart: [UInt8] = []
    /// Two words without a dot between: no local part.
    private(set) var hasAdjacentWords = false
    /// White space around a dot, or a quoted word beside a dot.
    private(set) var isObsolete = false
    private(set) var hasDot = false
    private(set) var hasQuotedControl = false
    private var hasStrayDot = false
    private var lastWasDot = false
    private var hasQuotedWord = false

    /// Neither a word nor a dot.
    var isEmpty: Bool { !hasWord && !hasDot }

    /// A dot at the start or the end, or two in a row.
    var hasMisplacedDot: Bool { hasStrayDot || lastWasDot }

    /// Whether there is a word at all.
    private(set) var hasWord = false

    mutating func append(word: some Collection<UInt8>, isQuoted: Bool, isSpaced: Bool) {
        let follows = hasWord || hasDot
        if follows, !lastWasDot { hasAdjacentWords = true }
        if follows, isSpaced || isQuoted || hasQuotedWord { isObsolete = true }
        if follows, isSpaced { phrase.append(0x20) }
        if isQuoted {
            hasQuotedWord = true
            if word.contains(where: { ASCII.isControl($0) || $0 == 0x0D || $0 == 0x0A }) { hasQuotedControl = true }
        }
        phrase += word
        localPart += word
        hasWord = true
        lastWasDot = false
    }

    mutating func appendDot(isSpaced: Bool) {
        if !hasWord || lastWasDot { hasStrayDot = true }
        if hasQuotedWord || isSpaced && !phrase.isEmpty { isObsolete = true }
        if isSpaced, !phrase.isEmpty { phrase.append(0x20) }
        phrase.append(UInt8(ascii: "."))
        localPart.append(UInt8(ascii: "."))
        hasDot = true
        lastWasDot = true
    }
}
