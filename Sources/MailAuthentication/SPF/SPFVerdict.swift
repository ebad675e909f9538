/// What the check of one domain came to, before it is a result for the caller.
struct SPFVerdict: Sendable {
    /// Where the explanation of a fail is found: the target of `exp=`, and the domain that `d` stands for in it.
    struct ExplanationSource: Sendable {
        let target: SPFMacroString
        let domain: DomainName
    }

    let result: SPFResult.Value
    let reason: SPFReason
    var term: String?
    var explanation: ExplanationSource?

    init(_ result: SPFResult.Value, _ reason: SPFReason) {
        self.result = result
        self.reason = reason
    }

    /// An error that ends the whole check, however deep it stands.
    static func permanentError(_ reason: SPFReason) -> SPFVerdict { SPFVerdict(.permerror, reason) }

    static func temporaryError(_ failure: SPFFailure) -> SPFVerdict { SPFVerdict(.temperror, .dns(failure)) }
}
