/// How one identifier stands to the Author Domain.
struct AlignmentFinding: Sendable {
    let identifier: DMARCIdentifier
    let alignment: DMARCAlignment
    /// Why there is no saying: a question of the identifier's own walk was not answered.
    let failure: DMARCReason?

    init(_ identifier: DMARCIdentifier, _ alignment: DMARCAlignment, failure: DMARCReason? = nil) {
        self.identifier = identifier
        self.alignment = alignment
        self.failure = failure
    }
}
