import Cryptography
import Ledger
import LedgerStore
import Testing

@testable import Server

@Suite struct `CSV` {
    private func row(
        _ line: String, withPersonal: Bool = false, _ disclosures: [Disclosure] = [], erasedBy: Int? = nil
    ) -> String {
        var writer = CSVWriter(withPersonal: withPersonal)
        writer.row(
            StoredEntry(
                seq: 7, leafHash: TreeHash.leaf(Array(line.utf8)), line: line, disclosures: disclosures,
                erasedBy: erasedBy))
        return String(decoding: writer.bytes, as: UTF8.self)
    }

    @Test func `begins with the names of its columns`() {
        var writer = CSVWriter(withPersonal: true)
        writer.header()
        let text = String(decoding: writer.bytes, as: UTF8.self)
        #expect(text.hasPrefix("seq,recorded_at,occurred_at,kind,outcome,message_id,"))
        #expect(text.hasSuffix(",leaf_hash,personal,erased_by\r\n"))
    }

    @Test func `leaves empty what the line has nothing for, and quotes what needs it`() {
        let line = #"{"data":{"a":"x,\"y\"\n"},"kind":"send","outcome":"sent","workflow":{"attempt":0}}"#
        let hash = TreeHash.leaf(Array(line.utf8)).hex
        #expect(
            row(line) == #"7,,,send,sent,,,,,,,,,0,,,,"{""a"":""x,\""y\""\n""}","# + hash + "\r\n")
    }

    @Test func `names what the caller of a check only claimed`() {
        let line = #"{"data":{"claimed":["ip","mail_from"]},"kind":"verification","outcome":"aligned"}"#
        #expect(row(line).contains(#",ip mail_from,"{""claimed"":"#))
        #expect(row(line.replacing("verification", with: "send")).contains(#",,"{""claimed"":"#))
    }

    @Test(arguments: ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"])
    func `turns what a spreadsheet would compute into text`(_ text: String) {
        let line = String(
            decoding: CanonicalWriter.bytes(of: ["actor": ["id": .string(text), "type": "agent"]]), as: UTF8.self)
        #expect(row(line).contains("agent,'\(text)") || row(line).contains("agent,\"'\(text)\""))
    }

    @Test func `has what was sealed as one more column, as far as the line vouches for it`() {
        let subject = Disclosure(salt: [UInt8](repeating: 1, count: 16), name: "subject", value: "hello")
        let foreign = Disclosure(salt: [UInt8](repeating: 2, count: 16), name: "subject", value: "forged")
        let line = #"{"sealed":{"subject":"\#(subject.digest)"}}"#
        #expect(row(line, withPersonal: true, [foreign, subject]).hasSuffix(#","{""subject"":""hello""}"# + "\",\r\n"))
        #expect(row(line, withPersonal: true, erasedBy: 9).hasSuffix(",,9\r\n"))
        #expect(row("{}", withPersonal: true, erasedBy: 9).hasSuffix(",,\r\n"), "nothing was sealed")
    }
}
