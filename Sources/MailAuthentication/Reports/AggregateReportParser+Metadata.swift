/// `report_metadata` and `policy_published`.
extension AggregateReportParser {
    mutating func metadata() throws(ReportRejection) -> AggregateReport.Metadata {
        var metadata = AggregateReport.Metadata()
        var seen = ReportElementSet()
        while let element = try child() {
            if element == .error {
                try takeError(into: &metadata)
                continue
            }
            try takeOnce(element, &seen) { (self) throws(ReportRejection) in
                try self.take(element, into: &metadata)
            }
        }
        guard !metadata.reportID.isEmpty else { throw .reportIDMissing }
        guard seen.contains(.dateRange) else { throw .invalidPeriod }
        if metadata.email == nil { note(.emailMissing) }
        if metadata.orgName.utf8.allSatisfy(XMLReader.isSpace) { note(.orgNameMissing) }
        metadata.emailDomain = metadata.email.flatMap(Self.domain(ofEmail:))
        return metadata
    }

    private mutating func take(
        _ element: ReportElement, into metadata: inout AggregateReport.Metadata
    ) throws(ReportRejection) {
        switch element {
        case .orgName: metadata.orgName = String(decoding: try rawText(), as: UTF8.self)
        case .email: metadata.email = try filledText()
        case .extraContactInfo: metadata.extraContactInfo = try filledText()
        case .reportID: metadata.reportID = try text()
        case .dateRange: (metadata.begin, metadata.end) = try period()
        case .generator:
            usesRFC9990 = true
            metadata.generator = try filledText()
        default: try skipUnknown()
        }
    }

    private mutating func takeError(into metadata: inout AggregateReport.Metadata) throws(ReportRejection) {
        let text = try text()
        guard metadata.errors.count < limits.listCountMax else { return note(.repeatedElement) }
        if !text.isEmpty { metadata.errors.append(text) }
    }

    /// The text of the open element; nil if it is empty.
    mutating func filledText() throws(ReportRejection) -> String? {
        let text = try text()
        return text.isEmpty ? nil : text
    }

    private mutating func period() throws(ReportRejection) -> (Int64, Int64) {
        var (begin, end): (Int64?, Int64?) = (nil, nil)
        var seen = ReportElementSet()
        while let element = try child() {
            try takeOnce(element, &seen) { (self) throws(ReportRejection) in
                switch element {
                case .begin: begin = try self.number(max: AggregateReport.numberMax)
                case .end: end = try self.number(max: AggregateReport.numberMax)
                default: try self.skipUnknown()
                }
            }
        }
        // Both are below 2^53.
        guard let begin, let end, end >= begin, end - begin <= AggregateReport.periodSecondsMax else {
            throw .invalidPeriod
        }
        if end - begin > AggregateReport.regularPeriodSecondsMax { note(.longPeriod) }
        return (begin, end)
    }

    mutating func publishedPolicy() throws(ReportRejection) -> AggregateReport.PublishedPolicy {
        var policy = AggregateReport.PublishedPolicy()
        var seen = ReportElementSet()
        while let element = try child() {
            try takeOnce(element, &seen) { (self) throws(ReportRejection) in
                try self.take(element, into: &policy)
            }
        }
        if policy.policy == nil { note(.policyMissing) }
        return policy
    }

    private mutating func take(
        _ element: ReportElement, into policy: inout AggregateReport.PublishedPolicy
    ) throws(ReportRejection) {
        if [.np, .testing, .discoveryMethod].contains(element) { usesRFC9990 = true }
        switch element {
        case .domain: policy.domain = DomainName(internationalized: try text())
        case .p: policy.policy = try word()
        case .sp: policy.subdomainPolicy = try word()
        case .np: policy.nonexistentPolicy = try word()
        case .adkim: policy.adkim = try word()
        case .aspf: policy.aspf = try word()
        case .discoveryMethod: policy.discoveryMethod = try word()
        case .fo: policy.failureOptions = try filledText()
        case .testing: policy.testing = try word(AggregateReport.Testing.self).map { $0 == .y }
        case .pct: policy.percentage = try filledText()
        default: try skipUnknown()
        }
    }

    /// The domain of the only mailbox in `email`, which may have a display name.
    private static func domain(ofEmail email: String) -> DomainName? {
        let list = AddressList(Array(email.utf8)[...])
        guard list.isComplete, list.entries.count == 1, case .name(let domain)? = list.mailboxes.first?.domain,
            domain.isHostName
        else { return nil }
        return domain
    }
}
