import ArgumentParser
import Cryptography
import Files
import Ledger
import LedgerStore
import Postgres

/// `countersign reader`
struct ReaderCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "reader",
        abstract: "Make, list and remove database roles that read ledgers by SQL.",
        discussion: """
            A reader is a role of Postgres for dashboards and people: it sees the views in the schema "read", of its \
            own ledgers only, and can write nothing. What sealed values say is in no view. Roles are in no backup: \
            make them again after a restore. ops/roles.md lists what each role can and cannot do.
            """,
        subcommands: [ReaderCreate.self, ReaderList.self, ReaderDrop.self])

    private static let timeout = Duration.seconds(30)

    /// Lends the readers of the database to `body`, as somebody who may make roles.
    static func withReaders<Value: Sendable>(
        of location: DatabaseLocation, _ body: (Readers) async throws -> Value
    ) async throws -> Value {
        try await Connection.with(location.administratorTarget, deadline: .now + timeout) {
            try await body(Readers($0))
        }
    }
}

/// `countersign reader create`
struct ReaderCreate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "create",
        abstract: "Make a role that reads some ledgers, and print its password, this once.",
        discussion: """
            Example:
                countersign reader create dashboard --ledger acme.example/mail \\
                    --data-dir /var/lib/countersign

            It connects to the private Postgres over the socket in the data directory, with its password:
                PGPASSWORD=... psql -h /var/lib/countersign -U dashboard countersign \\
                    -c 'SELECT * FROM read.ledgers'
            and to a Postgres of your own as postgresql://dashboard@host/countersign. For programs that may not pass \
            through the data directory name a second folder in unix_socket_directories (postgresql.conf in the data \
            directory).

            A reader that is there already reads the ledgers as well, and keeps its password unless one is given. The \
            user of --database-url must be able to make roles (CREATEROLE, and countersign_reader WITH ADMIN OPTION) \
            and to become countersign_owner.
            """)

    @Argument(help: "The role's name: lower-case letters, digits and '_'.")
    var name: String
    @Option(
        name: .customLong("ledger"),
        help: ArgumentHelp("What it reads, such as acme.example/mail; repeat it for several.", valueName: "origin"))
    var ledgers: [String]
    @Option(help: ArgumentHelp("A file with the password on its first line (- for standard input).", valueName: "file"))
    var passwordFile: String?
    @OptionGroup var database: DatabaseOptions
    @OptionGroup var output: OutputOptions

    /// The longest password, in bytes, and the shortest.
    private static let passwordSizes = 12...1_000

    private struct Answer: Encodable {
        let role: String
        let ledgers: [String]
        let password: String?
        let is_new: Bool
    }

    func run() async throws {
        let given = try passwordFile.map(Self.password)
        let location = try database.location()
        try await OpenStore.with(database) { open in
            var found: [StoredLedger] = []
            for name in ledgers {
                let option = try LedgerOption.parse(["--ledger", name])
                found.append(try await option.find(in: open.store))
            }
            let made = given ?? Base64URL.encode(Random.bytes(24))
            let isNew = try await ReaderCommand.withReaders(of: location) { readers in
                try await readers.create(name, ledgers: found, password: given, first: made)
            }
            try tell(password: isNew && given == nil ? made : nil, isNew)
        }
    }

    private func tell(password: String?, _ isNew: Bool) throws {
        if output.isJSON {
            return try JSONOutput.print(Answer(role: name, ledgers: ledgers, password: password, is_new: isNew))
        }
        if let password { try Output.standard.writeLine("password: \(password)") }
        let keep = password == nil ? "" : "; keep the password, it is shown this once"
        try Output.error.writeLine("\(name) reads \(ledgers.joined(separator: ", "))\(keep)")
    }

    private static func password(in path: String) throws -> String {
        let bytes = try InputFile.open(path).content(sizeMax: passwordSizes.upperBound + 2)
        let line = bytes.prefix { $0 != UInt8(ascii: "\n") && $0 != UInt8(ascii: "\r") }
        guard passwordSizes.contains(line.count), let text = String(validating: line, as: UTF8.self) else {
            throw Complaint(
                "\(path) does not begin with a password of \(passwordSizes.lowerBound) to "
                    + "\(passwordSizes.upperBound) bytes", next: "write one on its first line", status: .usage)
        }
        return text
    }
}

/// `countersign reader list`
struct ReaderList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List the roles that read ledgers, and which.",
        discussion: "Example: countersign reader list --data-dir /var/lib/countersign")

    @OptionGroup var database: DatabaseOptions
    @OptionGroup var output: OutputOptions

    private struct Answer: Encodable {
        struct Reader: Encodable {
            let role: String
            let ledgers: [String]
            let exists: Bool
        }
        let readers: [Reader]
    }

    func run() async throws {
        let location = try database.location()
        let readers = try await OpenStore.with(database) { _ in
            try await ReaderCommand.withReaders(of: location) { try await $0.list() }
        }
        if output.isJSON {
            return try JSONOutput.print(
                Answer(readers: readers.map { .init(role: $0.role, ledgers: $0.ledgers, exists: $0.exists) }))
        }
        var table = Table(["ROLE", "LEDGERS", "STATE"])
        for reader in readers {
            table.add([reader.role, reader.ledgers.joined(separator: ","), reader.exists ? "there" : "no such role"])
        }
        try Output.standard.write(table.text)
    }
}

/// `countersign reader drop`
struct ReaderDrop: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "drop",
        abstract: "Remove a role that reads ledgers.",
        discussion: "Example: countersign reader drop dashboard --data-dir /var/lib/countersign")

    @Argument(help: "The role's name.")
    var name: String
    @OptionGroup var database: DatabaseOptions

    func run() async throws {
        let location = try database.location()
        try await OpenStore.with(database) { _ in
            try await ReaderCommand.withReaders(of: location) { try await $0.drop(name) }
        }
        try Output.error.writeLine("\(name) reads nothing any more")
    }
}
