import ArgumentParser
import Checkpoints
import Cryptography
import Ledger
import LedgerStore

/// `countersign ledger`
struct LedgerCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ledger",
        abstract: "Create and list ledgers, change their keys and who may read them, and see them through trouble.",
        discussion: """
            A ledger is one chain of entries under a name that never changes, its origin: a host and a path in lower \
            case, such as acme.example/mail.
            """,
        subcommands: [
            LedgerCreate.self, LedgerList.self, LedgerAcceptClock.self, LedgerKeysCommand.self, LedgerRotateKey.self,
            LedgerRetireKeys.self, LedgerPublish.self, LedgerReappend.self,
        ])
}

/// `countersign ledger create`
struct LedgerCreate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "create",
        abstract: "Create a ledger; its first entry says so.",
        discussion: """
            A new data directory gets its Postgres, its schema and its master key as well. The ledger gets a key that \
            signs its checkpoints, and a guard that remembers them (see --key-dir and --guard-dir). Creating a ledger \
            that exists changes nothing.

            Example:
                countersign ledger create acme.example/mail --data-dir /var/lib/countersign
                countersign token create --ledger acme.example/mail \\
                    --name admin --scope admin --data-dir /var/lib/countersign
            """)

    @OptionGroup var database: DatabaseOptions
    @OptionGroup var ledger: LedgerOption
    @OptionGroup var output: OutputOptions
    @Argument(help: "The name, such as acme.example/mail.")
    var origin: String?
    @Option(
        help: ArgumentHelp(
            "The last checkpoint of a ledger that cannot go on: the first entry cites it.", valueName: "checkpoint"))
    var successorOf: String?

    private struct Answer: Encodable {
        let ledger: String
        let created: Bool
        let key: String?
        let size: Int
        let root: String
    }

    func run() async throws {
        guard let name = origin ?? ledger.origin, origin == nil || ledger.origin == nil else {
            throw Complaint(
                "one name is needed", next: "write `countersign ledger create host/name`, such as acme.example/mail",
                status: .usage)
        }
        let origin = try Origin(name)
        let predecessor = try successorOf.map { try CheckpointFile.read($0).checkpoint }
        let location = try database.location()
        try await Interruption.cancelling {
            try await location.whileRunning(mayCreate: true) {
                try await Preparation(location, observer: QuietObserver()).prepare()
                try await OpenStore.with(location) { open in
                    let (ledger, isNew) = try await location.requireSigning().createLedger(
                        origin, in: open.store, predecessor: predecessor, reporter: OpenStore.reporter,
                        deadline: OpenStore.appendDeadline)
                    let head = try await open.store.head(of: ledger)
                    try tell(origin, isNew: isNew, head, try await open.store.signingKeys(of: ledger).last)
                }
            }
        }
    }

    private func tell(_ origin: Origin, isNew: Bool, _ head: TreeHead, _ key: NoteKey?) throws {
        if output.isJSON {
            return try JSONOutput.print(
                Answer(
                    ledger: origin.text, created: isNew, key: key?.vkey, size: head.size, root: head.root.hex))
        }
        try Output.standard.writeLine(
            isNew ? "created \(origin.text)" : "\(origin.text) exists already, with \(head.size) entries")
        if let key { try Output.standard.writeLine("key: \(key.vkey)") }
        if isNew {
            try Output.error.writeLine("give this key to whoever checks receipts; its secret half is in the key folder")
            try Output.error.writeLine(
                "next: countersign token create --ledger \(origin.text) --name admin --scope admin")
        }
    }
}

/// `countersign ledger list`
struct LedgerList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List the ledgers with their sizes and roots.",
        discussion: """
            Write a size and its root down elsewhere: `countersign verify --expect SIZE:ROOT` then proves that the \
            ledger has only grown since.

            Example: countersign ledger list --data-dir /var/lib/countersign
            """)

    @OptionGroup var database: DatabaseOptions
    @OptionGroup var output: OutputOptions

    private struct Answer: Encodable {
        struct Ledger: Encodable {
            let ledger: String
            let size: Int
            let root: String
            let key_fault: String?
        }
        let ledgers: [Ledger]
    }

    func run() async throws {
        try await OpenStore.with(database) { open in
            var ledgers: [Answer.Ledger] = []
            for ledger in try await open.store.allLedgers() {
                let head = try await open.store.head(of: ledger)
                ledgers.append(
                    Answer.Ledger(
                        ledger: ledger.origin.text, size: head.size, root: head.root.hex, key_fault: ledger.keyFault))
            }
            if output.isJSON { return try JSONOutput.print(Answer(ledgers: ledgers)) }
            var table = Table(["LEDGER", "SIZE", "ROOT"])
            for ledger in ledgers { table.add([ledger.ledger, "\(ledger.size)", ledger.root]) }
            try Output.standard.write(table.text)
            if let fault = ledgers.compactMap(\.key_fault).first {
                try Output.error.writeLine("warning: nothing can be appended: \(fault)")
            }
        }
    }
}

/// `countersign ledger accept-clock`
struct LedgerAcceptClock: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "accept-clock",
        abstract: "Accept that the clock has really jumped, so that entries are appended again.",
        discussion: """
            The ledger refuses to stamp entries when the clock of the database stands far behind the last entry or \
            far ahead of it. Set a wrong clock right. Only if the jump is real, accept it: this is an entry itself. \
            If the clock stands behind, entries carry the time of the last one until it has caught up.

            Example: countersign ledger accept-clock --data-dir /var/lib/countersign
            """)

    @OptionGroup var database: DatabaseOptions
    @OptionGroup var ledger: LedgerOption
    @OptionGroup var output: OutputOptions

    private struct Answer: Encodable {
        let ledger: String
        let seq: Int
        let recorded_at: String
    }

    func run() async throws {
        try await OpenStore.with(database) { open in
            let ledger = try await ledger.find(in: open.store)
            let placed = try await open.store.acceptClock(
                of: ledger, reporter: OpenStore.reporter, deadline: OpenStore.appendDeadline)
            if output.isJSON {
                try JSONOutput.print(
                    Answer(ledger: ledger.origin.text, seq: placed.seq, recorded_at: placed.recordedAt.text))
            } else {
                try Output.standard.writeLine("accepted at \(placed.recordedAt.text), entry \(placed.seq)")
            }
        }
    }
}
