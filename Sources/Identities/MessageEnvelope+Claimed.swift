package import MailAuthentication

extension MessageEnvelope {
    /// The facts of a check that only its caller vouches for, by their names in requests: nobody here saw the
    /// transport. Results that rest on them, SPF's and what follows from it, are as good as his word.
    ///
    /// - Parameter withTime: whether he also gave the moment as of which signatures are judged.
    package func claimed(withTime: Bool = false) -> [String] {
        [(client != nil, "ip"), (helo != nil, "helo"), (mailFrom != nil, "mail_from"), (withTime, "as_of")]
            .filter(\.0).map(\.1)
    }

    /// What a request about one client says; for HELO alone there is no path.
    package init(_ request: SPFRequest, _ scope: SPFScope) {
        self.init(client: request.client, helo: request.helo, mailFrom: scope == .helo ? nil : request.mailFrom)
    }
}
