/// A field that was read, and where it leaves the grammar.
package struct AuthenticationResultsReading: Hashable, Sendable {
    package let content: AuthenticationResults
    /// Each at most once, in the order of their declaration; empty for a field that is right by RFC 8601 §2.2.
    package let deviations: [AuthenticationResultsDeviation]

    /// Reads the body of a field, folds and all. Any bytes are read or refused with a reason.
    package static func read(
        _ body: ArraySlice<UInt8>
    ) -> Result<AuthenticationResultsReading, AuthenticationResultsRefusal> {
        var parser = AuthenticationResultsParser(body)
        do throws(AuthenticationResultsRefusal) {
            guard body.count <= AuthenticationResults.sizeMax else { throw .tooLong }
            let content = try parser.parse()
            let deviations = AuthenticationResultsDeviation.allCases.filter(parser.deviations.contains)
            return .success(AuthenticationResultsReading(content: content, deviations: deviations))
        } catch {
            return .failure(error)
        }
    }
}
