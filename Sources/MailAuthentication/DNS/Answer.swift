package import Cryptography

/// What the name system said to one question. It never throws: what went wrong is an outcome.
package struct Answer: Hashable, Sendable {
    /// How a look-up ended.
    package enum Outcome: String, Sendable, Hashable, CaseIterable {
        /// There are records of the type.
        case answer
        /// The name exists and has none of the type (RFC 2308 §2.2).
        case nodata
        /// The name does not exist, and nothing below it (RFC 2308 §2.1, RFC 8020).
        case nxdomain
        case servfail
        case timeout
        case refused
        case networkError = "network_error"
        /// DNSSEC says that the answer is not the zone's. Its records are not shown.
        case bogus
    }

    package let question: Question
    package let outcome: Outcome
    /// The records of the type that was asked for, at the end of the aliases. Empty unless the outcome is `answer`.
    package let records: [RecordData]
    /// The digest of the evidence that is kept of this answer.
    package let evidence: Digest

    package init(_ question: Question, _ outcome: Outcome, _ records: [RecordData], evidence: Digest) {
        self.question = question
        self.outcome = outcome
        self.records = records
        self.evidence = evidence
    }

    /// Whether the name system could not say: neither "there is" nor "there is not".
    package var isTemporaryError: Bool {
        switch outcome {
        case .answer, .nodata, .nxdomain: false
        case .servfail, .timeout, .refused, .networkError, .bogus: true
        }
    }

    /// Whether it was said that there is no such record: a void look-up (RFC 7208 §4.6.4).
    package var isVoid: Bool { outcome == .nodata || outcome == .nxdomain }

    /// The TXT records, each with its strings joined.
    package var texts: [[UInt8]] { records.compactMap(\.joinedText) }
}
