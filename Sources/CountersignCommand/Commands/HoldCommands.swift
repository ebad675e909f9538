import ArgumentParser
import Ledger
import LedgerStore

/// `countersign hold`
struct Hold: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Place, list and release legal holds, which outrank erasure.",
        discussion: """
            What a hold covers is neither erased nor touched by retention until it is released. Placing and releasing \
            one are entries of the ledger themselves.
            """,
        subcommands: [HoldAdd.self, HoldList.self, HoldRelease.self])
}

/// `countersign hold add`
struct HoldAdd: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "add",
        abstract: "Place a legal hold on a person, a message or a range of entries.",
        discussion: """
            The reference stays in clear; the reason is sealed.

            Example:
                countersign hold add --data-dir /var/lib/countersign \\
                    --subject jane@customer.example --reference "matter 2026-114" \\
                    --reason "litigation about the contract of May"
            """)

    @OptionGroup var database: DatabaseOptions
    @OptionGroup var ledger: LedgerOption
    @OptionGroup var output: OutputOptions
    @Option(help: ArgumentHelp("Everything about this person.", valueName: "address"))
    var subject: String?
    @Option(name: .customLong("message-id"), help: ArgumentHelp("The life of this message.", valueName: "id"))
    var messageID: String?
    @Option(help: ArgumentHelp("The first entry of a range.", valueName: "seq"), transform: NumberArgument.place)
    var fromSeq: Int?
    @Option(help: ArgumentHelp("The last entry of a range.", valueName: "seq"), transform: NumberArgument.place)
    var toSeq: Int?
    @Option(help: ArgumentHelp("What it is called elsewhere; kept in clear.", valueName: "text"))
    var reference: String
    @Option(help: ArgumentHelp("Why; sealed.", valueName: "text"))
    var reason: String

    private struct Answer: Encodable {
        let id: String
        let seq: Int
    }

    func validate() throws {
        guard [subject != nil, messageID != nil, fromSeq != nil].count(where: { $0 }) == 1,
            (fromSeq == nil) == (toSeq == nil)
        else {
            throw ValidationError("name one of --subject, --message-id, and --from-seq together with --to-seq")
        }
        guard fromSeq ?? 0 <= toSeq ?? 0 else { throw ValidationError("--to-seq lies before --from-seq") }
    }

    func run() async throws {
        let held: LegalHold.Subject =
            if let subject { .person(try Address(subject)) } else if let messageID {
                .message(try MessageID(messageID))
            } else { .entries((fromSeq ?? 0)...(toSeq ?? 0)) }
        try await OpenStore.with(database) { open in
            let hold = try await open.store.hold(
                held, reason: reason, reference: reference, in: try await ledger.find(in: open.store),
                reporter: OpenStore.reporter, deadline: OpenStore.appendDeadline)
            if output.isJSON { return try JSONOutput.print(Answer(id: hold.id, seq: hold.placed.seq)) }
            try Output.standard.writeLine("\(hold.id), entry \(hold.placed.seq)")
        }
    }
}

/// `countersign hold list`
struct HoldList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List the legal holds of a ledger, oldest first, released ones too.",
        discussion: "Example: countersign hold list --data-dir /var/lib/countersign")

    @OptionGroup var database: DatabaseOptions
    @OptionGroup var ledger: LedgerOption
    @OptionGroup var output: OutputOptions

    private struct Answer: Encodable {
        struct Hold: Encodable {
            let id: String
            let pseudonym: String?
            let message_id: String?
            let from_seq: Int?
            let to_seq: Int?
            let reference: String
            let seq: Int
            let held_at: String
            let released_at: String?

            init(_ hold: LegalHold) {
                (id, reference, seq) = (hold.id, hold.reference, hold.seq)
                (held_at, released_at) = (hold.heldAt.text, hold.releasedAt?.text)
                switch hold.scope {
                case .person(let person): (pseudonym, message_id, from_seq, to_seq) = (person.text, nil, nil, nil)
                case .message(let id): (pseudonym, message_id, from_seq, to_seq) = (nil, id, nil, nil)
                case .entries(let range):
                    (pseudonym, message_id, from_seq, to_seq) = (nil, nil, range.lowerBound, range.upperBound)
                }
            }
        }
        let holds: [Hold]
    }

    func run() async throws {
        try await OpenStore.with(database) { open in
            let holds = try await open.store.holds(of: try await ledger.find(in: open.store))
            if output.isJSON { return try JSONOutput.print(Answer(holds: holds.map { Answer.Hold($0) })) }
            var table = Table(["ID", "COVERS", "REFERENCE", "PLACED", "STATE"])
            for hold in holds {
                table.add([
                    hold.id, Self.scope(of: hold), hold.reference.printable, hold.heldAt.text,
                    hold.releasedAt.map { "released \($0.text)" } ?? "in force",
                ])
            }
            try Output.standard.write(table.text)
        }
    }

    private static func scope(of hold: LegalHold) -> String {
        switch hold.scope {
        case .person(let pseudonym): "the person \(pseudonym.text)"
        case .message(let id): "the message \(id.printable)"
        case .entries(let range): "entries \(range.lowerBound) to \(range.upperBound)"
        }
    }
}

/// `countersign hold release`
struct HoldRelease: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "release",
        abstract: "Release a legal hold; erasure and retention take their course again.",
        discussion: """
            Example:
                countersign hold release hold_0Mw5zJ6mE3bP4nq7yVt1Zg \\
                    --data-dir /var/lib/countersign
            """)

    @OptionGroup var database: DatabaseOptions
    @OptionGroup var ledger: LedgerOption
    @OptionGroup var output: OutputOptions
    @Argument(help: "The hold's id (hold_...), as `countersign hold list` shows it.")
    var id: String

    private struct Answer: Encodable {
        let id: String
        let released_at: String
        let seq: Int
    }

    func run() async throws {
        try await OpenStore.with(database) { open in
            let ledger = try await ledger.find(in: open.store)
            let placed: Placed
            do {
                placed = try await open.store.releaseHold(
                    id: id, in: ledger, reporter: OpenStore.reporter, deadline: OpenStore.appendDeadline)
            } catch let error as StoreError where error.code == .notFound {
                throw Complaint(
                    "there is no hold \(id.printable) that could be released",
                    next: "`countersign hold list` shows the ids")
            }
            if output.isJSON {
                return try JSONOutput.print(Answer(id: id, released_at: placed.recordedAt.text, seq: placed.seq))
            }
            try Output.standard.writeLine("released \(id) at \(placed.recordedAt.text), entry \(placed.seq)")
        }
    }
}
