import ArgumentParser
import Ledger
import LedgerStore

/// `countersign token`
struct Token: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Create, list, rotate and revoke bearer tokens.",
        discussion: """
            A token belongs to one ledger and is shown once, when it is made; the database keeps its SHA-256. Making \
            and revoking one are entries of the ledger themselves.
            """,
        subcommands: [TokenCreate.self, TokenList.self, TokenRotate.self, TokenRevoke.self])
}

/// `countersign token create`
struct TokenCreate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "create",
        abstract: "Create a token and print it, this once.",
        discussion: """
            Scopes: ingest (append), read (query, without personal data), export (with it), send, oversight, admin \
            (everything). One token cannot have both send and oversight.

            A bound token appends only what it is bound to: give a producer one that can speak for nobody else.
            Idempotency keys belong to a producer: nobody else can use them up. A token is its own producer unless you \
            name one; `token rotate` makes a successor with the same.

            Example: a token for a workflow that reports its sends, valid for 90 days:
                countersign token create --data-dir /var/lib/countersign \\
                    --name billing-app --scope ingest --expires-in 90d
            One that can report sends of one address only:
                countersign token create --data-dir /var/lib/countersign \\
                    --name billing-app --scope ingest --bind-kind send \\
                    --bind-sender billing@acme.example
            """)

    @OptionGroup var database: DatabaseOptions
    @OptionGroup var ledger: LedgerOption
    @OptionGroup var output: OutputOptions
    @Option(help: "What the token is for; shown in lists.")
    var name: String
    @Option(name: .customLong("scope"), help: "What it may do; repeat the flag for several.")
    var scopes: [Scope]
    @Option(help: ArgumentHelp("When it ends (RFC 3339).", valueName: "time"))
    var expiresAt: String?
    @Option(help: ArgumentHelp("After how long it ends, such as 12h, 90d.", valueName: "duration"))
    var expiresIn: TimeSpan?

    @OptionGroup(title: "Bindings") var options: TokenOptions

    func run() async throws {
        var terms = TokenTerms(
            name: name, scopes: scopes, expiresAt: try Expiry(at: expiresAt, in: expiresIn, now: Clock.now()).moment,
            producer: options.producer)
        terms.bindings = try options.bindings
        terms.trustsReports = options.trustsReports
        try await OpenStore.with(database) { [terms] open in
            let ledger = try await ledger.find(in: open.store)
            let made = try await open.store.grantToken(
                of: ledger, terms, reporter: OpenStore.reporter, deadline: OpenStore.appendDeadline)
            try Self.tell(made, of: ledger, output)
        }
    }

    /// Shows a token, this once.
    static func tell(
        _ made: (token: BearerToken, grant: TokenGrant, seq: Int), of ledger: StoredLedger, _ output: OutputOptions
    ) throws {
        if output.isJSON { return try JSONOutput.print(made.grant.json(with: made.token, seq: made.seq)) }
        try Output.standard.writeLine("token: \(made.token.secret)")
        try Output.error.writeLine(
            "\(made.grant.id) for \(ledger.origin.text): "
                + "\(made.grant.scopes.map(\.rawValue).joined(separator: ", ")); keep it, it is shown this once")
    }
}

/// `countersign token list`
struct TokenList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List the tokens of a ledger, oldest first, revoked ones too.",
        discussion: "Example: countersign token list --data-dir /var/lib/countersign")

    @OptionGroup var database: DatabaseOptions
    @OptionGroup var ledger: LedgerOption
    @OptionGroup var output: OutputOptions

    func run() async throws {
        try await OpenStore.with(database) { open in
            let tokens = try await open.store.tokens(of: try await ledger.find(in: open.store))
            if output.isJSON { return try JSONOutput.print(["tokens": .array(tokens.map(\.json))]) }
            var table = Table(["ID", "NAME", "SCOPES", "CREATED", "STATE"])
            let now = Clock.now()
            for token in tokens {
                table.add([
                    token.id, token.name, token.scopes.map(\.rawValue).joined(separator: ","), token.createdAt.text,
                    Self.state(of: token, now: now),
                ])
            }
            try Output.standard.write(table.text)
        }
    }

    private static func state(of token: TokenGrant, now: Timestamp) -> String {
        if let revokedAt = token.revokedAt { return "revoked \(revokedAt.text)" }
        guard let expiresAt = token.expiresAt else { return "valid" }
        return expiresAt <= now ? "expired \(expiresAt.text)" : "valid until \(expiresAt.text)"
    }
}

/// `countersign token rotate`
struct TokenRotate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rotate",
        abstract: "Make the successor of a token and print it, this once.",
        discussion: """
            The successor has the same scopes, bindings and producer: a request that the old token made is recognised \
            when the new one repeats it. The old one stays valid until you revoke it.

            Example:
                countersign token rotate tok_0Mw5zJ6mE3bP4nq7yVt1Zg \\
                    --data-dir /var/lib/countersign --expires-in 90d
            """)

    @OptionGroup var database: DatabaseOptions
    @OptionGroup var ledger: LedgerOption
    @OptionGroup var output: OutputOptions
    @Argument(help: "The old token's id (tok_...), as `countersign token list` shows it.")
    var id: String
    @Option(help: "What the successor is for (default: the old one's name).")
    var name: String?
    @Option(help: ArgumentHelp("When it ends (RFC 3339).", valueName: "time"))
    var expiresAt: String?
    @Option(help: ArgumentHelp("After how long it ends, such as 12h, 90d.", valueName: "duration"))
    var expiresIn: TimeSpan?

    func run() async throws {
        try TokenRevoke.requireID(id)
        let expiry = try Expiry(at: expiresAt, in: expiresIn, now: Clock.now())
        try await OpenStore.with(database) { open in
            let ledger = try await ledger.find(in: open.store)
            do {
                let made = try await open.store.rotateToken(
                    of: ledger, id: id, name: name, expiresAt: expiry.moment, reporter: OpenStore.reporter,
                    deadline: OpenStore.appendDeadline)
                try TokenCreate.tell(made, of: ledger, output)
            } catch let error as StoreError where error.code == .notFound {
                throw Complaint("there is no live token \(id)", next: "`countersign token list` shows the ids")
            }
        }
    }
}

/// `countersign token revoke`
struct TokenRevoke: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "revoke",
        abstract: "Revoke a token, for ever.",
        discussion: """
            Example:
                countersign token revoke tok_0Mw5zJ6mE3bP4nq7yVt1Zg \\
                    --data-dir /var/lib/countersign
            """)

    @OptionGroup var database: DatabaseOptions
    @OptionGroup var ledger: LedgerOption
    @OptionGroup var output: OutputOptions
    @Argument(help: "The token's id (tok_...), as `countersign token list` shows it; not the token itself.")
    var id: String

    private struct Answer: Encodable {
        let id: String
        let revoked_at: String
        let seq: Int
    }

    /// Refuses a token in place of its id.
    static func requireID(_ id: String) throws(Complaint) {
        guard !id.hasPrefix(BearerToken.prefix) else {
            throw Complaint(
                "this is a token, and its id is wanted", next: "find the id with `countersign token list`",
                status: .usage)
        }
    }

    func run() async throws {
        try Self.requireID(id)
        try await OpenStore.with(database) { open in
            let ledger = try await ledger.find(in: open.store)
            let placed: Placed
            do {
                placed = try await open.store.revokeToken(
                    of: ledger, id: id, reporter: OpenStore.reporter, deadline: OpenStore.appendDeadline)
            } catch let error as StoreError where error.code == .notFound {
                throw Complaint(
                    "there is no token \(id) that could be revoked", next: "`countersign token list` shows the ids")
            }
            if output.isJSON {
                try JSONOutput.print(Answer(id: id, revoked_at: placed.recordedAt.text, seq: placed.seq))
            } else {
                try Output.standard.writeLine("revoked \(id) at \(placed.recordedAt.text), entry \(placed.seq)")
            }
        }
    }
}

extension Scope: ExpressibleByArgument {}
