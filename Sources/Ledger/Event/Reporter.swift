/// Who handed an entry to the ledger and by which way. Set by the server, never by the caller.
package struct Reporter: Sendable {
    /// The way an entry came in.
    package enum Via: String, CaseIterable, Sendable {
        case gate, service, `operator`, ingest, `import`, webhook

        /// Whether the caller is a producer whose claims are only claims.
        package var isProducer: Bool {
            switch self {
            case .ingest, .import, .webhook: true
            case .gate, .service, .operator: false
            }
        }
    }

    /// The opaque id of the token, or the name of the part of the service.
    package let id: String
    package let via: Via

    package init(id: String, via: Via) {
        self.id = id
        self.via = via
    }

    var json: JSONValue { ["id": .string(id), "via": .string(via.rawValue)] }
}
