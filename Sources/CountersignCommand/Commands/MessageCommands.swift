import ArgumentParser
import Ledger
import MailAuthentication

/// `countersign message`
struct MessageCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "message", abstract: "Check mails: SPF, DKIM, DMARC.", subcommands: [MessageCheck.self])
}

/// `countersign message check`
struct MessageCheck: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Check mails as their receivers would; nothing is recorded, and no ledger is needed.",
        discussion: """
            Each file is one mail as it was handed over or arrived, byte for byte; where no line ends in CRLF, as in a \
            Maildir, each gets back the CRLF that it travelled with, and the answer says so. DKIM signatures are \
            verified with the keys that DNS holds now; SPF needs --ip and --mail-from. With --json each mail gets one \
            line. A file that cannot be read is told of, and counts as not aligned.

            Exit status 0 if every mail is aligned, 1 otherwise.

            Example: countersign message check invoice.eml
                     countersign message check ~/Maildir/new --json > checks.ndjson
            """)

    @OptionGroup var output: OutputOptions
    @OptionGroup(title: "Names") var names: NameOptions
    @OptionGroup(title: "Claims") var claims: ClaimOptions
    @Option(help: ArgumentHelp("The address of the client that handed the mails over.", valueName: "ip"))
    var ip: String?
    @Option(help: ArgumentHelp("What the client called itself.", valueName: "name"))
    var helo: String?
    @Option(help: ArgumentHelp("The reverse-path; empty for the null path.", valueName: "address"))
    var mailFrom: String?
    @Option(help: ArgumentHelp("When signatures are judged (RFC 3339; default: now).", valueName: "time"))
    var asOf: String?
    @Argument(help: "Files, folders of them, or - for one mail on standard input.")
    var files: [String]

    func validate() throws {
        guard ip.map({ IPAddress(text: $0) != nil }) ?? true else { throw ValidationError("--ip is no address") }
        guard asOf.map({ Timestamp(claimed: $0) != nil }) ?? true else { throw ValidationError(Timestamp.claimRule) }
        guard !files.isEmpty else { throw ValidationError("name a file, a folder or -") }
    }

    func run() async throws {
        let run = MessageCheckRun(
            verifier: MessageVerifying(
                names: try names.resolver(), publicSuffixes: try names.suffixes(),
                envelope: MessageEnvelope(client: ip.flatMap { IPAddress(text: $0) }, helo: helo, mailFrom: mailFrom),
                asOf: asOf.flatMap { Timestamp(claimed: $0) } ?? Clock.now(),
                trust: AuthenticationResultsTrust(claims.trustedAuthservIDs)),
            isJSON: output.isJSON)
        let unaligned = try await run.run(try MailFiles.paths(files))
        if unaligned > 0 { throw ExitCode(ExitStatus.notGood.rawValue) }
    }
}
