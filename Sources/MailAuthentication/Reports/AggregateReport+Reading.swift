/// What became of a document that should be a report.
package enum ReportReading: Hashable, Sendable {
    /// It is one as it stands.
    case accepted(AggregateReport)
    /// It is one after these repairs, each named once.
    case recovered(AggregateReport, [ReportRepair])
    case rejected(ReportRejection)

    /// The report, unless it was rejected.
    package var report: AggregateReport? {
        switch self {
        case .accepted(let report), .recovered(let report, _): report
        case .rejected: nil
        }
    }

    /// The repairs; none if it was accepted or rejected.
    package var repairs: [ReportRepair] {
        switch self {
        case .recovered(_, let repairs): repairs
        case .accepted, .rejected: []
        }
    }
}

extension AggregateReport {
    /// How large a report may be. Beyond it the report is rejected, but for texts and results, which are cut.
    package struct Limits: Hashable, Sendable {
        /// The limits of the document. A row has about 16 elements and 400 bytes, so the elements that fit into the
        /// largest document are more than the parser's own default allows.
        package var document: XMLReader.Limits
        package var rowCountMax = 200_000
        /// One text, in bytes.
        package var textSizeMax = 1_024
        /// Results of DKIM, and of SPF, in one row: RFC 9990 speaks of about 100 signatures.
        package var authResultCountMax = 100
        /// Reasons in one row, and errors in the metadata.
        package var listCountMax = 16

        package init() {
            document = XMLReader.Limits()
            document.elementCountMax = 2_000_000
        }
    }

    /// The largest number that is read: the largest integer that every reader of JSON keeps (2^53 - 1).
    static let numberMax: Int64 = 9_007_199_254_740_991
    /// The most messages of one row. No source sends as many to one receiver in a day; a forged row that claims more
    /// would drown every sum that it is part of.
    package static let rowMessagesMax: Int64 = 1_000_000_000
    /// The longest period that is believed: a year and a day, in seconds.
    static let periodSecondsMax: Int64 = 366 * 86_400
    /// The longest period that is regular, in seconds.
    static let regularPeriodSecondsMax: Int64 = 25 * 3_600

    /// Reads the report in an XML document. Time and memory are in proportion to the document.
    package static func read(_ xml: [UInt8], limits: Limits = Limits()) -> ReportReading {
        do throws(ReportRejection) {
            var parser = try AggregateReportParser(xml, limits: limits)
            let report = try parser.read()
            let repairs = parser.reader.repairs.repairs
            return repairs.isEmpty ? .accepted(report) : .recovered(report, repairs)
        } catch {
            return .rejected(error)
        }
    }
}
