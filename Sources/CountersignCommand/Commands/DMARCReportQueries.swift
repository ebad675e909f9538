import ArgumentParser
import Identities
import Ledger
import LedgerStore

/// `countersign dmarc-report list`
struct DMARCReportList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List the reports that the ledger has, newest first.",
        discussion: """
            COUNTS says why a report counts in sums (carrier, listed, operator, admin, token), that nobody vouches for \
            it (unverified), or that another version of it counts (differs, or same where that has the same rows).

            Example:
                countersign dmarc-report list --policy-domain acme.example --limit 20
            """)

    @OptionGroup var database: DatabaseOptions
    @OptionGroup var ledger: LedgerOption
    @OptionGroup var output: OutputOptions
    @OptionGroup var filter: ReportFilterOptions
    @Option(help: ArgumentHelp("Only reports by this receiver, an organization's domain.", valueName: "domain"))
    var receiver: String?
    @Option(help: ArgumentHelp("Only reports with this word for them, such as unverified.", valueName: "word"))
    var trust: ReportTrust?
    @Option(
        help: ArgumentHelp("The most reports, 1 to \(LedgerStore.pageMax).", valueName: "count"),
        transform: NumberArgument.read(in: 1...LedgerStore.pageMax))
    var limit = 100

    func run() async throws {
        var filter = try filter.filter()
        filter.receiver = try receiver.map { try Address.domain($0) }
        filter.trust = trust
        let page = try await OpenStore.with(database) { [filter] open in
            try await open.storedReports.page(
                of: try await ledger.find(in: open.store), filter, limit: limit, cursor: nil)
        }
        if output.isJSON { return try print(["reports": .array(page.reports.map { .object($0.members) })]) }
        var table = Table(["SEQ", "BEGIN", "OUTCOME", "DOMAIN", "RECEIVER", "COUNTS", "ROWS", "MESSAGES", "ALIGNED"])
        for report in page.reports {
            let number = { (name: String) in report[name]?.number.map(Progress.grouped) ?? "" }
            table.add([
                "\(report.seq)", report.firstDay?.date ?? "", report.outcome, report["policy_domain"]?.text ?? "",
                report["receiver"]?.text ?? report["reason"]?.text ?? "", Self.counts(report), number("records"),
                number("messages"), number("aligned"),
            ])
        }
        try Output.standard.write(table.text)
        if page.nextCursor != nil { try Output.error.writeLine("there are more: raise --limit, or narrow it down") }
    }

    private static func counts(_ report: ReportRecord) -> String {
        guard let standing = report.standing, let trust = report["trust"]?.text else { return "" }
        if standing.isCounted || trust == ReportTrust.unverified.rawValue { return trust }
        return standing.differs ? "differs" : "same"
    }
}

/// `countersign dmarc-report stats`
struct DMARCReportStats: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "stats",
        abstract: "Sum the messages that reports claim.",
        discussion: """
            Reports that nobody vouches for, and versions that differ from the one that counts, are in no sum; how \
            many there are is said below. CLAIMED are messages whose receiver no mail has authenticated.

            Example:
                countersign dmarc-report stats --by source_ip,header_from --policy-domain acme.example
            """)

    @OptionGroup var database: DatabaseOptions
    @OptionGroup var ledger: LedgerOption
    @OptionGroup var output: OutputOptions
    @OptionGroup var filter: ReportFilterOptions
    @Option(
        help: ArgumentHelp(
            "What to sum by, joined by commas: \(Self.words).",
            valueName: "words"))
    var by = "header_from,alignment"

    private static let words = ReportStats.Dimension.allCases.map(\.rawValue).joined(separator: ", ")

    func run() async throws {
        let dimensions = try dimensions()
        let filter = try filter.filter()
        let stats = try await OpenStore.with(database) { open in
            try await open.storedReports.stats(of: try await ledger.find(in: open.store), by: dimensions, filter)
        }
        if output.isJSON { return try print(stats.json) }
        var table = Table(dimensions.map { $0.rawValue.uppercased() } + ["MESSAGES", "ALIGNED", "CLAIMED"])
        for group in stats.groups {
            table.add(
                group.values.map { $0 ?? "-" } + [group.count, group.aligned, group.claimed].map(Progress.grouped))
        }
        try Output.standard.write("\(table.text)\n\(text(of: stats.uncounted))")
        if stats.isTruncated { try Output.error.writeLine("only the largest \(ReportStats.groupsMax) are shown") }
    }

    private func dimensions() throws -> [ReportStats.Dimension] {
        var dimensions: [ReportStats.Dimension] = []
        for word in by.split(separator: ",", omittingEmptySubsequences: false) {
            guard let dimension = ReportStats.Dimension(rawValue: String(word)), !dimensions.contains(dimension) else {
                throw Complaint("--by takes each of \(Self.words) once", next: "join them by commas", status: .usage)
            }
            dimensions.append(dimension)
        }
        return dimensions
    }
}

/// `countersign dmarc-report unknown-senders`
struct DMARCReportUnknownSenders: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "unknown-senders",
        abstract: "Show mail that claims to be ours and is not in the ledger.",
        discussion: """
            Mail is ours if it came from an address of a sender identity, or if DKIM passed aligned with one of the \
            identity's keys. Everything else that reports name is shown, the largest sources first. Below, what is \
            ours is compared with the ledger day by day: more messages reported than recorded are mail that somebody \
            sends past the ledger. Only reports that count are looked at; how many others there are is said last.

            Example:
                countersign dmarc-report unknown-senders --from 2026-11-01T00:00:00Z
            """)

    @OptionGroup var database: DatabaseOptions
    @OptionGroup var ledger: LedgerOption
    @OptionGroup var output: OutputOptions
    @OptionGroup var filter: ReportFilterOptions

    func run() async throws {
        let filter = try filter.filter()
        let unknown = try await OpenStore.with(database) { open in
            try await open.storedReports.unknownSenders(of: try await ledger.find(in: open.store), filter)
        }
        if output.isJSON { return try print(unknown.json) }
        var sources = Table(["SOURCE", "FROM", "MESSAGES", "ALIGNED", "FIRST", "LAST", "RECEIVERS"])
        for source in unknown.sources {
            sources.add([
                source.sourceIP, source.headerFrom ?? "-", Progress.grouped(source.count),
                Progress.grouped(source.aligned), source.firstDay.date, source.lastDay.date,
                source.receivers.joined(separator: ", "),
            ])
        }
        var days = Table(["DAY", "FROM", "REPORTED", "RECORDED", "EXCESS"])
        for day in unknown.days {
            days.add([
                day.day.date, day.headerFrom ?? "-", Progress.grouped(day.reported), Progress.grouped(day.recorded),
                Progress.grouped(day.excess),
            ])
        }
        try Output.standard.write("\(sources.text)\n\(days.text)\n\(text(of: unknown.uncounted))")
        if unknown.isTruncated {
            try Output.error.writeLine("only \(UnknownSenders.rowsMax) rows of each are shown: narrow it down")
        }
    }
}

/// How many reports are in no sum, in words.
private func text(of uncounted: UncountedReports) -> String {
    let line = { (name: String, tally: UncountedReports.Tally) in
        "\(name): \(Progress.grouped(tally.reports)) reports, \(Progress.grouped(tally.messages)) messages\n"
    }
    let differing = uncounted.differing.reports == 0 ? "" : line("differing", uncounted.differing)
    return line("unverified", uncounted.unverified) + differing
}

extension ReportTrust: ExpressibleByArgument {}

/// Prints canonical JSON.
private func print(_ json: JSONValue) throws {
    try Output.standard.writeLine(String(decoding: CanonicalWriter.bytes(of: json), as: UTF8.self))
}

extension ReportFilterOptions {
    func filter() throws -> ReportFilter {
        var filter = ReportFilter()
        filter.policyDomain = try policyDomain.map { try Address.domain($0) }
        filter.from = try from.map { try Self.moment($0, of: "--from") }
        filter.to = try to.map { try Self.moment($0, of: "--to") }
        return filter
    }

    private static func moment(_ text: String, of option: String) throws -> Timestamp {
        guard let moment = Timestamp(claimed: text) else {
            throw Complaint("\(option): \(Timestamp.claimRule)", status: .usage)
        }
        return moment
    }
}

extension OpenStore {
    /// The reports of the store, for reading.
    fileprivate var storedReports: StoredReports { StoredReports(store) }
}
