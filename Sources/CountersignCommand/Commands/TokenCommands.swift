import ArgumentParser
import Ledger
import LedgerStore

/// `countersign token`
struct Token: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Create, list and revoke bearer tokens.",
        discussion: """
            A token belongs to one ledger and is shown once, when it is made; the database keeps its SHA-256. Making \
            and revoking one are entries of the ledger themselves.
            """,
        subcommands: [TokenCreate.self, TokenList.self, TokenRevoke.self])
}

/// `countersign token create`
struct TokenCreate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "create",
        abstract: "Create a token and print it, this once.",
        discussion: """
            Scopes: ingest (append), read (query, without personal data), export (with it), send, oversight, admin \
            (everything). One token cannot have both send and oversight.

            Example: a token for a workflow that reports its sends, valid for 90 days:
                countersign token create --data-dir /var/lib/countersign \\
                    --name billing-app --scope ingest --expires-in 90d
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

    private struct Answer: Encodable {
        let id: String
        let token: String
        let name: String
        let scopes: [String]
        let expires_at: String?
        let seq: Int
    }

    func run() async throws {
        let expiry = try Expiry(at: expiresAt, in: expiresIn, now: Clock.now())
        try await OpenStore.with(database) { open in
            let ledger = try await ledger.find(in: open.store)
            let made = try await open.store.grantToken(
                of: ledger, name: name, scopes: scopes, expiresAt: expiry.moment, reporter: OpenStore.reporter,
                deadline: OpenStore.appendDeadline)
            if output.isJSON {
                try JSONOutput.print(
                    Answer(
                        id: made.grant.id, token: made.token.secret, name: made.grant.name,
                        scopes: made.grant.scopes.map(\.rawValue), expires_at: made.grant.expiresAt?.text,
                        seq: made.seq))
            } else {
                try Output.standard.writeLine("token: \(made.token.secret)")
                try Output.error.writeLine(
                    "\(made.grant.id) for \(ledger.origin.text): "
                        + "\(made.grant.scopes.map(\.rawValue).joined(separator: ", ")); keep it, it is shown this once"
                )
            }
        }
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

    private struct Answer: Encodable {
        struct Token: Encodable {
            let id: String
            let name: String
            let scopes: [String]
            let created_at: String
            let expires_at: String?
            let revoked_at: String?
        }
        let tokens: [Token]
    }

    func run() async throws {
        try await OpenStore.with(database) { open in
            let tokens = try await open.store.tokens(of: try await ledger.find(in: open.store))
            if output.isJSON {
                return try JSONOutput.print(Answer(tokens: tokens.map(Self.answer)))
            }
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

    private static func answer(_ token: TokenGrant) -> Answer.Token {
        Answer.Token(
            id: token.id, name: token.name, scopes: token.scopes.map(\.rawValue), created_at: token.createdAt.text,
            expires_at: token.expiresAt?.text, revoked_at: token.revokedAt?.text)
    }

    private static func state(of token: TokenGrant, now: Timestamp) -> String {
        if let revokedAt = token.revokedAt { return "revoked \(revokedAt.text)" }
        guard let expiresAt = token.expiresAt else { return "valid" }
        return expiresAt <= now ? "expired \(expiresAt.text)" : "valid until \(expiresAt.text)"
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

    func run() async throws {
        guard !id.hasPrefix(BearerToken.prefix) else {
            throw Complaint(
                "this is a token, and its id is wanted", next: "find the id with `countersign token list`",
                status: .usage)
        }
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
