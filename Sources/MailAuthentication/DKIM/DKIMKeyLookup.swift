import Cryptography

/// What a look-up at a selector came to.
struct DKIMKeyLookup {
    /// The key, or why there is none.
    let key: Result<DKIMKey, DKIMReason>
    /// The evidence that is kept of the answer.
    let evidence: Digest

    /// What the answer holds.
    ///
    /// RFC 6376 §3.6.2.2 leaves several records undefined. Those that are no key record (RFC 6376 §6.1.2: a verifier
    /// may go on to the next) are passed over; one key among them is the key, and of two none is.
    init(_ answer: Answer, _ cache: DKIMKeyCache) {
        evidence = answer.evidence
        switch answer.outcome {
        case .answer: key = cache.key(at: answer.question.name, in: answer.records, read: Self.key)
        case .nodata, .nxdomain: key = .failure(.keyNotFound)
        case .timeout: key = .failure(.dnsTimeout)
        case .servfail, .refused, .networkError: key = .failure(.dnsServfail)
        case .bogus: key = .failure(.dnsBogus)
        }
    }

    private static func key(in records: [RecordData]) -> Result<DKIMKey, DKIMReason> {
        let texts = records.compactMap(\.joinedText)
        let keys = texts.compactMap { DKIMKey($0) }
        guard keys.count < 2 else { return .failure(.multipleKeys) }
        return keys.first.map { .success($0) } ?? .failure(texts.isEmpty ? .keyNotFound : .keySyntax)
    }
}
