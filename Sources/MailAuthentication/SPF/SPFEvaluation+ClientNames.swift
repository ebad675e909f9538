/// What the reverse look-up of a client found (RFC 7208 §5.5).
struct SPFClientNames: Sendable {
    /// The names that lead back to the client, in the order of the answer.
    var validated: [DomainName] = []
    /// Whether the client has no name at all.
    var isVoid = false

    /// What the macro `p` stands for: the domain itself, else a name below it, else any (§7.2).
    func preferred(for domain: DomainName) -> DomainName? {
        validated.first { $0 == domain } ?? validated.first { $0.isWithin(domain) } ?? validated.first
    }
}

extension SPFEvaluation {
    /// The names that are looked at; the rest is ignored, for the client chooses how many there are (§4.6.4).
    private static let pointerCountMax = 10

    /// The names of the client. Errors mean that there is none, or one less (§5.5).
    mutating func namesOfClient() async -> SPFClientNames {
        if let clientNames { return clientNames }
        var names = SPFClientNames()
        if let reverse = client.reverseName {
            let answer = await ask(reverse, .ptr)
            names.isVoid = answer.isVoid
            for record in answer.records.prefix(Self.pointerCountMax) {
                guard case .pointer(let name) = record, await leadsToClient(name) else { continue }
                names.validated.append(name)
            }
        }
        clientNames = names
        return names
    }

    private mutating func leadsToClient(_ name: DomainName) async -> Bool {
        await ask(name, client.isIPv4 ? .a : .aaaa).records.contains(.address(client))
    }

    /// Looks for the name of the client if `text` shows it.
    mutating func prepareMacros(of text: SPFMacroString, _ domain: DomainName) async {
        guard text.usesValidatedName else { return }
        macros.validatedName = await namesOfClient().preferred(for: domain)
    }
}
