import HTTPTypes
import Hummingbird
import Ledger
import LedgerStore
import Testing

@testable import Server

@Suite struct `Problems` {
    @Test(arguments: [
        (Refusal.Code.malformedJSON, 400), (.invalidMember, 400), (.unknownMember, 400), (.missingMember, 400),
        (.tooLarge, 413), (.tooMany, 400), (.forbiddenKind, 403), (.idempotencyConflict, 400),
        (.invalidParameter, 400),
    ])
    func `of a refusal have its code and their status`(_ code: Refusal.Code, _ status: Int) {
        let problem = Problem(Refusal(code, "a reason", limit: 5).inElement(3))
        #expect(problem.status.code == status && problem.code == code.rawValue)
        #expect(problem.index == 3 && problem.limit == 5 && problem.pointer == nil)
    }

    @Test func `of a member that is too long are about the member`() {
        let problem = Problem(Refusal(.tooLarge, "at most 5 characters", at: ["data", "a/b"]))
        #expect(problem.status == .badRequest && problem.pointer == "/data/a~1b")
    }

    @Test(
        arguments: [
            (StoreError.Code.idempotencyMismatch, 422, nil), (.inProgress, 409, "1"), (.unavailable, 503, "1"),
            (.clockRefused, 503, "30"), (.keyRefused, 503, "30"), (.halted, 503, "30"), (.notFound, 404, nil),
            (.invalidCursor, 400, nil), (.internal, 500, nil),
        ] as [(StoreError.Code, Int, String?)])
    func `of the store have its code, and say when to try again`(
        _ code: StoreError.Code, _ status: Int, _ retryAfter: String?
    ) {
        let problem = Problem(StoreError(code, "a reason", committed: .unknown))
        #expect(problem.status.code == status && problem.code == code.rawValue)
        #expect(problem.headers[.retryAfter] == retryAfter)
        #expect((problem.committed == .unknown) == (status >= 500))
    }

    @Test func `that nobody foresaw say nothing`() {
        struct Secret: Error {}
        for error in [Secret(), StoreError(.internal, "SQLSTATE 22P02 near kim@customer.example")] as [any Error] {
            let problem = Problem(error)
            #expect(problem.status == .internalServerError)
            #expect(problem.detail == "the service failed; its own messages name the reason")
        }
    }

    @Test func `repeat their sentence as detail and as error`() {
        var problem = Problem(.serviceUnavailable, "unavailable", "a \"reason\"")
        problem.committed = .no
        let response = problem.response
        #expect(response.status == .serviceUnavailable)
        #expect(response.headers[.contentType] == "application/problem+json")
        var writer = JSONWriter()
        writer.object { problem.write(to: &$0) }
        #expect(
            String(decoding: writer.bytes, as: UTF8.self) == """
                {"type":"about:blank","title":"Service Unavailable","status":503,"detail":"a \\"reason\\"",\
                "error":"a \\"reason\\"","code":"unavailable","committed":"no"}
                """)
    }
}
