import Ledger

/// What the macros of a record stand for during a check (RFC 7208 §7.2).
struct SPFMacroContext: Sendable {
    /// The longest value that a macro takes, in bytes: more than any name or path of SMTP (RFC 5321 §4.5.3.1), so that
    /// a huge HELO in a record full of macros costs little. Of a longer value the right end counts, as in §7.3.
    static let valueSizeMax = 512

    private let mailbox: [UInt8]
    private let senderDomain: [UInt8]
    private let helo: [UInt8]
    private let client: IPAddress
    private let receiver: String?
    private let time: Int64?
    /// The name that was found for the client; nil if none was, or none was looked for.
    var validatedName: DomainName?

    init(_ request: SPFRequest, _ scope: SPFScope) {
        let sender = request.sender(scope)
        mailbox = sender.mailbox.suffix(Self.valueSizeMax)
        senderDomain = Self.withoutRoot(sender.domain)
        helo = Self.withoutRoot(request.helo)
        client = request.client
        receiver = request.receiver
        time = request.time
    }

    /// The name as macros write it: without the root's dot, and in A-labels (RFC 8616 §4).
    private static func withoutRoot(_ name: String) -> [UInt8] {
        let name = name.utf8.allSatisfy { $0 < 0x80 } ? name : ALabels.name(name) ?? name
        let bytes = name.utf8.suffix(valueSizeMax)
        return Array(bytes.last == UInt8(ascii: ".") ? bytes.dropLast() : bytes)
    }

    /// The text with its macros replaced; nil if it gets longer than `sizeMax` bytes.
    func expand(_ text: SPFMacroString, domain: DomainName, sizeMax: Int = .max) -> [UInt8]? {
        var expanded: [UInt8] = []
        for part in text.parts {
            expanded += bytes(of: part, domain)
            guard expanded.count <= sizeMax else { return nil }
        }
        return expanded
    }

    /// The name that a `domain-spec` makes; nil if it is none. A name that is too long loses labels from the left
    /// (§7.3).
    func target(_ text: SPFMacroString, domain: DomainName) -> DomainName? {
        // From the right: what is too long loses its left, so nobody has to write it out.
        var pieces: [[UInt8]] = []
        var size = 0
        for part in text.parts.reversed() where size <= DomainName.sizeMax + 1 {
            pieces.append(bytes(of: part, domain))
            size += pieces[pieces.count - 1].count
        }
        var name = Array(pieces.reversed().joined())[...]
        if name.last == UInt8(ascii: ".") { name = name.dropLast() }
        if name.count > DomainName.sizeMax {
            // A label starts behind a dot; the dot itself may stand just before the last 253 characters.
            let tail = name.suffix(DomainName.sizeMax + 1)
            guard let dot = tail.firstIndex(of: UInt8(ascii: ".")) else { return nil }
            name = tail[(dot + 1)...]
        }
        return DomainName(String(decoding: name, as: UTF8.self))
    }

    private func bytes(of part: SPFMacroString.Part, _ domain: DomainName) -> [UInt8] {
        switch part {
        case .literal(let bytes), .escape(let bytes): bytes
        case .macro(let macro): macro.transform(value(of: macro.letter, domain))
        }
    }

    private func value(of letter: SPFMacro.Letter, _ domain: DomainName) -> [UInt8] {
        switch letter {
        case .sender: mailbox + [UInt8(ascii: "@")] + senderDomain
        case .mailbox: mailbox
        case .senderDomain: senderDomain
        case .domain: Array(domain.text.utf8)
        case .address: dottedAddress
        case .validatedName: Array((validatedName?.text ?? "unknown").utf8)
        case .helo: helo
        case .family: Array((client.isIPv4 ? "in-addr" : "ip6").utf8)
        case .readableAddress: Array(client.description.utf8)
        case .receiver: Array((receiver ?? "unknown").utf8.suffix(Self.valueSizeMax))
        case .time: Array((time.map { "\($0)" } ?? "unknown").utf8)
        }
    }

    /// The address with dots between its bytes, or between the half bytes of IPv6 (§7.3).
    private var dottedAddress: [UInt8] {
        guard !client.isIPv4 else { return Array(client.description.utf8) }
        let digits = client.bytes.flatMap { [$0 >> 4, $0 & 15] }
        return Array(digits.map { String($0, radix: 16, uppercase: true) }.joined(separator: ".").utf8)
    }
}
