import ArgumentParser
import Ledger
import Server

/// The filters of a query, under the names that they have as route parameters. A repeated flag means "or".
struct FilterOptions: ParsableArguments {
    @Option(name: .customLong("message-id"), help: "Only entries of this message.")
    var messageIDs: [String] = []
    @Option(name: .customLong("sender"), help: "Only from this sender address.")
    var senders: [String] = []
    @Option(name: .customLong("sender-domain"), help: "Only from senders of this domain.")
    var senderDomains: [String] = []
    @Option(name: .customLong("kind"), help: "Only of this kind, such as send or decision.")
    var kinds: [String] = []
    @Option(name: .customLong("oversight-mode"), help: "Only under this oversight mode.")
    var oversightModes: [String] = []
    @Option(name: .customLong("outcome"), help: "Only with this outcome.")
    var outcomes: [String] = []
    @Option(
        name: .customLong("alignment"),
        help: "Only sends whose message or sender was verified so, such as aligned or protected.")
    var alignments: [String] = []
    @Option(name: .customLong("run-id"), help: "Only of this workflow run.")
    var runIDs: [String] = []
    @Option(name: .customLong("actor"), help: "Only by the actor with this id.")
    var actors: [String] = []
    @Option(name: .customLong("recipient"), help: "Only about this person's address (needs the master key).")
    var recipients: [String] = []
    @Option(name: .customLong("idempotency-key"), help: "Only what came with this key (needs the master key).")
    var idempotencyKeys: [String] = []
    @Option(
        name: .customLong("producer"),
        help: "Only by this producer's tokens; with --idempotency-key: whose key is meant."
    )
    var producers: [String] = []
    @Option(name: .customLong("reporter"), help: "Only reported by this id, such as that of a token.")
    var reporters: [String] = []
    @Option(
        name: .customLong("via"), help: "Only what came in this way: gate, service, operator, ingest, import, webhook.")
    var vias: [String] = []
    @Option(name: .customLong("from"), help: "Recorded at this time or later (RFC 3339).")
    var from: String?
    @Option(name: .customLong("to"), help: "Recorded before this time.")
    var to: String?

    /// The filters as names and values.
    private var parameters: [(name: String, value: String)] {
        let lists = [
            ("message_id", messageIDs), ("sender", senders), ("sender_domain", senderDomains), ("kind", kinds),
            ("oversight_mode", oversightModes), ("outcome", outcomes), ("alignment", alignments), ("run_id", runIDs),
            ("actor", actors), ("recipient", recipients), ("idempotency_key", idempotencyKeys),
            ("producer", producers), ("reporter", reporters), ("via", vias),
            ("from", from.map { [$0] } ?? []), ("to", to.map { [$0] } ?? []),
        ]
        return lists.flatMap { name, values in values.map { (name, $0) } }
    }

    /// Whether all entries are meant.
    var isEmpty: Bool { parameters.isEmpty }

    /// The filter; refused with the flag that is wrong.
    func filter() throws(Complaint) -> EntryFilter {
        do throws(Refusal) {
            return try EntryFilter(parameters: parameters)
        } catch {
            throw Complaint(error.reason, next: "read `countersign export --help`", status: .usage)
        }
    }
}
