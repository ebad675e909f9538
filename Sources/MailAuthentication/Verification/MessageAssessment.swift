/// What a check of a message comes to: the outcomes of a `verification` entry about one.
package enum MessageAssessment: String, Sendable, Hashable, CaseIterable {
    /// A mechanism that passed vouches for the Author Domain.
    case aligned
    /// Mechanisms passed, for other domains.
    case unaligned
    /// Nothing passed, or the message hides its author.
    case unauthenticated
    /// The Author Domain asks for nothing.
    case notApplicable = "not_applicable"
    /// A question that matters was not answered.
    case indeterminate

    init(_ dmarc: DMARCResult) {
        switch dmarc.value {
        case .pass: self = .aligned
        case .temperror: self = .indeterminate
        case .none: self = .notApplicable
        case .permerror: self = .unauthenticated
        case .fail: self = dmarc.reason == .notAligned ? .unaligned : .unauthenticated
        }
    }
}
