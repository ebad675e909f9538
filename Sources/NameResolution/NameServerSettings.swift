/// Whom the resolver asks, what it trusts, and how long it waits.
package struct NameServerSettings: Sendable {
    /// Where one zone's servers are, beside those that the name system itself names.
    package struct Stub: Sendable {
        package let zone: String
        /// `address@port`.
        package let server: String

        package init(zone: String, server: String) {
            self.zone = zone
            self.server = server
        }
    }

    /// `address@port` of the servers that all questions are sent to. Without any, the name system is asked from its
    /// root on.
    package var forwarders: [String] = []
    package var stubs: [Stub] = []
    /// DS or DNSKEY records in the form of zone files that DNSSEC starts from.
    package var trustAnchors: [String] = []
    /// A file of such records, as RFC 5011 tools write it.
    package var trustAnchorFile: String?
    /// How long one question may take.
    package var timeout: Duration = .seconds(5)
    /// The moment, in seconds since 1970, at which signatures are judged instead of the present one.
    package var validationTime: Int64?
    /// How long an answer is kept at most; an answer's own TTL may be shorter.
    package var cacheTime: Duration = .seconds(300)

    package init() {}

    /// Whether answers are validated at all.
    var validates: Bool { !trustAnchors.isEmpty || trustAnchorFile != nil }
}
