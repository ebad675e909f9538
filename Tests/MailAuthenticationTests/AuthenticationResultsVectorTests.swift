import MailAuthentication
import Testing

@Suite struct `The vectors of Authentication-Results` {
    private struct File: Decodable {
        let cases: [Case]
    }
    private struct Case: Decodable {
        let id, name, mode, header: String
        let expected: Content?
    }
    private struct Content: Decodable {
        let authserv_id: String
        let version: Int
        let results: [MethodResult]
    }
    private struct MethodResult: Decodable {
        let method: String
        let method_version: Int
        let result: String
        let reason: String?
        let properties: [Property]
    }
    private struct Property: Decodable {
        let ptype, property, value: String
    }

    private func content(_ expected: Content) -> AuthenticationResults {
        AuthenticationResults(
            authservID: expected.authserv_id,
            results: expected.results.map { result in
                AuthenticationResults.MethodResult(
                    method: result.method, methodVersion: result.method_version, result: result.result,
                    reason: result.reason,
                    properties: result.properties.map {
                        AuthenticationResults.Property(type: $0.ptype, name: $0.property, value: $0.value)
                    })
            })
    }

    @Test func `each field is read, read with deviations, or refused`() throws {
        let file = try Vectors.json(File.self, "authres/cases.json")
        #expect(file.cases.count >= 15)
        for vector in file.cases {
            let field = try #require(HeaderField(raw: Array(vector.header.utf8)))
            let reading = try? AuthenticationResultsReading.read(field.body).get()
            #expect(reading?.content == vector.expected.map(content), "\(vector.id): \(vector.name)")
            #expect(vector.expected.map { $0.version == AuthenticationResults.version } ?? true)
            switch vector.mode {
            case "strict": #expect(reading?.deviations == [], "\(vector.id): \(vector.name)")
            case "tolerant": #expect(reading?.deviations.isEmpty == false, "\(vector.id): \(vector.name)")
            default: #expect(vector.mode == "invalid" && reading == nil, "\(vector.id): \(vector.name)")
            }
        }
    }
}
