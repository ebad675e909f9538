import Hummingbird
import Identities
import Ledger
import LedgerStore

/// `/v1/dmarc-reports...`: aggregate reports, one by one and together.
struct ReportsController: Sendable {
    let reports: DMARCReports
    let stored: StoredReports
    let timeout: Duration

    private static let limitDefault = 100

    var routes: [Route] {
        [
            Route(.post, "/v1/dmarc-reports", .ingest, receive), Route(.get, "/v1/dmarc-reports", .read, list),
            Route(.get, "/v1/dmarc-reports/stats", .read, stats),
            Route(.get, "/v1/dmarc-reports/unknown-senders", .read, unknownSenders),
            Route(.get, "/v1/dmarc-reports/{seq}", .read, one),
        ]
    }

    private func receive(_ request: Request, _ context: CallContext, _ caller: Caller) async throws -> Response {
        try QueryReader(request).requireNothingElse()
        let label = try MediaType.reportLabel(of: request)
        let body = try await request.filledBody(context, sizeMax: ServerConfiguration.reportSizeMax)
        // A long report keeps a processor busy for seconds: the event loop has other connections.
        let received = try await withTaskExecutorPreference(globalConcurrentExecutor) {
            try await reports.receive(
                body, label: label, into: caller.ledger, reporter: Reporter(id: caller.grant.id, via: .service),
                bringer: ReportTrust(caller.grant), timeout: timeout)
        }
        var writer = JSONWriter()
        writer.object { writer in
            writer.members(of: received.record)
            writer.member("replayed", received.isReplayed)
        }
        var response = writer.response(status: received.isReplayed ? .ok : .created)
        if received.isReplayed { response.headers[.idempotentReplayed] = "true" }
        return response
    }

    private func list(_ request: Request, _ context: CallContext, _ caller: Caller) async throws -> Response {
        var query = try QueryReader(request)
        var filter = try Self.filter(&query)
        filter.receiver = try query.one("receiver") { (text) throws(Refusal) in try Address.domain(text) }
        filter.outcome = try query.choice("outcome", of: ReportFilter.Outcome.self)
        filter.trust = try query.choice("trust", of: ReportTrust.self)
        let limit = try query.number("limit", in: 1...LedgerStore.pageMax) ?? Self.limitDefault
        let cursor = try query.one("cursor") { (text) throws(Refusal) in text }
        try query.requireNothingElse()
        let page = try await stored.page(of: caller.ledger, filter, limit: limit, cursor: cursor)
        return JSONWriter.answer { writer in
            writer.name("reports")
            writer.array { writer in
                for report in page.reports { writer.object { $0.members(of: report) } }
            }
            if let next = page.nextCursor { writer.member("next_cursor", next) }
        }
    }

    private func one(_ request: Request, _ context: CallContext, _ caller: Caller) async throws -> Response {
        let seq = try context.number("seq", max: JSONValue.integerMax)
        var query = try QueryReader(request)
        let limit = try query.number("limit", in: 1...LedgerStore.pageMax) ?? Self.limitDefault
        let cursor = try query.one("cursor") { (text) throws(Refusal) in text }
        try query.requireNothingElse()
        let found = try await stored.report(of: caller.ledger, seq: seq, limit: limit, cursor: cursor)
        guard let found else { throw StoreError(.notFound, "the ledger has no DMARC report with this seq") }
        return JSONWriter.answer { writer in
            writer.members(of: found.record)
            writer.name("rows")
            writer.array { writer in
                for row in found.rows { writer.verbatim(row.json) }
            }
            if let next = found.nextCursor { writer.member("next_cursor", next) }
        }
    }

    private func stats(_ request: Request, _ context: CallContext, _ caller: Caller) async throws -> Response {
        var query = try QueryReader(request)
        let dimensions = try query.choices("by", of: ReportStats.Dimension.self) ?? [.headerFrom, .alignment]
        let filter = try Self.filter(&query)
        try query.requireNothingElse()
        let stats = try await stored.stats(of: caller.ledger, by: dimensions, filter)
        var writer = JSONWriter()
        writer.value(stats.json)
        return writer.response()
    }

    private func unknownSenders(_ request: Request, _ context: CallContext, _ caller: Caller) async throws -> Response {
        var query = try QueryReader(request)
        let filter = try Self.filter(&query)
        try query.requireNothingElse()
        let unknown = try await stored.unknownSenders(of: caller.ledger, filter)
        var writer = JSONWriter()
        writer.value(unknown.json)
        return writer.response()
    }

    /// What every listing can be narrowed to.
    private static func filter(_ query: inout QueryReader) throws(Refusal) -> ReportFilter {
        var filter = ReportFilter()
        filter.policyDomain = try query.one("policy_domain") { (text) throws(Refusal) in try Address.domain(text) }
        filter.from = try query.timestamp("from")
        filter.to = try query.timestamp("to")
        return filter
    }
}

extension ReportTrust {
    /// What the word of a token is worth that brings a report.
    fileprivate init(_ grant: TokenGrant) {
        if grant.scopes.contains(.admin) { self = .admin } else { self = grant.trustsReports ? .token : .unverified }
    }
}

extension JSONWriter {
    fileprivate mutating func members(of report: ReportRecord) {
        for member in report.members {
            name(member.name)
            value(member.value)
        }
    }
}
