import Ledger

/// A signature's field on its way to a result.
struct DKIMCandidate {
    /// The place among the signatures, from the top.
    let index: Int
    /// The place among the fields.
    let place: Int
    /// What the field says, or the defect that shows without a key.
    let signature: Result<DKIMSignature, DKIMReason>
    private let tags: DKIMTagList?

    init(_ field: HeaderField, index: Int, place: Int, asOf time: Int64) {
        self.index = index
        self.place = place
        let tags = DKIMTagList(field.body)
        self.tags = tags
        signature = Result { () throws(DKIMReason) in
            guard let tags else { throw .headerSyntax }
            let signature = try DKIMSignature(tags)
            if let refusal = Self.refusal(of: signature, asOf: time) { throw refusal }
            return signature
        }
    }

    /// The reasons to refuse a signature of right syntax that need no key.
    private static func refusal(of signature: DKIMSignature, asOf time: Int64) -> DKIMReason? {
        if signature.algorithm == .rsaSHA1 { return .sha1 }
        // At the second itself it still holds: it ends when the time is past (RFC 6376 §3.5).
        if let expiration = signature.expiration, expiration < time { return .expired }
        let (latest, isTooLarge) = time.addingReportingOverflow(DKIMVerifier.clockSkewSecondsMax)
        if let timestamp = signature.timestamp, !isTooLarge, timestamp > latest { return .futureTimestamp }
        return nil
    }

    /// Where in the field the value of `b=` stands, with the white space around it.
    var signatureExtent: Range<Int> { tags?["b"]?.extent ?? 0..<0 }

    /// The result for the reason that was found, and with it what the field says.
    func result(_ reason: DKIMReason, _ header: DKIMHeader, _ lookup: DKIMKeyLookup? = nil) -> DKIMResult {
        let key = try? lookup?.key.get()
        let isTesting = key?.isTesting ?? false
        // A testing domain's mail is not to be treated worse than unsigned mail (RFC 6376 §3.6.1).
        let isExcused = isTesting && reason.value == .fail
        let domain = name("d")
        let signedHeaders = (try? signature.get().signedHeaders) ?? writtenHeaders
        let canonicalization = tags?.text("c") ?? (tags == nil ? nil : "simple/simple")
        return DKIMResult(
            index: index, reason: isExcused ? .testingKey : reason, defect: isExcused ? reason : nil, domain: domain,
            identity: tags?.text("i").map(ALabels.address) ?? domain.map { "@\($0)" }, selector: name("s"),
            algorithm: tags?.text("a"),
            canonicalization: canonicalization.map { DKIMCanonicalization($0)?.text ?? $0 },
            signatureStart: tags?["b"]?.start(8), bodyHash: tags?.text("bh"),
            bits: key?.bits, isTesting: isTesting, signedHeaders: signedHeaders,
            unsignedImportant: header.unsignedImportant(by: signedHeaders),
            bodyLength: tags?["l"]?.number(
                digitsMax: DKIMSignature.bodyLengthDigitsMax, clampedTo: DKIMSignature.bodyLengthMax),
            timestamp: time("t"), expiration: time("x"),
            evidence: lookup.map { [$0.evidence] } ?? [])
    }

    private func time(_ name: String) -> Int64? {
        tags?[name]?.number(digitsMax: DKIMSignature.timeDigitsMax, clampedTo: DKIMSignature.timeMax).map(Int64.init)
    }

    /// The name in a tag as written, but for U-labels.
    private func name(_ tag: String) -> String? {
        tags?.text(tag).map { text in text.utf8.allSatisfy { $0 < 0x80 } ? text : ALabels.name(text) ?? text }
    }

    /// The names in `h=` in lower case, of a signature that is refused.
    private var writtenHeaders: [String] {
        (tags?.list("h") ?? []).map { String(decoding: $0.map(ASCII.lowercased), as: UTF8.self) }
    }
}
