/// Whose `Authentication-Results` fields are believed (RFC 8601 §4.1 and §5): only those that name a trusted host.
///
/// Anyone can write such a field into a message. The trusted hosts must remove the fields that bear their own names
/// from the mail that comes in; where they do not, no reader can help it.
package struct AuthenticationResultsTrust: Hashable, Sendable {
    /// So many fields are read, from the top, where the receiving hosts put theirs. The rest is counted.
    package static let fieldsMax = 100

    /// The fields of one message.
    package struct Claims: Hashable, Sendable {
        /// In the order of the message, from the top.
        package let claims: [AuthenticationResultsClaim]
        /// How many fields below them were not read.
        package let unreadCount: Int

        /// What trusted hosts say, from the top. A field that is refused or not trusted adds nothing, and takes nothing
        /// from those below it.
        package var trusted: [AuthenticationResults] {
            claims.compactMap { $0.isTrusted ? $0.content : nil }
        }
    }

    /// The ids in lower case.
    private let authservIDs: Set<[UInt8]>

    /// Trust in the hosts that call themselves so. An empty id is left out: it is never trusted.
    package init(_ authservIDs: some Sequence<String>) {
        self.authservIDs = Set(authservIDs.map(Self.folded)).subtracting([[]])
    }

    /// Whether fields with that id are believed: the whole id, without regard to the case of ASCII letters.
    package func isTrusted(_ authservID: String) -> Bool { authservIDs.contains(Self.folded(authservID)) }

    /// The claims in `message`.
    package func claims(in message: RawMessage) -> Claims {
        let fields = message.fields(named: "authentication-results")
        let claims = fields.prefix(Self.fieldsMax).enumerated().map { position, field in
            let reading = AuthenticationResultsReading.read(field.body)
            // What cannot be read has no id, and so no trust.
            let id = try? reading.get().content.authservID
            return AuthenticationResultsClaim(
                position: position, raw: field.raw, reading: reading, isTrusted: id.map(isTrusted) ?? false)
        }
        return Claims(claims: claims, unreadCount: fields.count - claims.count)
    }

    private static func folded(_ id: String) -> [UInt8] { id.utf8.map(ASCII.lowercased) }
}
