import HTTPTypes
import Hummingbird
import Ledger
import LedgerStore
import NIOCore
import Observation

/// `GET /v1/export`: a query as a stream, piece by piece, in memory that does not grow.
struct ExportController: Sendable {
    let store: LedgerStore
    let observer: any Observer
    let timeout: Duration
    /// How long a caller may leave a piece unread.
    let sendTimeout: Duration

    var routes: [Route] { [Route(.get, "/v1/export", .export, export)] }

    private func export(_ request: Request, _ context: CallContext, _ caller: Caller) async throws -> Response {
        var query = try QueryReader(request)
        let format = try query.choice("format", of: ExportFormat.self) ?? .jsonl
        let withDisclosures = try query.choice("disclosures", of: Flag.self) == .true
        let filter = try EntryFilter(&query)
        try query.requireNothingElse()
        // First the export is put on record, then anything leaves. What is exported is everything before that record.
        let size = try await record(format, withDisclosures, filter, caller)
        let export = EntryExport(
            filter.query, of: caller.ledger, in: store, size: size, format: format, withDisclosures: withDisclosures)
        // What can go wrong before the first byte becomes a problem; afterwards only the connection can tell.
        let first = try await export.first()
        let body = ResponseBody { writer in
            var piece = first
            while true {
                // One piece is read while the one before is sent.
                let place = piece.next
                async let following = read(place, of: export, context)
                for part in piece.parts {
                    // The write returns once the caller has taken what was sent before; who does not is cut off.
                    let cut = context.channel.eventLoop.scheduleTask(in: TimeAmount(sendTimeout)) {
                        context.channel.close(promise: nil)
                    }
                    defer { cut.cancel() }
                    try await writer.write(ByteBuffer(bytes: part))
                }
                guard let next = try await following else { break }
                piece = next
            }
            try await writer.finish(nil)
        }
        let headers: HTTPFields = [
            .contentType: format.mediaType,
            .contentDisposition: "attachment; filename=\"entries.\(format.rawValue)\"",
        ]
        return Response(status: .ok, headers: headers, body: body)
    }

    private func read(
        _ place: EntryExport.Place?, of export: EntryExport, _ context: CallContext
    ) async throws(StoreError) -> EntryExport.Piece? {
        guard let place else { return nil }
        do throws(StoreError) {
            return try await export.piece(at: place)
        } catch {
            observer.observe(.requestRefused(route: context.endpointPath ?? "", code: error.code.rawValue))
            throw error
        }
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
            people: filter.query.recipients, reporter: Reporter(id: caller.grant.id, via: .service),
            deadline: .now + timeout)
    }
}
