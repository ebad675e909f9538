import Hummingbird
import Ledger
import LedgerStore

/// `GET /v1/entries` and `GET /v1/entries/{seq}`.
struct EntriesController: Sendable {
    let store: LedgerStore

    private static let limitDefault = 100

    var routes: [Route] {
        [Route(.get, "/v1/entries", .read, list), Route(.get, "/v1/entries/{seq}", .read, one)]
    }

    private func list(_ request: Request, _ context: CallContext, _ caller: Caller) async throws -> Response {
        var query = try QueryReader(request)
        let filter = try EntryFilter(&query)
        let order = try query.choice("order", of: EntryQuery.Order.self) ?? .ascending
        let limit = try query.number("limit", in: 1...LedgerStore.pageMax) ?? Self.limitDefault
        let cursor = try query.one("cursor") { (text) throws(Refusal) in text }
        try query.requireNothingElse()
        let page = try await store.page(
            of: caller.ledger, filter.query, order: order, limit: limit, cursor: cursor,
            disclosures: caller.grant.seesPersonalData)
        return try JSONWriter.answer { (writer) throws(StoreError) in
            writer.name("entries")
            try writer.array { (writer) throws(StoreError) in
                for entry in page.entries { try writer.entry(entry) }
            }
            writer.member("size", page.size)
            if let next = page.nextCursor { writer.member("next_cursor", next) }
        }
    }

    private func one(_ request: Request, _ context: CallContext, _ caller: Caller) async throws -> Response {
        let seq = try context.number("seq", max: JSONValue.integerMax)
        try QueryReader(request).requireNothingElse()
        let found = try await store.entry(
            of: caller.ledger, seq: seq, disclosures: caller.grant.seesPersonalData)
        guard let found else { throw StoreError(.notFound, "the ledger has no entry with this seq") }
        var writer = JSONWriter()
        try writer.entry(found, withLine: true)
        return writer.response()
    }
}
