import Cryptography

/// One check in progress: the limits hold over all its includes and redirects (RFC 7208 §4.6.4).
struct SPFEvaluation: Sendable {
    /// Terms that ask: `include a mx ptr exists redirect` (§4.6.4).
    static let lookupCountMax = 10
    /// Terms whose question comes back empty (§4.6.4).
    static let voidCountMax = 2

    /// How a mechanism ends that does not decide the check.
    enum Match {
        case yes
        case no
        case error(SPFVerdict)

        init(_ isMatch: Bool) { self = isMatch ? .yes : .no }
    }

    let client: IPAddress
    var macros: SPFMacroContext
    private let resolver: any Resolver
    private(set) var lookupCount = 0
    private(set) var voidCount = 0
    private(set) var evidence: [Digest] = []
    private var evidenceSeen: Set<Digest> = []
    /// The names of the client, once they were looked for.
    var clientNames: SPFClientNames?

    init(_ request: SPFRequest, _ scope: SPFScope, _ resolver: any Resolver) {
        client = request.client
        macros = SPFMacroContext(request, scope)
        self.resolver = resolver
    }

    /// Asks, and keeps which evidence was used.
    mutating func ask(_ name: DomainName, _ type: RecordType) async -> Answer {
        let answer = await resolver.answer(to: Question(name, type))
        if evidenceSeen.insert(answer.evidence).inserted { evidence.append(answer.evidence) }
        return answer
    }

    /// Counts a term that asks; the error if it is one too many.
    mutating func countLookup() -> SPFVerdict? {
        lookupCount += 1
        return lookupCount > Self.lookupCountMax ? .permanentError(.tooManyLookups) : nil
    }

    /// Counts a term whose question came back empty; the error if it is one too many.
    mutating func countVoid() -> SPFVerdict? {
        voidCount += 1
        return voidCount > Self.voidCountMax ? .permanentError(.tooManyVoids) : nil
    }

    /// `check_host()` for one domain (§4.3 to §4.7). Recursion ends with the limit of ten terms.
    mutating func check(_ domain: DomainName) async -> SPFVerdict {
        guard domain.labelCount > 1 else { return SPFVerdict(.none, .invalidDomain) }
        let answer = await ask(domain, .txt)
        if let failure = SPFFailure(answer.outcome) { return .temporaryError(failure) }
        switch SPFRecord.select(from: answer.texts) {
        case .none: return SPFVerdict(.none, .noRecord)
        case .several: return .permanentError(.multipleRecords)
        case .one(let bytes):
            switch SPFRecord.parse(bytes) {
            case .failure(let error): return .permanentError(.syntax(term: error.term))
            case .success(let record): return await evaluate(record, of: domain)
            }
        }
    }

    /// The directives from the left; the first that matches decides (§4.6.2).
    private mutating func evaluate(_ record: SPFRecord, of domain: DomainName) async -> SPFVerdict {
        for directive in record.directives {
            if directive.mechanism.asks, let error = countLookup() { return error }
            switch await match(directive.mechanism, domain) {
            case .no: continue
            case .error(let verdict): return verdict
            case .yes:
                var verdict = SPFVerdict(directive.qualifier.result, .matched(directive.mechanism.name))
                verdict.term = directive.text
                verdict.explanation = record.explanation.map { .init(target: $0, domain: domain) }
                return verdict
            }
        }
        guard let redirect = record.redirect else { return SPFVerdict(.neutral, .default) }
        return await follow(redirect, from: domain)
    }

    /// The verdict of the redirect's target is that of the check, its explanation too (§6.1).
    private mutating func follow(_ redirect: SPFMacroString, from domain: DomainName) async -> SPFVerdict {
        if let error = countLookup() { return error }
        let verdict = await checkTarget(redirect, from: domain)
        guard let verdict, verdict.result != .none else { return .permanentError(.redirectNone) }
        return verdict
    }

    /// Checks the domain that an include or a redirect names; nil if that is no name.
    mutating func checkTarget(_ text: SPFMacroString, from domain: DomainName) async -> SPFVerdict? {
        guard let target = await target(text, domain) else { return nil }
        return await check(target)
    }

    /// The name that a `domain-spec` makes, or the current domain if there is none (§4.8); nil if it makes no name.
    mutating func target(_ text: SPFMacroString?, _ domain: DomainName) async -> DomainName? {
        guard let text else { return domain }
        await prepareMacros(of: text, domain)
        return macros.target(text, domain: domain)
    }
}
