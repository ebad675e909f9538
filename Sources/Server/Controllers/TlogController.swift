import Cryptography
import HTTPTypes
import Hummingbird
import Ledger
import LedgerStore

/// `GET /ledgers/{name}/checkpoint` and `/ledgers/{name}/tile/...`: the ledger as C2SP tlog-tiles has it, so that other
/// people's clients, mirrors and auditors read it. Only what the newest published checkpoint covers.
struct TlogController: Sendable {
    let store: LedgerStore
    let authenticator: Authenticator

    private static let prefix = "/ledgers/"
    private static let tileAge = "max-age=604800, immutable"

    var routes: [Route] { [Route(.get, "/ledgers/{resource}", publicOr: .read, read)] }

    /// What is wanted, by whom, and of which ledger.
    private struct Wanted {
        let ledger: StoredLedger
        /// Whether everybody may have it, so that caches may keep it for everybody.
        let isPublic: Bool
    }

    private func read(_ request: Request, _ context: CallContext, _ caller: Caller?) async throws -> Response {
        try QueryReader(request).requireNothingElse()
        guard let (name, resource) = TlogResource.read(request.uri.path.dropFirst(Self.prefix.count)),
            let origin = try? Origin(name)
        else {
            guard caller != nil else { throw await refused(request) }
            throw Self.notFound
        }
        let level: PublicReads =
            switch resource {
            case .checkpoint, .tile: .hashes
            case .entries: .entries
            }
        let wanted = try await wanted(origin, level, request, caller)
        guard let newest = try await store.checkpoint(of: wanted.ledger) else { throw Self.notFound }
        switch resource {
        case .checkpoint: return Self.answer(newest, request, wanted)
        case .tile(let tile):
            guard tile.hashes.range.upperBound <= Tile.hashCount(level: tile.level, size: newest.size),
                let bytes = try await store.bytes(of: tile, in: wanted.ledger)
            else { throw Self.notFound }
            return Self.answer(bytes, wanted)
        case .entries(let tile):
            guard tile.hashes.range.upperBound <= newest.size,
                let bytes = try await store.entryBundle(of: tile, in: wanted.ledger)
            else { throw Self.notFound }
            return Self.answer(bytes, wanted)
        }
    }

    /// The ledger of this name, if the caller may read it so far. Whoever has no token learns nothing of a ledger that
    /// is not public; whoever has one learns nothing of other ledgers.
    private func wanted(
        _ origin: Origin, _ level: PublicReads, _ request: Request, _ caller: Caller?
    ) async throws -> Wanted {
        let found = try await store.publicReads(origin)
        if let found, found.level >= level { return Wanted(ledger: found.ledger, isPublic: caller == nil) }
        guard let caller else { throw await refused(request) }
        guard caller.ledger.origin == origin else { throw Self.notFound }
        return Wanted(ledger: caller.ledger, isPublic: false)
    }

    /// What whoever comes without a token is told, whether the ledger exists or not.
    private func refused(_ request: Request) async -> any Error {
        do {
            _ = try await authenticator.caller(of: request, wanting: .read)
            return Self.notFound
        } catch {
            return error
        }
    }

    private static var notFound: StoreError {
        StoreError(.notFound, "there is no such checkpoint or tile, or not yet")
    }

    private static func answer(_ published: PublishedCheckpoint, _ request: Request, _ wanted: Wanted) -> Response {
        let bytes = published.note.bytes
        let tag = "\"\(SHA256.digest(bytes).hex.prefix(32))\""
        var headers = headers(wanted, "no-cache")
        headers[.eTag] = tag
        let given = request.headers[.ifNoneMatch]?.split(separator: ",").map { $0.filter { $0 != " " } } ?? []
        if given.contains(tag) || given == ["*"] { return Response(status: .notModified, headers: headers) }
        headers[.contentType] = "text/plain; charset=utf-8"
        return Response(status: .ok, headers: headers, body: ResponseBody(byteBuffer: ByteBuffer(bytes: bytes)))
    }

    private static func answer(_ bytes: [UInt8], _ wanted: Wanted) -> Response {
        var headers = headers(wanted, tileAge)
        headers[.contentType] = "application/octet-stream"
        return Response(status: .ok, headers: headers, body: ResponseBody(byteBuffer: ByteBuffer(bytes: bytes)))
    }

    private static func headers(_ wanted: Wanted, _ age: String) -> HTTPFields {
        wanted.isPublic
            ? [.cacheControl: age == tileAge ? "public, \(age)" : age]
            : [.cacheControl: "private, \(age)", .vary: "Authorization"]
    }
}
