extension SPFEvaluation {
    /// The longest explanation, in bytes: it is meant for one reply of SMTP (RFC 7208 §6.2, RFC 5321 §4.5.3.1.5), with
    /// room for those that take several lines. A longer one is dropped, for half of it may say something else.
    private static let explanationSizeMax = 2048

    /// The text for a client that fails; nil for other verdicts and wherever something is wrong with it (§6.2).
    ///
    /// It is asked for once, after the result stands, and counts for no limit.
    mutating func explanation(of verdict: SPFVerdict) async -> String? {
        guard verdict.result == .fail, let source = verdict.explanation,
            let name = await target(source.target, source.domain)
        else { return nil }
        let texts = await ask(name, .txt).texts
        guard texts.count == 1, let text = SPFMacroString(texts[0], in: .explanation) else { return nil }
        await prepareMacros(of: text, source.domain)
        let expanded = macros.expand(text, domain: source.domain, sizeMax: Self.explanationSizeMax)
        // A mailbox may hold line ends or UTF-8; an explanation goes into a reply of SMTP and is printable ASCII.
        guard let expanded, !expanded.isEmpty, expanded.allSatisfy({ (0x20...0x7E).contains($0) }) else { return nil }
        return String(decoding: expanded, as: UTF8.self)
    }
}
