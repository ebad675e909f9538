import ArgumentParser

/// `countersign dmarc-report`
struct DMARCReportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "dmarc-report",
        abstract: "Import DMARC aggregate reports, and ask what they say.",
        discussion: """
            Mail hosts send a report each day to the address in the `rua` tag of a domain's DMARC record: which hosts \
            sent mail in its name, how many, and what SPF and DKIM said. What a report says is a claim. Whose, the \
            mail that carries it shows; a report that nobody vouches for is kept, and counts in no sum.
            """,
        subcommands: [
            DMARCReportImport.self, DMARCReportRead.self, DMARCReportList.self, DMARCReportStats.self,
            DMARCReportUnknownSenders.self, DMARCReportVerify.self,
        ])
}

/// Which reports a command asks about.
struct ReportFilterOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Only reports about this domain.", valueName: "domain"))
    var policyDomain: String?
    @Option(
        help: ArgumentHelp(
            "Only reports whose period begins then or later, such as 2026-11-01T00:00:00Z.", valueName: "time"))
    var from: String?
    @Option(help: ArgumentHelp("Only reports whose period begins before.", valueName: "time"))
    var to: String?
}
