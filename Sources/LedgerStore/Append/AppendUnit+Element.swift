package import Ledger

extension AppendUnit.Item {
    /// Reads one element of `POST /v1/entries`, or one line of an import, and draws up its entry.
    ///
    /// - Parameters:
    ///   - producer: whose the idempotency keys of elements are.
    ///   - fallbackKey: the idempotency key of an element that has none of its own; it is the import's.
    ///   - random: gives fresh random bytes for the nonce and the salts.
    package init(
        reading element: JSONValue, for ledger: StoredLedger, reporter: Reporter, producer: String,
        fallbackKey: IdempotencyKey? = nil, random: (Int) -> [UInt8]
    ) throws(Refusal) {
        guard CanonicalWriter.bytes(of: element).count <= Draft.callerSizeMax else {
            throw Refusal(
                .tooLarge, "an entry has at most \(Draft.callerSizeMax) bytes as canonical JSON",
                limit: Draft.callerSizeMax)
        }
        let (event, ownKey) = try Event.read(element, via: reporter.via)
        // The key is not part of what it stands for: it may also come in a header.
        var content: [UInt8] = []
        CanonicalWriter.append(element.members ?? [], omitting: "idempotency_key", to: &content)
        let key = ownKey ?? fallbackKey
        let scope = IdempotencyKey.Scope.entries(producer: ownKey == nil ? TokenTerms.importProducer : producer)
        let draft = try Draft(
            event, origin: ledger.origin, reporter: reporter,
            idempotencyTag: key.map { ledger.keys.idempotencyTag(of: $0, scope: scope) }, random: random)
        self.init(draft, requestTag: key == nil ? nil : ledger.keys.requestTag(of: content), keys: ledger.keys)
    }
}
