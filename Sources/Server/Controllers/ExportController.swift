import HTTPTypes
import Hummingbird
import Ledger
import LedgerStore
import NIOCore

/// `GET /v1/export`: a query as a stream, page by page, in memory that does not grow.
struct ExportController: Sendable {
    let store: LedgerStore
    let timeout: Duration
    /// How long a caller may leave a page unread.
    let sendTimeout: Duration

    /// Entries that are read at once.
    private static let pageSize = 2_000

    var routes: [Route] { [Route(.get, "/v1/export", .export, export)] }

    private func export(_ request: Request, _ context: CallContext, _ caller: Caller) async throws -> Response {
        var query = try QueryReader(request)
        let format = try query.choice("format", of: ExportFormat.self) ?? .jsonl
        let withDisclosures = try query.choice("disclosures", of: Flag.self) == .true
        let filter = try EntryFilter(&query)
        try query.requireNothingElse()
        // First the export is put on record, then anything leaves. What is exported is everything before that record.
        let size = try await record(format, withDisclosures, filter, caller)
        let read = { @Sendable (cursor: String?) async throws(StoreError) -> EntryPage in
            try await store.page(
                of: caller.ledger, filter.query, limit: Self.pageSize, cursor: cursor, pinned: size,
                disclosures: withDisclosures)
        }
        // What can go wrong before the first byte becomes a problem; afterwards only the connection can tell.
        let first = try await read(nil)
        let body = ResponseBody { [sendTimeout] writer in
            var page = first
            var encoder = ExportEncoder(format, withDisclosures: withDisclosures)
            while true {
                for entry in page.entries { encoder.append(entry) }
                let bytes = encoder.take()
                guard !bytes.isEmpty else {
                    // A window of the ledger without a match: an empty chunk would end the answer.
                    guard let next = page.nextCursor else { break }
                    page = try await read(next)
                    continue
                }
                // The write returns once the caller has taken what was sent before; who does not is cut off.
                let cut = context.channel.eventLoop.scheduleTask(in: TimeAmount(sendTimeout)) {
                    context.channel.close(promise: nil)
                }
                defer { cut.cancel() }
                try await writer.write(ByteBuffer(bytes: bytes))
                guard let next = page.nextCursor else { break }
                page = try await read(next)
            }
            try await writer.finish(nil)
        }
        let headers: HTTPFields = [
            .contentType: format.mediaType,
            .contentDisposition: "attachment; filename=\"entries.\(format.rawValue)\"",
        ]
        return Response(status: .ok, headers: headers, body: body)
    }

    private enum Flag: String, CaseIterable {
        case `true`, `false`
    }

    /// Appends `access/exported` and returns the size of the tree before it.
    private func record(
        _ format: ExportFormat, _ withDisclosures: Bool, _ filter: EntryFilter, _ caller: Caller
    ) async throws -> Int {
        try await store.recordExport(
            of: caller.ledger, format: format.rawValue, disclosures: withDisclosures, filter: filter.members,
            reporter: Reporter(id: caller.grant.id, via: .service), deadline: .now + timeout)
    }
}
