import MailAuthentication
import Testing

@Suite struct `A Message-ID field` {
    private func field(_ bodies: String...) -> MessageIDField {
        MessageIDField(RawMessage(Array((bodies.map { "Message-ID: \($0)\r\n" }.joined() + "\r\n").utf8)))
    }

    @Test(arguments: [
        "<1234@local.machine.example>", "<5678.21-Nov-1997@example.com>", "<abc$1!x@[192.0.2.1]>", "<a@ÿ.example>",
    ])
    func `an identifier by the grammar has no finding`(_ id: String) {
        #expect(field(id).id == id && field(id).findings.isEmpty)
        #expect(field(" (c)\r\n \(id)\r\n (d) ").id == id)
    }

    @Test(arguments: [
        ("1234@x.example", "<1234@x.example>", [MessageIDField.Finding.noAngleBrackets]),
        ("<1234>", "<1234>", [.noAtSign]),
        ("1234", "<1234>", [.noAngleBrackets, .noAtSign]), ("<a@x.example> junk", "<a@x.example>", [.trailingText]),
        ("<a@x.example> (open", "<a@x.example>", [.trailingText]),
        ("<a @\r\n x.example>", "<a@x.example>", [.innerSpace]),
        ("<a@b@x.example>", "<a@b@x.example>", [.syntax]), ("<a..b@x.example>", "<a..b@x.example>", [.syntax]),
        ("<[a]:1@x>", "<[a]:1@x>", [.syntax]), ("<a@>", "<a@>", [.syntax]),
        ("<\"a\"@x.example>", "<\"a\"@x.example>", [.syntax]),
    ])
    func `other forms are read, with findings`(_ text: String, _ id: String, _ findings: [MessageIDField.Finding]) {
        #expect(field(text).id == id)
        #expect(field(text).findings == findings)
    }

    @Test(arguments: [
        "", "<>", "<a@x.example", "<a<b@x.example>", "a b", "(open", "<\"a b\"@x.example>", "<a\u{0}@x.example>", "< >",
        "<" + String(repeating: "a", count: 997) + ">",
    ])
    func `what holds no identifier is unusable`(_ text: String) {
        #expect(field(text).id == nil)
        #expect(field(text).findings.contains(.unusable))
    }

    @Test func `the longest identifier fits`() {
        let id = "<" + String(repeating: "a", count: 994) + "@x>"
        #expect(id.utf8.count == MessageIDField.sizeMax)
        #expect(field(id).id == id)
    }

    @Test func `none is picked of several fields`() {
        let field = field("<a@x.example>", "<b@x.example>")
        #expect(field.id == nil && field.ids == ["<a@x.example>", "<b@x.example>"])
        #expect(field.findings == [.multipleFields])
        #expect(self.field("<a@x.example>", "").id == nil)
        #expect(MessageIDField(fields: []).findings == [.noField])
    }
}
