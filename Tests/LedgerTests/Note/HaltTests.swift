import Cryptography
import Ledger
import Testing

@Suite struct `The file of a halt` {
    private let tree = TreeHash.leaf(Array("root".utf8))

    private func origin() throws -> Origin { try Origin("acme.example/mail") }

    @Test func `says what it was written with`() throws {
        let halt = Halt("entry 6 is another one: ü", expecting: Checkpoint(origin: try origin(), size: 7, root: tree))
        #expect(try Halt(halt.bytes) == halt)
        let unknown = Halt("no head", of: try origin())
        #expect(try Halt(unknown.bytes) == unknown)
        #expect(String(decoding: unknown.bytes, as: UTF8.self).hasPrefix("countersign/halt/1\nacme.example/mail\n0\n"))
    }

    @Test func `is refused where it is cut off, or something else`() throws {
        let halt = Halt("a reason", expecting: Checkpoint(origin: try origin(), size: 7, root: tree))
        for count in 0..<halt.bytes.count {
            #expect(throws: NoteFault.self) { _ = try Halt(Array(halt.bytes.prefix(count))) }
        }
        #expect(throws: NoteFault.unknownFormat) { _ = try Halt(Array("countersign/guard/1\n".utf8)) }
        #expect(throws: NoteFault.tooLarge) { _ = try Halt(halt.bytes + [UInt8](repeating: 0x41, count: Halt.sizeMax)) }
    }

    @Test func `keeps the first reason and the larger tree`() throws {
        let small = Halt("first", expecting: Checkpoint(origin: try origin(), size: 7, root: tree))
        let large = Halt("second", expecting: Checkpoint(origin: try origin(), size: 9, root: tree))
        #expect(small.joined(with: large) == Halt("first", expecting: large.expected))
        #expect(large.joined(with: small) == large)
        #expect(small.joined(with: nil) == small)
        #expect(Halt(String(repeating: "ü", count: 900), of: try origin()).reason.utf8.count == Halt.reasonSizeMax)
    }
}
