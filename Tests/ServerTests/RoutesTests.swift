import Checkpoints
import Cryptography
import FoundationEssentials
import HTTPTypes
import Identities
import Ledger
import LedgerStore
import Postgres
import Testing

@testable import Server

@Suite struct `Routes` {
    /// What the OpenAPI document says of one operation.
    private struct Operation: Decodable {
        let scope: String?

        enum CodingKeys: String, CodingKey {
            case scope = "x-scope"
        }
    }

    private struct Document: Decodable {
        let paths: [String: [String: Operation]]
    }

    private var routes: [Route] {
        let store = LedgerStore(
            target: ConnectionTarget(host: "/nowhere", database: "none", user: "nobody"),
            master: .success(SecretKey.random()), observer: Observations()
        ) { Timestamp(microseconds: 0) }
        let authenticator = Authenticator(store: store, observer: Observations(), timeout: .zero) {
            Timestamp(microseconds: 0)
        }
        let clock = { @Sendable in Timestamp(microseconds: 0) }
        let verifications = Verifications(store, names: SilentNames(), publicSuffixes: nil, clock: clock)
        let checks = IdentityChecks(
            store, verifications: verifications, schedule: CheckSchedule(), observer: Observations())
        return Route.all(
            store, observer: Observations(), authenticator: authenticator, configuration: ServerConfiguration(),
            verifications: verifications, checks: checks, receipts: Receipts(store: store, rounds: nil), clock: clock
        ) { "" }
    }

    @Test func `and their scopes are those of the OpenAPI document`() throws {
        let document = try JSONDecoder().decode(Document.self, from: Data(PackageResources.openapi_json))
        let described = document.paths.flatMap { path, operations in
            operations.map { method, operation in "\(method.uppercased()) \(path) \(operation.scope ?? "open")" }
        }
        let served = routes.map { "\($0.method.rawValue) \($0.path) \($0.scope?.rawValue ?? "open")" }
        #expect(Set(served).subtracting(described).isEmpty, "missing in the document")
        #expect(Set(described).subtracting(served).isEmpty, "missing in the server")
        #expect(served.count == Set(served).count)
    }

    @Test(arguments: [
        ("/v1/entries", ["POST", "GET"]), ("/v1/entries/7", ["GET"]), ("/v1/entries/7/proof", ["GET"]),
        ("/v1/messages/%3Ca%2Fb%3E", ["GET"]), ("/v1/messages/a/b", []), ("/v1", []), ("/", ["GET"]),
    ])
    func `are found by their path`(_ path: String, _ methods: [String]) {
        #expect(routes.filter { $0.matches(path) }.map(\.method.rawValue) == methods)
    }
}
