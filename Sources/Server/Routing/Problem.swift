import HTTPTypes
import Hummingbird
import Ledger
import LedgerStore

/// What a caller is told when a request fails (RFC 9457). Never holds a refused value, a token or SQL.
struct Problem: Error, Sendable {
    let status: HTTPResponse.Status
    /// Names the fault for programs.
    let code: String
    /// A sentence for people.
    let detail: String
    /// The element of a batch.
    var index: Int?
    /// RFC 6901, within the element.
    var pointer: String?
    /// The limit that was passed.
    var limit: Int?
    /// What is known about the entries of a failed append.
    var committed: StoreError.Committed?
    /// The entry that an idempotency key stands for.
    var seq: Int?
    /// Legal holds that stand in the way, and the entry that says so.
    var refusal: (holds: [String], seq: Int)?
    var headers: HTTPFields = [:]
    /// Whether the connection cannot be used any further.
    var closesConnection = false

    init(_ status: HTTPResponse.Status, _ code: String, _ detail: String) {
        self.status = status
        self.code = code
        self.detail = detail
    }

    /// The problem that `error` is to the caller; a bare 500 for what nobody foresaw.
    init(_ error: any Error) {
        switch error {
        case let problem as Problem: self = problem
        case let refusal as Refusal: self.init(refusal)
        case let error as StoreError: self.init(error)
        case is CancellationError:
            self.init(.serviceUnavailable, "unavailable", "the service is shutting down; repeat the request")
            headers[.retryAfter] = "1"
        default: self.init(.internalServerError, "internal", Self.internalDetail)
        }
    }

    private static let internalDetail = "the service failed; its own messages name the reason"

    /// What the ledger's rules refuse.
    init(_ refusal: Refusal) {
        let status: HTTPResponse.Status =
            switch refusal.code {
            // A member that is too long is an invalid member; an entry that is too long is too much content.
            case .tooLarge: refusal.path.isEmpty ? .contentTooLarge : .badRequest
            case .forbiddenKind: .forbidden
            case .malformedJSON, .invalidMember, .unknownMember, .missingMember, .tooMany, .idempotencyConflict,
                .invalidParameter:
                .badRequest
            }
        self.init(status, refusal.code.rawValue, refusal.reason)
        index = refusal.index
        pointer = refusal.path.isEmpty ? nil : refusal.pointer
        limit = refusal.limit
    }

    /// What the store did not do.
    init(_ error: StoreError) {
        let detail = error.code == .internal ? Self.internalDetail : error.reason
        self.init(Self.status(of: error.code), error.code.rawValue, detail)
        index = error.index
        pointer = error.member.map { "/" + $0.split(separator: ".").joined(separator: "/") }
        // Only what the caller's own key stands for is shown.
        if error.code == .idempotencyErased { seq = error.seq }
        if error.code == .tokenRefused { headers[.wwwAuthenticate] = "Bearer" }
        if status.kind == .serverError { committed = error.committed }
        headers[.retryAfter] = Self.retryAfter(error.code)
    }

    private static func status(of code: StoreError.Code) -> HTTPResponse.Status {
        switch code {
        case .idempotencyMismatch, .idempotencyErased: .unprocessableContent
        case .tokenRefused: .unauthorized
        case .tokenBound: .forbidden
        case .inProgress, .notSigned: .conflict
        case .unavailable, .clockRefused, .keyRefused, .halted: .serviceUnavailable
        case .notFound: .notFound
        case .invalidCursor: .badRequest
        case .busy: .tooManyRequests
        case .internal: .internalServerError
        }
    }

    /// Seconds after which another try may make sense.
    private static func retryAfter(_ code: StoreError.Code) -> String? {
        switch code {
        case .unavailable, .inProgress: "1"
        case .busy: "5"
        case .notSigned: "10"
        // Only an operator can change these.
        case .clockRefused, .keyRefused, .halted: "30"
        case .idempotencyMismatch, .idempotencyErased, .tokenRefused, .tokenBound, .notFound, .invalidCursor,
            .internal:
            nil
        }
    }

    /// The answer with this problem.
    var response: Response {
        var writer = JSONWriter()
        writer.object { write(to: &$0) }
        var response = writer.response(status: status)
        response.headers[.contentType] = "application/problem+json"
        for field in headers { response.headers[field.name] = field.value }
        if closesConnection { response.headers[.connection] = "close" }
        return response
    }

    /// Writes the members of the document.
    func write(to writer: inout JSONWriter) {
        writer.member("type", "about:blank")
        writer.member("title", status.reasonPhrase.isEmpty ? "Error" : status.reasonPhrase)
        writer.member("status", status.code)
        writer.member("detail", detail)
        writer.member("error", detail)
        writer.member("code", code)
        if let index { writer.member("index", index) }
        if let pointer { writer.member("pointer", pointer) }
        if let limit { writer.member("limit", limit) }
        if let seq { writer.member("seq", seq) }
        if let committed { writer.member("committed", committed.rawValue) }
        if let refusal {
            writer.name("holds")
            writer.array { writer in
                for hold in refusal.holds { writer.value(hold) }
            }
            writer.member("seq", refusal.seq)
        }
    }
}
