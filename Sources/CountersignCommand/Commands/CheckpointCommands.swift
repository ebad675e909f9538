import ArgumentParser
import Checkpoints
import Ledger
import LedgerStore

/// `countersign checkpoint`
struct CheckpointCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "checkpoint",
        abstract: "Sign and show checkpoints: size and root of a ledger, signed by its key.",
        discussion: """
            A checkpoint that somebody else keeps is what nobody can go behind, not even with all rights in the \
            database: put one where you cannot delete it, now and then.
            """,
        subcommands: [CheckpointShow.self, CheckpointSign.self, CheckpointStamp.self])
}

/// `countersign checkpoint show`
struct CheckpointShow: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Print the newest published checkpoint, as C2SP tlog-checkpoint has it.",
        discussion: "Example: countersign checkpoint show --data-dir /var/lib/countersign > checkpoint")

    @OptionGroup var database: DatabaseOptions
    @OptionGroup var ledger: LedgerOption
    @Option(
        help: ArgumentHelp("The one of exactly this size, if it was kept.", valueName: "size"),
        transform: NumberArgument.place)
    var size: Int?
    @Flag(name: .customLong("own"), help: "Only as the ledger signed it, which is what a timestamp is over.")
    var isOwn = false
    @Flag(name: .customLong("timestamp"), help: "Print the timestamp token over it instead, in DER.")
    var isTimestamp = false

    func run() async throws {
        try await OpenStore.with(database) { open in
            let ledger = try await ledger.find(in: open.store)
            guard let published = try await open.store.checkpoint(of: ledger, size: size) else {
                throw Complaint(
                    "there is no checkpoint of \(ledger.origin.text)\(size.map { " with size \($0)" } ?? "")",
                    next: "sign one with `countersign checkpoint sign`")
            }
            guard isTimestamp else {
                return try Output.standard.write((isOwn ? published.ownNote : published.note).bytes)
            }
            guard let token = try await open.store.timestamp(of: ledger, size: published.size) else {
                throw Complaint(
                    "the checkpoint of \(published.size) entries has no timestamp",
                    next: "get one with `countersign checkpoint stamp`")
            }
            try Output.standard.write(token)
        }
    }
}

/// `countersign checkpoint sign`
struct CheckpointSign: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sign",
        abstract: "Sign the ledger as it stands, publish that, and print it.",
        discussion: """
            A running service does so every some seconds. What is stored is read again from the last checkpoint on; \
            where it does not grow out of that, the ledger is halted.

            Example: countersign checkpoint sign --data-dir /var/lib/countersign > checkpoint
            """)

    @OptionGroup var database: DatabaseOptions
    @OptionGroup var ledger: LedgerOption
    @OptionGroup(title: "Assurance") var assurance: AssuranceOptions

    func run() async throws {
        let witnesses = try assurance.witnesses(observer: QuietObserver())
        try await OpenStore.with(database) { open in
            let ledger = try await ledger.find(in: open.store)
            let signer = try open.signer(witnesses: witnesses)
            var published = try await signer.sign(ledger, kept: true)
            if witnesses != nil, try await !signer.witness(ledger) {
                try Output.error.writeLine("warning: too few witnesses signed for the policy")
            }
            published = try await open.store.checkpoint(of: ledger, size: published.size) ?? published
            try Output.standard.write(published.note.bytes)
        }
    }
}

/// `countersign checkpoint stamp`
struct CheckpointStamp: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "stamp",
        abstract: "Have the newest checkpoint stamped by a timestamp authority, and keep the token (RFC 3161).",
        discussion: """
            A service that was given --timestamp-url does so every hour.

            Example:
                countersign checkpoint stamp --timestamp-url https://tsa.example/tsr \
                    --timestamp-trust authority.pem --data-dir /var/lib/countersign
            """)

    @OptionGroup var database: DatabaseOptions
    @OptionGroup var ledger: LedgerOption
    @OptionGroup(title: "Assurance") var assurance: AssuranceOptions

    func run() async throws {
        guard let authority = try assurance.authority() else {
            throw Complaint(
                "no authority is named", next: "add --timestamp-url URL and --timestamp-trust FILE", status: .usage)
        }
        try await OpenStore.with(database) { open in
            let ledger = try await ledger.find(in: open.store)
            let (published, stampedAt) = try await authority.stamp(ledger, in: open.store)
            try Output.standard.writeLine("\(published.size) entries, stamped at \(stampedAt.text)")
        }
    }
}

/// `countersign receipt`
struct ReceiptCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "receipt",
        abstract: "Print the receipt of an entry: a proof for somebody who trusts neither you nor us.",
        discussion: """
            A C2SP tlog-proof. Hand it over together with the entry's line, and check it with `countersign \
            verify-receipt` or with any other tool for the format.

            Example: countersign receipt 41 --data-dir /var/lib/countersign > 41.tlog-proof
            """)

    @OptionGroup var database: DatabaseOptions
    @OptionGroup var ledger: LedgerOption
    @Argument(help: "The entry's seq.", transform: NumberArgument.place)
    var seq: Int

    func run() async throws {
        try await OpenStore.with(database) { open in
            let ledger = try await ledger.find(in: open.store)
            let receipts = Receipts(store: open.store, rounds: SigningRounds(try open.signer()))
            guard let receipt = try await receipts.receipt(of: ledger, seq: seq) else {
                throw Complaint("the ledger has no entry \(seq)", next: "see `countersign ledger list` for its size")
            }
            try Output.standard.write(receipt.proof.bytes)
        }
    }
}
