import Cryptography
import Ledger
import LedgerStore

extension JSONWriter {
    /// One entry as readers get it.
    ///
    /// - Parameter withLine: whether the exact line is given as text as well.
    mutating func entry(_ entry: StoredEntry, withLine: Bool = false) throws(StoreError) {
        let line = Array(entry.line.utf8)
        // The line is handed on as it stands. One that is not what its leaf hash says may be anything, so that is read
        // first: an answer stays JSON whatever somebody wrote into the table.
        if TreeHash.leaf(line) != entry.leafHash, (try? JSONReader.read(line)) == nil {
            throw StoreError(.internal, "the stored line of entry \(entry.seq) is not JSON")
        }
        object { writer in
            writer.member("seq", entry.seq)
            writer.member("leaf_hash", entry.leafHash)
            writer.name("entry")
            writer.verbatim(line)
            if withLine { writer.member("line", entry.line) }
            if entry.isClaim { writer.member("claim", true) }
            if let erasedBy = entry.erasure { writer.member("erased_by", erasedBy) }
            if !entry.disclosures.isEmpty {
                writer.name("personal")
                writer.value(.object(entry.personal))
                writer.name("disclosures")
                writer.array { writer in
                    for disclosure in entry.disclosures { writer.value(disclosure.text) }
                }
            }
        }
    }
}

extension StoredEntry {
    /// The entry under which sealed values of this one were erased. A list of erased entries may pass over some that
    /// seal nothing.
    var erasure: Int? {
        erasedBy.flatMap { (try? JSONReader.read(Array(line.utf8)))?["sealed"] == nil ? nil : $0 }
    }

    /// What the disclosures say, by name, as far as the line vouches for it. A list is shown as one, even if only some
    /// of its elements are left.
    var personal: [JSONValue.Member] {
        guard let sealed = (try? JSONReader.read(Array(line.utf8)))?["sealed"]?.members else { return [] }
        var values: [[UInt8]: JSONValue] = [:]
        for disclosure in disclosures {
            guard let content = disclosure.content else { continue }
            values[Array("\(content.name) \(disclosure.digest)".utf8)] = content.value
        }
        return sealed.compactMap { member in
            let digests = (member.value.elements ?? [member.value]).compactMap(\.text)
            let found = digests.compactMap { values[Array("\(member.name) \($0)".utf8)] }
            guard let first = found.first else { return nil }
            return JSONValue.Member(member.name, member.value.elements == nil ? first : .array(found))
        }
    }
}
