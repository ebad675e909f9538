import ArgumentParser
import Checkpoints
import Ledger
import LedgerStore

/// `countersign ledger keys`
struct LedgerKeysCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "keys",
        abstract: "Print the public keys that a ledger's checkpoints are signed with, the current one last.",
        discussion: """
            Whoever checks a receipt or an export needs such a key from you, by a way that he trusts.

            Example: countersign ledger keys --data-dir /var/lib/countersign
            """)

    @OptionGroup var database: DatabaseOptions
    @OptionGroup var ledger: LedgerOption
    @OptionGroup var output: OutputOptions

    private struct Answer: Encodable {
        let ledger: String
        let keys: [String]
    }

    func run() async throws {
        try await OpenStore.with(database) { open in
            let ledger = try await ledger.find(in: open.store)
            let keys = try await open.store.signingKeys(of: ledger).map(\.vkey)
            if output.isJSON { return try JSONOutput.print(Answer(ledger: ledger.origin.text, keys: keys)) }
            guard !keys.isEmpty else {
                throw Complaint("\(ledger.origin.text) was made without a key", next: "begin a successor ledger")
            }
            for key in keys { try Output.standard.writeLine(key) }
        }
    }
}

/// `countersign ledger rotate-key`
struct LedgerRotateKey: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rotate-key",
        abstract: "Make a new signing key the ledger's current one; the old one signs for it.",
        discussion: """
            An entry names both keys. Checkpoints carry the signatures of both until `countersign ledger retire-keys`, \
            so that receivers and witnesses have time to take the new key.

            A key that was stolen cannot be rotated away, for the thief can sign a rotation too: begin a successor \
            ledger with `countersign ledger create --successor-of`.

            Example: countersign ledger rotate-key --data-dir /var/lib/countersign
            """)

    @OptionGroup var database: DatabaseOptions
    @OptionGroup var ledger: LedgerOption
    @OptionGroup var output: OutputOptions

    private struct Answer: Encodable {
        let ledger: String
        let seq: Int
        let key: String
    }

    func run() async throws {
        try await OpenStore.with(database) { open in
            let ledger = try await ledger.find(in: open.store)
            let (key, placed) = try await open.location.requireSigning().rotateKey(
                of: ledger, in: open.store, reporter: OpenStore.reporter, deadline: OpenStore.appendDeadline)
            if output.isJSON {
                return try JSONOutput.print(Answer(ledger: ledger.origin.text, seq: placed.seq, key: key.vkey))
            }
            try Output.standard.writeLine("key: \(key.vkey)")
            try Output.error.writeLine(
                "entry \(placed.seq) names it; once everybody has it, run `countersign ledger retire-keys`")
        }
    }
}

/// `countersign ledger retire-keys`
struct LedgerRetireKeys: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "retire-keys",
        abstract: "Let only the current key sign from now on, and forget the secret halves of older ones.",
        discussion: "Example: countersign ledger retire-keys --data-dir /var/lib/countersign")

    @OptionGroup var database: DatabaseOptions
    @OptionGroup var ledger: LedgerOption

    func run() async throws {
        try await OpenStore.with(database) { open in
            let ledger = try await ledger.find(in: open.store)
            let retired = try await open.location.requireSigning().retireKeys(of: ledger, in: open.store)
            if retired.isEmpty { return try Output.standard.writeLine("only one key signs already") }
            for key in retired { try Output.standard.writeLine("retired: \(key.vkey)") }
        }
    }
}

/// `countersign ledger publish`
struct LedgerPublish: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "publish",
        abstract: "Say what of a ledger may be read without a token: none, hashes or entries.",
        discussion: """
            none (the default): nothing. hashes: checkpoints and tiles, so that anybody who holds a line can prove it \
            and watch the ledger grow, and nobody learns a line. entries: the lines as well, which hold no sealed \
            value, but message ids, senders and run ids in clear. The change is an entry itself.

            Example: countersign ledger publish hashes --data-dir /var/lib/countersign
            """)

    @OptionGroup var database: DatabaseOptions
    @OptionGroup var ledger: LedgerOption
    @Argument(help: "none, hashes or entries.")
    var level: PublicReads

    func run() async throws {
        try await OpenStore.with(database) { open in
            let ledger = try await ledger.find(in: open.store)
            let placed = try await open.store.setPublicReads(
                of: ledger, level, reporter: OpenStore.reporter, deadline: OpenStore.appendDeadline)
            try Output.standard.writeLine("without a token: \(level.rawValue); entry \(placed.seq) says so")
        }
    }
}

extension PublicReads: ExpressibleByArgument {}
