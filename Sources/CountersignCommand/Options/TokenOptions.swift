import ArgumentParser
import Ledger
import LedgerStore

/// What a token's entries must say, and whose keys it uses: `token create`.
struct TokenOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Whose idempotency keys it uses, shared by tokens of one producer (default: its own).",
            valueName: "name"))
    var producer: String?
    @Option(
        name: .customLong("bind-sender"),
        help: ArgumentHelp("It may speak for this address or domain only; repeatable.", valueName: "address"))
    var senders: [String] = []
    @Option(
        name: .customLong("bind-kind"),
        help: ArgumentHelp("Its entries are of this kind only; repeatable.", valueName: "kind"))
    var kinds: [String] = []
    @Option(
        name: .customLong("bind-actor"),
        help: ArgumentHelp("Its entries name this actor's id only; repeatable.", valueName: "id"))
    var actors: [String] = []
    @Option(
        name: .customLong("bind-engine"),
        help: ArgumentHelp("Its entries name this workflow engine, such as inngest.", valueName: "engine"))
    var engine: String?
    @Option(
        name: .customLong("bind-function"),
        help: ArgumentHelp("Its entries name this workflow function (function_id).", valueName: "function"))
    var function: String?
    @Flag(help: "The DMARC reports that it brings count, whoever they seem to come from.")
    var trustsReports = false

    /// The bindings, read as the service reads them.
    var bindings: TokenBindings {
        get throws(Complaint) {
            var wanted = TokenBindings()
            (wanted.senders, wanted.kinds, wanted.actors) = (senders, kinds, actors)
            (wanted.engine, wanted.function) = (engine, function)
            do throws(Refusal) {
                return try TokenBindings(wanted.json)
            } catch {
                throw Complaint(
                    "\(error.path.first ?? "the binding"): \(error.reason)",
                    next: "see `countersign token create --help`", status: .usage)
            }
        }
    }
}
