import Hummingbird
import Ledger
import LedgerStore

/// `POST /v1/erasures`: a person's values go, and every proof stays.
struct ErasuresController: Sendable {
    let store: LedgerStore
    let timeout: Duration

    var routes: [Route] { [Route(.post, "/v1/erasures", .admin, erase)] }

    private func erase(_ request: Request, _ context: CallContext, _ caller: Caller) async throws -> Response {
        try QueryReader(request).requireNothingElse()
        _ = try MediaType(of: request, allowed: [.json])
        var members = try MemberReader(try JSONReader.read(try await request.wholeBody(context)))
        let subject = try members.require("subject", MemberReader.address)
        let legalBasis = try members.require("legal_basis") { (value) throws(Refusal) in
            try MemberReader.text(value, min: 1, max: ErasureRequest.legalBasisSizeMax)
        }
        let requester = try members.require("requester") { (value) throws(Refusal) in
            try MemberReader.text(value, min: 1, max: ErasureRequest.requesterSizeMax)
        }
        try members.requireNothingElse()
        let wish = try ErasureRequest(subject: subject, legalBasis: legalBasis, requester: requester)
        let outcome = try await store.erase(
            wish, in: caller.ledger, reporter: Reporter(id: caller.grant.id, via: .service), timeout: timeout)
        switch outcome {
        case .erased(let erasure):
            return JSONWriter.answer { writer in
                writer.member("found", erasure.foundSubject)
                writer.name("erased_by")
                writer.value(.array(erasure.erasedBy.map(JSONValue.integer)))
                writer.member("recorded_at", erasure.recordedAt)
                writer.member("entries", erasure.seqs.count)
                writer.name("seqs")
                writer.value(.array(erasure.seqs.texts))
            }
        case .held(let holds, let seq):
            var problem = Problem(
                .conflict, "held", "a legal hold outranks the erasure: nothing was erased, and the refusal is recorded")
            problem.refusal = (holds, seq)
            throw problem
        }
    }
}

extension MemberReader {
    /// An email address.
    static func address(_ value: JSONValue) throws(Refusal) -> Address {
        try Address(try text(value, min: 1, max: 320))
    }
}
