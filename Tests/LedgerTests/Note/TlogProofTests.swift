import Cryptography
import Testing

@testable import Ledger

@Suite struct `A receipt` {
    private static let files = [
        ("index-0-of-1", 0), ("index-3-of-7", 3), ("index-3-of-7-extra", 3), ("index-6-of-7", 6),
    ]

    private func keys(_ names: String...) throws -> [NoteKey] {
        let all = try NoteVectors.keys()
        return try names.map { try #require(all[$0]).key() }
    }

    private func verdict(_ proof: TlogProof, _ index: Int) throws -> TlogProof.Verdict {
        proof.verify(
            leafHash: try NoteVectors.leafHashes()[index], log: try keys("log"),
            witnesses: try keys("witness1", "witness2", "witness3"))
    }

    @Test func `of the generated ledger is read, proves its line, and is written again`() throws {
        for (name, index) in Self.files {
            let bytes = try Vectors.bytes("c2sp-generated/\(name).tlog-proof")
            let proof = try TlogProof(bytes)
            #expect(proof.bytes == bytes)
            #expect(proof.index == index)
            guard case .proved(let trusted) = try verdict(proof, index) else {
                Issue.record("\(name): \(try verdict(proof, index))")
                continue
            }
            #expect(trusted.checkpoint.origin.text == "acme.example/mail")
        }
        let cosigned = try TlogProof(try Vectors.bytes("c2sp-generated/index-3-of-7.tlog-proof"))
        guard case .proved(let trusted) = try verdict(cosigned, 3) else { return #expect(Bool(false)) }
        #expect(trusted.signers == (try keys("log", "witness1", "witness2")))
        #expect(
            try TlogProof(try Vectors.bytes("c2sp-generated/index-3-of-7-extra.tlog-proof")).extra
                == Array("{\"seq\":3}".utf8))
    }

    @Test func `is refused in every generated case`() throws {
        let cases = try NoteVectors.rejected("proof")
        #expect(cases.count == 16)
        for rejected in cases {
            guard let proof = try? TlogProof(rejected.bytes), proof.index < 7 else { continue }
            if case .proved = try verdict(proof, proof.index) { Issue.record("\(rejected.what)") }
        }
    }

    @Test func `with any byte changed proves nothing`() throws {
        let whole = try TlogProof(try Vectors.bytes("c2sp-generated/index-6-of-7.tlog-proof"))
        // A witness whose name is changed is a stranger, and strangers are passed over: the ledger's signature alone.
        let signed = SignedNote(
            text: whole.checkpoint.text, signatures: Array(whole.checkpoint.signatures.prefix(1)))
        let bytes = TlogProof(index: 6, proof: whole.proof, checkpoint: signed).bytes
        for position in bytes.indices {
            var changed = bytes
            changed[position] ^= 1
            guard let proof = try? TlogProof(changed) else { continue }
            if case .proved = try verdict(proof, 6) { Issue.record("byte \(position)") }
        }
    }

    @Test func `of a tree that only a witness signed, or another ledger, says so`() throws {
        let proof = try TlogProof(try Vectors.bytes("c2sp-generated/index-3-of-7.tlog-proof"))
        let leaf = try NoteVectors.leafHashes()[3]
        let stripped = TlogProof(
            index: 3, proof: proof.proof,
            checkpoint: SignedNote(
                text: proof.checkpoint.text, signatures: Array(proof.checkpoint.signatures.dropFirst())))
        #expect(
            stripped.verify(leafHash: leaf, log: try keys("log"), witnesses: try keys("witness1"))
                == .checkpoint(.notSignedByLedger))
        #expect(
            proof.verify(leafHash: leaf, log: try keys("witness1"))
                == .checkpoint(.otherOrigin(KeyName(try Origin("acme.example/mail")))))
        #expect(
            proof.verify(leafHash: try NoteVectors.leafHashes()[2], log: try keys("log"))
                != (try verdict(proof, 3)))
    }
}
