import Cryptography
import Ledger

/// What becomes of the sealed values of a lost entry, as far as an export still shows them.
struct LostValues: Sendable {
    /// Somebody whose address is shown.
    struct Person: Sendable {
        /// The tag that the address is found by.
        let tag: [UInt8]
        let pseudonym: Pseudonym
    }

    let people: [Person]
    /// The disclosures that no lost entry erased, joined by "~"; empty if there is none.
    let staying: [UInt8]
    /// Whether all that nothing erased is shown.
    let isComplete: Bool

    /// - Parameter erased: what lost entries erased of this one. The export may show it all the same, for it may be
    ///   from before.
    init(_ exported: ExportedEntry, _ keys: LedgerKeys, erased: ErasureCoverage.Erased) {
        var reader = DisclosureReader()
        let values = exported.disclosures.map { disclosure in
            (disclosure: disclosure, content: reader.read(Array(disclosure.text.utf8).span))
        }
        var addresses: [[UInt8]] = []
        for name in [DisclosureReader.Content.recipient, DisclosureReader.Content.author] {
            for value in values where value.content?.name == name {
                if let address = value.content?.address, !addresses.contains(address) { addresses.append(address) }
            }
        }
        let shown = Self.shown(values.map(\.disclosure.digest), addresses.count, of: exported, erased)
        people = zip(addresses, shown).map { address, pseudonym in
            Person(tag: keys.subjectTag(of: address).bigEndianBytes, pseudonym: pseudonym)
        }
        guard !erased.isNothing else {
            staying = Array(values.map(\.disclosure.text).joined(separator: "~").utf8)
            isComplete = exported.missingCount == 0
            return
        }
        // As erasing does it: only other people stay, and nobody where it cannot be said who is who.
        let isClear = !erased.isWhole && shown.count == addresses.count
        let others = zip(addresses, shown).filter { isClear && !erased.pseudonyms.contains($0.1.number) }
        let left = values.filter { value in
            guard let content = value.content, content.isPerson, let address = content.address else { return false }
            return others.contains { $0.0 == address }
        }
        staying = Array(left.map(\.disclosure.text).joined(separator: "~").utf8)
        let wanted = exported.entry.subjects.filter { !erased.pseudonyms.contains($0.number) }
        let hasPeople = exported.entry.sealed.contains { ["recipient", "author"].contains($0.name) }
        isComplete = erased.isWhole || !hasPeople || others.count >= Set(wanted).count
    }

    /// The people whose `count` addresses are shown, in the order of the subjects. Where each person has one digest in
    /// the line, the place of the digest says who it is; else it is all of them, or those whom the first of the
    /// erasures had left when the export was taken.
    private static func shown(
        _ digests: [String], _ count: Int, of exported: ExportedEntry, _ erased: ErasureCoverage.Erased
    ) -> [Pseudonym] {
        var shown = exported.entry.subjects
        guard exported.missingCount > 0 else { return shown }
        let sealed = exported.entry.sealed
        let persons = ["recipient", "author"].flatMap { name in sealed.filter { $0.name == name }.map(\.digest) }
        if persons.count == shown.count {
            return zip(persons, shown).filter { digests.contains($0.0) }.map(\.1)
        }
        for gone in erased.pseudonyms where shown.count > count { shown.removeAll { $0.number == gone } }
        return shown
    }
}

extension Pseudonym {
    /// As a big-endian number.
    fileprivate var number: UInt128 { UInt128(bigEndian: bytes.span) ?? 0 }
}
