import ArgumentParser
import Identities
import Ledger
import LedgerStore
import MailAuthentication
import Observation

/// `countersign dmarc-report import`
struct DMARCReportImport: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import",
        abstract: "Import DMARC aggregate reports from files.",
        discussion: """
            A file is XML, the same in gzip or ZIP, or a whole mail with the report attached (.eml), told by its first \
            bytes. Of a folder its .xml, .gz, .zip and .eml files are taken. The signatures of a mail are checked, for \
            which the name system is asked.

            What an operator imports counts in sums: import only what receivers have sent you. The receiver is the \
            domain of the mail, if that passes DMARC, and otherwise that of the report's own address, as a claim.

            The import can be run again at any time: a report that the ledger has, by receiver, domain, id, period \
            and rows, is skipped. Other rows under the same name are another version of the report, and said to \
            differ. A file that holds no report that could be read is recorded as rejected, with the reason; that is \
            no error.

            Examples:
                countersign dmarc-report import ~/reports --data-dir /var/lib/countersign
                cat report.eml | countersign dmarc-report import -

            Exit status: 0 well, 1 a file could not be read, 2 wrong usage, 3 could not run.
            """)

    @OptionGroup var database: DatabaseOptions
    @OptionGroup var ledger: LedgerOption
    @OptionGroup var output: OutputOptions
    @OptionGroup(title: "Names") var names: NameOptions
    @Argument(help: ArgumentHelp("Files, folders, or - for standard input.", valueName: "file"))
    var files: [String]

    private struct Answer: Encodable {
        let ledger: String
        let files: [FileAnswer]
        let accepted: Int
        let recovered: Int
        let rejected: Int
        let skipped: Int
        let unreadable: Int
        let records: Int
        let messages: Int
        let seconds: Double
    }

    private struct FileAnswer: Encodable {
        let file: String
        var outcome: String?
        var seq: Int?
        var replayed: Bool?
        var counted: Bool?
        var version: Int?
        var differs: Bool?
        var policy_domain: String?
        var receiver: String?
        var receiver_claimed: Bool?
        var trust: String?
        var org_name: String?
        var report_id: String?
        var records: Int?
        var messages: Int?
        var reason: String?
        var repairs: [String]?
        var error: String?
    }

    func validate() throws {
        guard !files.isEmpty else { throw ValidationError("name at least one file, folder, or - for standard input") }
    }

    func run() async throws {
        let reportFiles = try ReportFiles(files)
        let (resolver, suffixes) = (try names.resolver(), try names.suffixes())
        let isComplete = try await OpenStore.with(database) { open in
            let ledger = try await ledger.find(in: open.store)
            if let fault = ledger.keyFault { throw MasterSecret.Fault(fault) }
            let reports = open.reports(names: resolver, publicSuffixes: suffixes)
            let started = ContinuousClock.now
            let answers = try await reportFiles.forEach {
                try await take($0, into: ledger, reports)
            } tell: { answer in
                if !output.isJSON { try Output.standard.writeLine(Self.line(answer)) }
                return answer
            }
            let seconds = (ContinuousClock.now - started) / .seconds(1)
            try tell(answers, ledger, seconds: seconds)
            return answers.allSatisfy { $0.error == nil }
        }
        guard isComplete else { throw ExitCode(ExitStatus.notGood.rawValue) }
    }

    private func take(
        _ path: String, into ledger: StoredLedger, _ reports: DMARCReports
    ) async throws -> FileAnswer {
        let bytes: [UInt8]
        do throws(Complaint) {
            bytes = try ReportFiles.content(of: path)
        } catch {
            return FileAnswer(file: path, error: error.reason)
        }
        let received = try await reports.receive(
            bytes, label: ReportFiles.label(of: path), into: ledger, reporter: OpenStore.reporter,
            bringer: .operator, timeout: OpenStore.appendTimeout)
        let record = received.record
        return FileAnswer(
            file: path, outcome: record.outcome, seq: record.seq, replayed: received.isReplayed,
            counted: record.standing?.isCounted, version: record.standing?.version,
            differs: record.standing?.differs == true ? true : nil, policy_domain: record["policy_domain"]?.text,
            receiver: record["receiver"]?.text, receiver_claimed: record.isReceiverClaimed,
            trust: record["trust"]?.text, org_name: record["org_name"]?.text, report_id: record["report_id"]?.text,
            records: record["records"]?.number, messages: record["messages"]?.number, reason: record["reason"]?.text,
            repairs: record["repairs"]?.elements?.compactMap(\.text))
    }

    private static func line(_ answer: FileAnswer) -> String {
        if let error = answer.error { return "\(answer.file): cannot be read: \(error)" }
        let outcome = answer.replayed == true ? "known already" : answer.outcome ?? ""
        if let reason = answer.reason { return "\(answer.file): \(outcome): \(reason)" }
        let repairs = answer.repairs.map { " (\($0.joined(separator: ", ")))" } ?? ""
        let standing = answer.counted == true ? "it counts" : "it does NOT count"
        let warning = answer.differs == true ? "; ANOTHER VERSION HAS OTHER ROWS, \(standing)" : ""
        let claimed = answer.receiver_claimed == true ? " (claimed)" : ""
        let about = "\(answer.policy_domain ?? "") by \(answer.receiver ?? "nobody")\(claimed)"
        let counts = "\(Progress.grouped(answer.records ?? 0)) rows, \(Progress.grouped(answer.messages ?? 0)) messages"
        return "\(answer.file): \(outcome)\(repairs): \(about), \(counts)\(warning)"
    }

    private func tell(_ files: [FileAnswer], _ ledger: StoredLedger, seconds: Double) throws {
        let fresh = files.filter { $0.replayed == false }
        let count = { (outcome: String) in fresh.count { $0.outcome == outcome } }
        // What reports claim may be as large as a number can be.
        let sum = { (value: (FileAnswer) -> Int?) in fresh.reduce(0) { $0.addingSaturated(value($1) ?? 0) } }
        let answer = Answer(
            ledger: ledger.origin.text, files: files, accepted: count("accepted"), recovered: count("recovered"),
            rejected: count("rejected"), skipped: files.count { $0.replayed == true },
            unreadable: files.count { $0.error != nil }, records: sum(\.records), messages: sum(\.messages),
            seconds: Seconds.rounded(seconds))
        if output.isJSON { return try JSONOutput.print(answer) }
        try Output.standard.writeLine(
            "\(answer.accepted) accepted, \(answer.recovered) recovered, \(answer.rejected) rejected, "
                + "\(answer.skipped) known already, \(answer.unreadable) unreadable: "
                + "\(Progress.grouped(answer.records)) rows of \(Progress.grouped(answer.messages)) messages, "
                + "in \(Progress.clock(seconds))")
    }
}

extension OpenStore {
    /// The reports of the store; mails that carry them are checked by what `names` says.
    func reports(names: any EvidenceSource, publicSuffixes: PublicSuffixList?) -> DMARCReports {
        let keys = DKIMKeyCache()
        let rules = ReceiverRules(publicSuffixes: publicSuffixes)
        return DMARCReports(store, rules: rules, clock: Clock.now) { mail in
            let resolver = EvaluationResolver(names)
            let result = await MessageVerifier(resolver: resolver, publicSuffixes: publicSuffixes, keys: keys).verify(
                mail, MessageEnvelope(), asOf: Clock.now())
            return (result, resolver.evidence)
        }
    }
}
