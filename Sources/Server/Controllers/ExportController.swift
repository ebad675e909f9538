import HTTPTypes
import Hummingbird
import Ledger
import LedgerStore
import NIOCore
import Observation

/// `GET /v1/export`: a query as a stream, page by page, in memory that does not grow.
struct ExportController: Sendable {
    let store: LedgerStore
    let observer: any Observer
    let timeout: Duration
    /// How long a caller may leave a page unread.
    let sendTimeout: Duration

    /// Entries of the first page; afterwards as many as make about `pieceSize` bytes.
    private static let pageSizeFirst = 200
    private static let pageSizes = 16...2_000
    private static let pieceSize = 1 << 20

    var routes: [Route] { [Route(.get, "/v1/export", .export, export)] }

    private func export(_ request: Request, _ context: CallContext, _ caller: Caller) async throws -> Response {
        var query = try QueryReader(request)
        let format = try query.choice("format", of: ExportFormat.self) ?? .jsonl
        let withDisclosures = try query.choice("disclosures", of: Flag.self) == .true
        let filter = try EntryFilter(&query)
        try query.requireNothingElse()
        // First the export is put on record, then anything leaves. What is exported is everything before that record.
        let size = try await record(format, withDisclosures, filter, caller)
        let read = { @Sendable (cursor: String?, limit: Int) async throws(StoreError) -> EntryPage in
            try await store.page(
                of: caller.ledger, filter.query, limit: limit, cursor: cursor, pinned: size,
                disclosures: withDisclosures)
        }
        // What can go wrong before the first byte becomes a problem; afterwards only the connection can tell.
        let first = try await read(nil, Self.pageSizeFirst)
        let body = ResponseBody { [observer, sendTimeout] writer in
            var page = first
            var limit = Self.pageSizeFirst
            var encoder = ExportEncoder(format, withDisclosures: withDisclosures)
            while true {
                for entry in page.entries { encoder.append(entry) }
                let bytes = encoder.take()
                // A page without a match makes no bytes, and an empty chunk would end the answer.
                if !bytes.isEmpty {
                    // The write returns once the caller has taken what was sent before; who does not is cut off.
                    let cut = context.channel.eventLoop.scheduleTask(in: TimeAmount(sendTimeout)) {
                        context.channel.close(promise: nil)
                    }
                    defer { cut.cancel() }
                    try await writer.write(ByteBuffer(bytes: bytes))
                    limit = Self.pageSize(like: page.entries.count, entriesIn: bytes.count)
                }
                guard let next = page.nextCursor else { break }
                do throws(StoreError) {
                    page = try await read(next, limit)
                } catch {
                    observer.observe(.requestRefused(route: context.endpointPath ?? "", code: error.code.rawValue))
                    throw error
                }
            }
            try await writer.finish(nil)
        }
        let headers: HTTPFields = [
            .contentType: format.mediaType,
            .contentDisposition: "attachment; filename=\"entries.\(format.rawValue)\"",
        ]
        return Response(status: .ok, headers: headers, body: body)
    }

    /// How many entries of the size of the last ones make a piece, so that long lines cost no more memory than short.
    private static func pageSize(like count: Int, entriesIn size: Int) -> Int {
        min(max(pieceSize / max(size / max(count, 1), 1), pageSizes.lowerBound), pageSizes.upperBound)
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
