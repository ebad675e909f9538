/// The result that the findings about all identifiers come to (RFC 9989 §5.3).
package struct DMARCConclusion: Hashable, Sendable {
    /// The results of RFC 8601 and the registry that RFC 9989 fills.
    package enum Value: String, Sendable, Hashable, CaseIterable {
        case none, pass, fail, temperror, permerror
    }

    package let value: Value
    package let reason: DMARCReason
    /// The closest alignment among the identifiers that passed SPF.
    package let spfAlignment: DMARCAlignment
    /// The closest alignment among the identifiers that passed DKIM.
    package let dkimAlignment: DMARCAlignment

    /// The conclusion that no identifier can change.
    init(_ value: Value, _ reason: DMARCReason) {
        self.value = value
        self.reason = reason
        spfAlignment = .none
        dkimAlignment = .none
    }

    /// Pass if one identifier that passed is aligned; temperror if one that could not be judged might have been; else
    /// fail.
    init(_ findings: [AlignmentFinding]) {
        let passed = findings.filter { $0.identifier.outcome == .passed }
        let closest = { (mechanism: DMARCIdentifier.Mechanism) -> DMARCAlignment in
            let alignments = Set(passed.filter { $0.identifier.mechanism == mechanism }.map(\.alignment))
            return alignments.contains(.strict) ? .strict : alignments.contains(.relaxed) ? .relaxed : .none
        }
        spfAlignment = closest(.spf)
        dkimAlignment = closest(.dkim)
        if spfAlignment != .none || dkimAlignment != .none {
            (value, reason) = (.pass, .aligned)
        } else if let failure = findings.lazy.compactMap(\.failure).first {
            (value, reason) = (.temperror, failure)
        } else if let open = findings.first(where: { $0.identifier.outcome != .passed && $0.alignment != .none }) {
            let isSPF = open.identifier.mechanism == .spf
            (value, reason) = (.temperror, isSPF ? .spfTemporaryError : .dkimTemporaryError)
        } else {
            (value, reason) = (.fail, passed.isEmpty ? .notAuthenticated : .notAligned)
        }
    }
}
