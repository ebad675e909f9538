/// Checks whether a client may send for a domain: `check_host()` of RFC 7208 §4.
///
/// It asks the name system through a resolver only, so that the same answers give the same result again. The limit in
/// time (§4.6.4, at least 20 seconds) is the resolver's: it answers within its deadline, and the number of its answers
/// is bounded here.
package struct SPFEvaluator: Sendable {
    private let resolver: any Resolver

    package init(resolver: any Resolver) {
        self.resolver = resolver
    }

    /// Checks the name of that scope. U-labels in it become A-labels (RFC 8616 §4).
    package func evaluate(_ request: SPFRequest, scope: SPFScope) async -> SPFResult {
        let given = request.sender(scope).domain
        let domain = DomainName(internationalized: given)
        var evaluation = SPFEvaluation(request, scope, resolver)
        var verdict = SPFVerdict(.none, .invalidDomain)
        var explanation: String?
        // Stricter than §4.3, which lets a name with any character pass: such a name is no mail domain (RFC 5321
        // §4.1.2), and one with brackets or spaces has been used to forge what hosts write of it (CVE-2020-12272).
        if let domain, domain.isHostName {
            verdict = await evaluation.check(domain)
            explanation = await evaluation.explanation(of: verdict)
        }
        return SPFResult(
            scope: scope, domain: domain?.text ?? given, result: verdict.result, reason: verdict.reason,
            matchedTerm: verdict.term, explanation: explanation, lookupCount: evaluation.lookupCount,
            voidCount: evaluation.voidCount, evidence: evaluation.evidence)
    }
}
