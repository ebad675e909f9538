/// What a host knows of an SMTP client: the input of `check_host()` (RFC 7208 §4.1).
package struct SPFRequest: Hashable, Sendable {
    /// The address that the client connects from.
    package let client: IPAddress
    /// What the client said in HELO or EHLO, as it stands.
    package let helo: String
    /// The path of MAIL FROM without angle brackets; empty for the null path.
    package let mailFrom: String
    /// The name of the receiving host, for the macro `r`.
    package let receiver: String?
    /// The time of the check in seconds since 1970, for the macro `t`.
    package let time: Int64?

    package init(
        client: IPAddress, helo: String, mailFrom: String, receiver: String? = nil, time: Int64? = nil
    ) {
        self.client = client
        self.helo = helo
        self.mailFrom = mailFrom
        self.receiver = receiver
        self.time = time
    }

    /// The mailbox and the domain that are checked: `postmaster` stands for a mailbox that is missing (§4.3), and the
    /// name of HELO for the null path (§2.4).
    func sender(_ scope: SPFScope) -> (mailbox: [UInt8], domain: String) {
        let path = Array(mailFrom.utf8)
        let postmaster = Array("postmaster".utf8)
        guard scope == .mfrom, !path.isEmpty else { return (postmaster, helo) }
        // A quoted mailbox may hold an at sign; a domain cannot.
        guard let at = path.lastIndex(of: UInt8(ascii: "@")) else { return (postmaster, mailFrom) }
        let mailbox = at == 0 ? postmaster : Array(path[..<at])
        return (mailbox, String(decoding: path[(at + 1)...], as: UTF8.self))
    }
}
