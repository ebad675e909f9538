import Testing

@testable import Ledger

@Suite struct `A key of notes` {
    @Test func `is written as it is read`() throws {
        for (name, key) in try NoteVectors.keys() {
            #expect(try key.key().vkey == key.vkey, "\(name)")
            #expect(try key.signer().key == key.key(), "\(name)")
        }
    }

    @Test func `is refused in every generated case`() throws {
        let cases = try NoteVectors.rejected("vkey")
        #expect(cases.count == 7)
        for rejected in cases {
            #expect(throws: NoteFault.self, "\(rejected.what)") { try NoteKey(vkey: rejected.bytes) }
        }
    }
}
