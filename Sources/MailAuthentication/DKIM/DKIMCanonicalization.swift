/// How header and body are brought into one form before they are hashed (`c=`; RFC 6376 §3.4).
package struct DKIMCanonicalization: Hashable, Sendable {
    /// One of the two ways.
    package enum Form: String, Sendable, Hashable, CaseIterable {
        /// Almost nothing may change on the way.
        case simple
        /// White space, folds and the case of field names may change.
        case relaxed
    }

    package let header: Form
    package let body: Form

    package init(header: Form, body: Form) {
        self.header = header
        self.body = body
    }

    /// What the value of `c=` says: a form for the header and, behind a slash, one for the body, else simple. Nil for
    /// any other value. A signature without `c=` has simple for both (RFC 6376 §3.5).
    package init?(_ value: String) {
        switch value {
        case "relaxed/relaxed": self.init(header: .relaxed, body: .relaxed)
        case "relaxed/simple", "relaxed": self.init(header: .relaxed, body: .simple)
        case "simple/relaxed": self.init(header: .simple, body: .relaxed)
        case "simple/simple", "simple": self.init(header: .simple, body: .simple)
        default: return nil
        }
    }

    /// The value as `c=` writes it in full.
    package var text: String { "\(header.rawValue)/\(body.rawValue)" }
}
