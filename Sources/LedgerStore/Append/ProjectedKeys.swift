import Ledger

/// What columns of `entries` repeat of a line, besides its place.
struct ProjectedKeys {
    let occurredAt: Timestamp?
    let kind: String
    let outcome: String
    let oversightMode: String?
    let messageID: String?
    /// In the form for look-up.
    let sender: String?
    let actor: String?
    let runID: String?

    /// Those of an entry that is about to be written.
    init(_ event: Event) {
        occurredAt = event.occurredAt
        kind = event.kind.rawValue
        outcome = event.outcome
        oversightMode = event.oversightMode?.rawValue
        messageID = event.messageID?.text
        sender = event.sender?.lookupForm
        actor = event.actor?.id
        runID = event.workflow?.runID
    }

    /// Those of an entry that was read back.
    init(_ entry: Entry) {
        occurredAt = entry.occurredAt
        kind = entry.kind
        outcome = entry.outcome
        oversightMode = entry.oversightMode
        messageID = entry.messageID
        sender = entry.sender.map(Address.lookupForm)
        actor = entry.actor
        runID = entry.runID
    }
}
