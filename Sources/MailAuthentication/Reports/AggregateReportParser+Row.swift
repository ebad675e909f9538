/// `record` and what is in it.
extension AggregateReportParser {
    mutating func row() throws(ReportRejection) -> AggregateReport.Row {
        var row = AggregateReport.Row()
        var seen = ReportElementSet()
        while let element = try child() {
            if element == .extension {
                try skipExtension()
                continue
            }
            try takeOnce(element, &seen) { (self) throws(ReportRejection) in
                switch element {
                case .row: try self.takeCounts(into: &row)
                case .identifiers: try self.takeIdentifiers(into: &row)
                case .authResults: try self.takeAuthResults(into: &row)
                default: try self.skipUnknown()
                }
            }
        }
        guard seen.contains(.row) else { throw .invalidCount }
        if row.source == nil { note(.invalidSourceAddress) }
        if row.disposition == nil || row.dkim == nil || row.spf == nil { note(.evaluationMissing) }
        if row.headerFrom == nil { note(.headerFromMissing) }
        return row
    }

    private mutating func takeCounts(into row: inout AggregateReport.Row) throws(ReportRejection) {
        var seen = ReportElementSet()
        var count: Int64?
        while let element = try child() {
            try takeOnce(element, &seen) { (self) throws(ReportRejection) in
                switch element {
                case .sourceIP:
                    row.sourceText = try self.text()
                    row.source = IPAddress(text: row.sourceText)
                case .count: count = try self.number(max: AggregateReport.rowMessagesMax)
                case .policyEvaluated: try self.takeEvaluation(into: &row)
                default: try self.skipUnknown()
                }
            }
        }
        guard let count else { throw .invalidCount }
        row.count = count
    }

    private mutating func takeEvaluation(into row: inout AggregateReport.Row) throws(ReportRejection) {
        var seen = ReportElementSet()
        while let element = try child() {
            if element == .reason {
                try takeReason(into: &row)
                continue
            }
            try takeOnce(element, &seen) { (self) throws(ReportRejection) in
                switch element {
                case .disposition: row.disposition = try self.word()
                case .dkim: row.dkim = try self.word()
                case .spf: row.spf = try self.word()
                default: try self.skipUnknown()
                }
            }
        }
    }

    private mutating func takeReason(into row: inout AggregateReport.Row) throws(ReportRejection) {
        var reason = AggregateReport.OverrideReason()
        var seen = ReportElementSet()
        while let element = try child() {
            try takeOnce(element, &seen) { (self) throws(ReportRejection) in
                switch element {
                case .type: reason.type = try self.word()
                case .comment: reason.comment = try self.filledText()
                default: try self.skipUnknown()
                }
            }
        }
        // A type that is not in the list was noted; its comment may still say why.
        guard reason.type != nil || reason.comment != nil else { return note(.emptyReason) }
        guard row.reasons.count < limits.listCountMax else { return note(.repeatedElement) }
        row.reasons.append(reason)
    }

    private mutating func takeIdentifiers(into row: inout AggregateReport.Row) throws(ReportRejection) {
        var seen = ReportElementSet()
        while let element = try child() {
            try takeOnce(element, &seen) { (self) throws(ReportRejection) in
                switch element {
                case .headerFrom: row.headerFrom = try self.filledText()
                // Empty is the null path.
                case .envelopeFrom: row.envelopeFrom = try self.text()
                case .envelopeTo: row.envelopeTo = try self.filledText()
                default: try self.skipUnknown()
                }
            }
        }
    }

    private mutating func takeAuthResults(into row: inout AggregateReport.Row) throws(ReportRejection) {
        while let element = try child() {
            switch element {
            case .dkim:
                let result = try dkimResult()
                guard row.dkimResults.count < limits.authResultCountMax else {
                    note(.tooManyAuthResults)
                    continue
                }
                row.dkimResults.append(result)
            case .spf:
                let result = try spfResult()
                guard row.spfResults.count < limits.authResultCountMax else {
                    note(.tooManyAuthResults)
                    continue
                }
                row.spfResults.append(result)
            default: try skipUnknown()
            }
        }
    }

    private mutating func dkimResult() throws(ReportRejection) -> AggregateReport.DKIMResult {
        var result = AggregateReport.DKIMResult()
        var seen = ReportElementSet()
        while let element = try child() {
            try takeOnce(element, &seen) { (self) throws(ReportRejection) in
                switch element {
                case .domain: result.domain = try self.filledText()
                case .selector: result.selector = try self.filledText()
                case .result: result.result = try self.word()
                case .humanResult: result.humanResult = try self.filledText()
                default: try self.skipUnknown()
                }
            }
        }
        if result.domain == nil { note(.authDomainMissing) }
        if result.result == nil { note(.authResultMissing) }
        if result.selector == nil, isRFC9990 { note(.selectorMissing) }
        return result
    }

    private mutating func spfResult() throws(ReportRejection) -> AggregateReport.SPFResult {
        var result = AggregateReport.SPFResult()
        var seen = ReportElementSet()
        while let element = try child() {
            try takeOnce(element, &seen) { (self) throws(ReportRejection) in
                switch element {
                case .domain: result.domain = try self.filledText()
                case .scope: result.scope = try self.word()
                case .result: result.result = try self.word()
                case .humanResult: result.humanResult = try self.filledText()
                default: try self.skipUnknown()
                }
            }
        }
        if result.domain == nil { note(.authDomainMissing) }
        if result.result == nil { note(.authResultMissing) }
        return result
    }
}
