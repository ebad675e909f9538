extension SPFEvaluation {
    /// The names that an `mx` may have (RFC 7208 §4.6.4).
    private static let exchangeCountMax = 10

    /// Whether the mechanism matches the client (§5).
    mutating func match(_ mechanism: SPFMechanism, _ domain: DomainName) async -> Match {
        switch mechanism {
        case .all: .yes
        case .ip4(let network), .ip6(let network): Match(network.contains(client))
        case .include(let text): await matchInclude(text, domain)
        case .a(let text, let lengths): await matchAddress(text, lengths, domain)
        case .mx(let text, let lengths): await matchExchange(text, lengths, domain)
        case .ptr(let text): await matchPointer(text, domain)
        case .exists(let text): await matchExistence(text, domain)
        }
    }

    /// The table of §5.2.
    private mutating func matchInclude(_ text: SPFMacroString, _ domain: DomainName) async -> Match {
        guard let verdict = await checkTarget(text, from: domain) else {
            return .error(.permanentError(.includeNone))
        }
        switch verdict.result {
        case .pass: return .yes
        case .fail, .softfail, .neutral: return .no
        case .temperror, .permerror: return .error(verdict)
        case .none: return .error(.permanentError(.includeNone))
        }
    }

    /// `a` (§5.3).
    private mutating func matchAddress(
        _ text: SPFMacroString?, _ lengths: SPFPrefixLengths, _ domain: DomainName
    ) async -> Match {
        guard let host = await target(text, domain) else { return .no }
        let answer = await ask(host, client.isIPv4 ? .a : .aaaa)
        if let failure = SPFFailure(answer.outcome) { return .error(.temporaryError(failure)) }
        if answer.isVoid, await !hasOtherFamily(answer), let error = countVoid() { return .error(error) }
        return Match(holdsClient(answer, lengths))
    }

    /// Whether a host without addresses of the client's family has some of the other.
    ///
    /// Such a host is no void look-up: a record with `a` for three hosts of IPv4 would else be broken for every client
    /// of IPv6, though nothing in it leads nowhere, which is what the limit is for (§11.1).
    private mutating func hasOtherFamily(_ answer: Answer) async -> Bool {
        guard answer.outcome == .nodata else { return false }
        // Where that cannot be told, it does not count: silence must not break a record.
        let other = await ask(answer.question.name, client.isIPv4 ? .aaaa : .a)
        return other.outcome == .answer || other.isTemporaryError
    }

    /// `mx` (§5.4). The name itself is not asked for addresses when it has no exchanger.
    private mutating func matchExchange(
        _ text: SPFMacroString?, _ lengths: SPFPrefixLengths, _ domain: DomainName
    ) async -> Match {
        guard let name = await target(text, domain) else { return .no }
        let answer = await ask(name, .mx)
        if let failure = SPFFailure(answer.outcome) { return .error(.temporaryError(failure)) }
        if answer.isVoid, let error = countVoid() { return .error(error) }
        guard answer.records.count <= Self.exchangeCountMax else {
            return .error(.permanentError(.tooManyExchanges))
        }
        // Void answers here do not count: the limit is on terms (§4.6.4), and hosts of one family are common.
        for host in Self.exchanges(answer) {
            let addresses = await ask(host, client.isIPv4 ? .a : .aaaa)
            if let failure = SPFFailure(addresses.outcome) { return .error(.temporaryError(failure)) }
            if holdsClient(addresses, lengths) { return .yes }
        }
        return .no
    }

    /// The hosts by preference and name, so that a shuffled answer asks in the same order.
    private static func exchanges(_ answer: Answer) -> [DomainName] {
        let exchanges = answer.records.compactMap { record -> (UInt16, String, DomainName)? in
            // A host that is the root says that there is none (RFC 7505).
            guard case .exchange(let preference, let host?) = record else { return nil }
            return (preference, host.text, host)
        }
        return exchanges.sorted { ($0.0, $0.1) < ($1.0, $1.1) }.map(\.2)
    }

    /// `ptr` (§5.5).
    private mutating func matchPointer(_ text: SPFMacroString?, _ domain: DomainName) async -> Match {
        guard let target = await target(text, domain) else { return .no }
        let names = await namesOfClient()
        if names.isVoid, let error = countVoid() { return .error(error) }
        return Match(names.validated.contains { $0.isWithin(target) })
    }

    /// `exists` (§5.7): always an A record, whatever the client's family.
    private mutating func matchExistence(_ text: SPFMacroString, _ domain: DomainName) async -> Match {
        guard let name = await target(text, domain) else { return .no }
        let answer = await ask(name, .a)
        if let failure = SPFFailure(answer.outcome) { return .error(.temporaryError(failure)) }
        if answer.isVoid, let error = countVoid() { return .error(error) }
        return Match(answer.outcome == .answer)
    }

    /// Whether one of the addresses shares the prefix with the client.
    private func holdsClient(_ answer: Answer, _ lengths: SPFPrefixLengths) -> Bool {
        answer.records.contains { record in
            guard case .address(let address) = record else { return false }
            return client.isWithin(address, prefixLength: lengths.length(for: client))
        }
    }
}
