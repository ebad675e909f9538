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
            Example:
                countersign dmarc-report list --policy-domain acme.example --limit 20
            """)

    @OptionGroup var database: DatabaseOptions
    @OptionGroup var ledger: LedgerOption
    @OptionGroup var output: OutputOptions
    @OptionGroup var filter: ReportFilterOptions
    @Option(help: ArgumentHelp("Only reports by this host; case does not matter.", valueName: "name"))
    var orgName: String?
    @Option(
        help: ArgumentHelp("The most reports, 1 to \(LedgerStore.pageMax).", valueName: "count"),
        transform: NumberArgument.read(in: 1...LedgerStore.pageMax))
    var limit = 100

    func run() async throws {
        var filter = try filter.filter()
        filter.orgName = orgName
        let page = try await OpenStore.with(database) { [filter] open in
            try await open.storedReports.page(
                of: try await ledger.find(in: open.store), filter, limit: limit, cursor: nil)
        }
        if output.isJSON { return try print(["reports": .array(page.reports.map { .object($0.members) })]) }
        var table = Table(["SEQ", "BEGIN", "OUTCOME", "DOMAIN", "BY", "ROWS", "MESSAGES", "ALIGNED"])
        for report in page.reports {
            let number = { (name: String) in report[name]?.number.map(Progress.grouped) ?? "" }
            table.add([
                "\(report.seq)", report.firstDay?.date ?? "", report.outcome, report["policy_domain"]?.text ?? "",
                report["org_name"]?.text ?? report["reason"]?.text ?? "", number("records"), number("messages"),
                number("aligned"),
            ])
        }
        try Output.standard.write(table.text)
        if page.nextCursor != nil { try Output.error.writeLine("there are more: raise --limit, or narrow it down") }
    }
}

/// `countersign dmarc-report stats`
struct DMARCReportStats: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "stats",
        abstract: "Sum the messages that reports claim.",
        discussion: """
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
        var table = Table(dimensions.map { $0.rawValue.uppercased() } + ["MESSAGES", "ALIGNED"])
        for group in stats.groups {
            table.add(
                group.values.map { $0 ?? "-" } + [Progress.grouped(group.count), Progress.grouped(group.aligned)])
        }
        try Output.standard.write(table.text)
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
            sends past the ledger.

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
        var sources = Table(["SOURCE", "FROM", "MESSAGES", "ALIGNED", "FIRST", "LAST", "REPORTED BY"])
        for source in unknown.sources {
            sources.add([
                source.sourceIP, source.headerFrom ?? "-", Progress.grouped(source.count),
                Progress.grouped(source.aligned), source.firstDay.date, source.lastDay.date,
                source.reporters.joined(separator: ", "),
            ])
        }
        var days = Table(["DAY", "FROM", "REPORTED", "RECORDED", "EXCESS"])
        for day in unknown.days {
            days.add([
                day.day.date, day.headerFrom ?? "-", Progress.grouped(day.reported), Progress.grouped(day.recorded),
                Progress.grouped(day.excess),
            ])
        }
        try Output.standard.write("\(sources.text)\n\(days.text)")
        if unknown.isTruncated {
            try Output.error.writeLine("only \(UnknownSenders.rowsMax) rows of each are shown: narrow it down")
        }
    }
}

/// Prints canonical JSON.
private func print(_ json: JSONValue) throws {
    try Output.standard.writeLine(String(decoding: CanonicalWriter.bytes(of: json), as: UTF8.self))
}

extension ReportFilterOptions {
    func filter() throws -> ReportFilter {
        var filter = ReportFilter()
        filter.policyDomain = try policyDomain.map { name in
            try Address.domain(name)
        }
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
