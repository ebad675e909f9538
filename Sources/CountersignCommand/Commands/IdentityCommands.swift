import ArgumentParser
import Identities
import Ledger
import LedgerStore
import MailAuthentication

/// `countersign identity`
struct IdentityCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "identity",
        abstract: "Sender identities: is the name that mail is sent under protected, and would the mail pass?",
        discussion: """
            An identity is an address, such as billing@acme.example, or a domain for all addresses of it. Say how its \
            mail is sent (selectors, hosts, the return path's domain), and the service asks the name system: DMARC \
            each hour, SPF and DKIM each day. Every change is an entry of the ledger with the DNS answers behind it.

            An assessment is one of: protected (others' mail under this name is refused, and yours passes), \
            monitoring (a record with p=none or t=y), unprotected (no record), misconfigured, indeterminate (DNS did \
            not answer).
            """,
        subcommands: [IdentityAdd.self, IdentityCheckCommand.self, IdentityList.self, IdentityHistory.self])
}

/// `countersign identity add`
struct IdentityAdd: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "add",
        abstract: "Add an identity, or say anew how its mail is sent; it is checked at once.",
        discussion: """
            Example:
                countersign identity add billing@acme.example --selector s1 --address 192.0.2.10 \\
                    --mail-from-domain bounce.acme.example --data-dir /var/lib/countersign
            """)

    @OptionGroup var database: DatabaseOptions
    @OptionGroup var ledger: LedgerOption
    @OptionGroup var output: OutputOptions
    @OptionGroup(title: "Names") var names: NameOptions
    @OptionGroup var settings: IdentitySettingsOptions
    @Argument(help: "The address or the domain.")
    var identity: String

    func run() async throws {
        let name = try IdentityName(identity)
        let settings = try settings.settings()
        let checking = try IdentityChecking(names)
        try await OpenStore.with(database) { open in
            let ledger = try await ledger.find(in: open.store)
            let (seq, isChanged) = try await IdentityRegister(open.store).set(
                name, settings, in: ledger, reporter: OpenStore.reporter, deadline: OpenStore.appendDeadline)
            if !output.isJSON {
                try Output.standard.writeLine(
                    isChanged ? "set \(name.text), entry \(seq)" : "\(name.text) is set so already, entry \(seq)")
            }
            try await checking.check(name, settings, in: ledger, open.store).write(output)
        }
    }
}

/// `countersign identity check`
struct IdentityCheckCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Check an identity now and record what comes out.",
        discussion: """
            Exit status 0 if it is protected, 1 otherwise.

            Example: countersign identity check acme.example --data-dir /var/lib/countersign
            """)

    @OptionGroup var database: DatabaseOptions
    @OptionGroup var ledger: LedgerOption
    @OptionGroup var output: OutputOptions
    @OptionGroup(title: "Names") var names: NameOptions
    @Argument(help: "The address or the domain.")
    var identity: String

    func run() async throws {
        let name = try IdentityName(identity)
        let checking = try IdentityChecking(names)
        let assessment = try await OpenStore.with(database) { open in
            let ledger = try await ledger.find(in: open.store)
            guard let known = try await IdentityRegister(open.store).find(name, in: ledger) else {
                throw Complaint(
                    "the ledger has no identity of this name", next: "make it with `countersign identity add`")
            }
            let answer = try await checking.check(name, known.settings, in: ledger, open.store)
            try answer.write(output)
            return answer.assessment
        }
        if assessment != IdentityAssessment.protected.rawValue { throw ExitCode(ExitStatus.notGood.rawValue) }
    }
}

/// `countersign identity list`
struct IdentityList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List the identities and how they stand.",
        discussion: "Example: countersign identity list --data-dir /var/lib/countersign")

    @OptionGroup var database: DatabaseOptions
    @OptionGroup var ledger: LedgerOption
    @OptionGroup var output: OutputOptions

    private struct Answer: Encodable {
        struct Identity: Encodable {
            let identity: String
            let assessment: String?
            let checked_at: String?
            let verification_seq: Int?
        }
        var identities: [Identity] = []
    }

    func run() async throws {
        try await OpenStore.with(database) { open in
            let ledger = try await ledger.find(in: open.store)
            let register = IdentityRegister(open.store)
            var answer = Answer()
            var page: [StoredIdentity]
            repeat {
                page = try await register.list(
                    of: ledger, after: answer.identities.last?.identity, limit: IdentityRegister.pageMax)
                answer.identities += page.map {
                    Answer.Identity(
                        identity: $0.name.text, assessment: $0.assessment, checked_at: $0.checkedAt?.text,
                        verification_seq: $0.lastSeq)
                }
            } while page.count == IdentityRegister.pageMax
            if output.isJSON { return try JSONOutput.print(answer) }
            guard !answer.identities.isEmpty else {
                return try Output.error.writeLine("none yet: add one with `countersign identity add acme.example`")
            }
            var table = Table(["IDENTITY", "ASSESSMENT", "CHECKED AT", "ENTRY"])
            for identity in answer.identities {
                table.add([
                    identity.identity, identity.assessment ?? "not checked yet", identity.checked_at ?? "",
                    identity.verification_seq.map { "\($0)" } ?? "",
                ])
            }
            try Output.standard.write(table.text)
        }
    }
}

/// `countersign identity history`
struct IdentityHistory: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "history",
        abstract: "What changed about an identity, newest first.",
        discussion: "Example: countersign identity history acme.example --data-dir /var/lib/countersign")

    @OptionGroup var database: DatabaseOptions
    @OptionGroup var ledger: LedgerOption
    @OptionGroup var output: OutputOptions
    @Option(
        help: ArgumentHelp("So many checks at most.", valueName: "count"),
        transform: NumberArgument.read(in: 1...IdentityRegister.pageMax))
    var limit = 100
    @Argument(help: "The address or the domain.")
    var identity: String

    func run() async throws {
        let name = try IdentityName(identity)
        try await OpenStore.with(database) { open in
            let ledger = try await ledger.find(in: open.store)
            let history = try await IdentityRegister(open.store).history(of: name, in: ledger, limit: limit)
            if output.isJSON {
                let checks = history.map { IdentityAnswer.json($0.check, $0.changes) }
                return try Output.standard.writeLine(
                    String(
                        decoding: CanonicalWriter.bytes(of: ["checks": .array(checks), "identity": .string(name.text)]),
                        as: UTF8.self))
            }
            guard !history.isEmpty else { return try Output.error.writeLine("no check of it has been recorded") }
            for (check, changes) in history {
                try Output.standard.writeLine("\(check.recordedAt.text)  entry \(check.seq)  \(check.assessment)")
                for change in changes { try Output.standard.writeLine("    \(IdentityAnswer.text(change))") }
            }
        }
    }
}
