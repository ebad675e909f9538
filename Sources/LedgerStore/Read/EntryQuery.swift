import Cryptography
package import Ledger

/// What a reader asks for. Values of one filter mean "or", filters among each other "and".
package struct EntryQuery: Sendable {
    package var messageIDs: [MessageID] = []
    /// In the form for look-up.
    package var senders: [String] = []
    /// In lower case.
    package var senderDomains: [String] = []
    package var kinds: [String] = []
    package var oversightModes: [String] = []
    package var outcomes: [String] = []
    /// How the message of a `send`, or its sender's identity when it was recorded, was verified: outcomes of
    /// `verification` entries.
    package var alignments: [String] = []
    package var runIDs: [String] = []
    package var actors: [String] = []
    /// Ids of reporters, such as those of tokens.
    package var reporters: [String] = []
    /// The ways that entries came in.
    package var vias: [String] = []
    /// Addresses in the form for look-up. What the service records about these people under `access` is found only if
    /// `kinds` asks for it.
    package var recipients: [String] = []
    package var idempotencyKeys: [IdempotencyKey] = []
    /// Whose idempotency keys are meant, everybody's if none is named; without keys, by whose tokens entries came.
    package var producers: [String] = []
    /// Earliest `recorded_at`.
    package var from: Timestamp?
    /// Before this `recorded_at`.
    package var to: Timestamp?

    package init() {}

    /// The order of the answer.
    package enum Order: String, CaseIterable, Sendable {
        case ascending = "asc"
        case descending = "desc"
    }

    /// A digest of the filter, by which a cursor is bound to it. Personal values enter it only as keyed tags.
    func digest(keys: LedgerKeys) -> [UInt8] {
        let texts: [(String, [String])] = [
            ("message_id", messageIDs.map(\.text)), ("sender", senders), ("sender_domain", senderDomains),
            ("kind", kinds), ("oversight_mode", oversightModes), ("outcome", outcomes), ("alignment", alignments),
            ("run_id", runIDs), ("actor", actors), ("reporter", reporters), ("via", vias),
            ("recipient", recipients.map { Hex.encode(keys.subjectTag(of: $0)) }),
            (
                "idempotency_key",
                idempotencyKeys.map { Hex.encode(keys.idempotencyTag(of: $0, scope: .entries(producer: ""))) }
            ), ("producer", producers),
            ("from", from.map { [$0.text] } ?? []), ("to", to.map { [$0.text] } ?? []),
        ]
        let members = texts.filter { !$0.1.isEmpty }.map { name, values in
            JSONValue.Member(name, .array(values.map(JSONValue.string)))
        }
        return Array(SHA256.digest(CanonicalWriter.bytes(of: .object(members))).bytes.prefix(16))
    }

    /// Whether nothing but times narrows the query down.
    package var isByTimeOnly: Bool {
        !isSelective && senderDomains.isEmpty && kinds.isEmpty && oversightModes.isEmpty && outcomes.isEmpty
            && alignments.isEmpty && actors.isEmpty && reporters.isEmpty && vias.isEmpty && producers.isEmpty
    }

    /// Whether an index finds the few entries that are meant, so that no window need bound the search.
    var isSelective: Bool {
        !(messageIDs.isEmpty && runIDs.isEmpty && senders.isEmpty && recipients.isEmpty && idempotencyKeys.isEmpty)
    }
}
