import ArgumentParser
import MailAuthentication

/// Who may send DMARC reports for others.
struct ReportSenderOptions: ParsableArguments {
    @Option(
        name: .customLong("report-sender"),
        help: ArgumentHelp(
            "Let mail of this domain carry DMARC reports of others, if it passes DMARC; may be repeated.",
            discussion: """
                A report counts in sums where the mail that carried it passes DMARC for the organisation of the \
                report's own address. Here stand others, such as a host that sends reports for many; what lies below \
                the domain is meant too.
                """, valueName: "domain"))
    var senders: [String] = []

    func validate() throws {
        for sender in senders where DomainName(sender)?.isHostName != true {
            throw ValidationError("--report-sender is a domain in ASCII, such as reports.example")
        }
    }

    var domains: [DomainName] { senders.compactMap { DomainName($0) } }
}
