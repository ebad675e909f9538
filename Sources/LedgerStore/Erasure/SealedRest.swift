import Cryptography
import Ledger

/// What an erasure leaves of an entry's sealed values: who else was its recipient or author. Everything else may hold
/// something about the person, whatever its name is: a subject line, a reason, an error, a body. Pure.
enum SealedRest {
    /// The disclosures that stay, joined by "~"; empty if none does.
    ///
    /// - Parameters:
    ///   - gone: people whose values were erased before.
    ///   - pseudonym: whose values go now; nil for everybody's.
    static func rest(
        of disclosures: String, in entry: Entry, gone: [Pseudonym], erasing pseudonym: Pseudonym?
    ) -> String {
        guard let pseudonym else { return "" }
        let sealed = disclosures.split(separator: "~").map { Disclosure(text: String($0)) }
        let people = sealed.map(address)
        var distinct: [[UInt8]] = []
        for name in ["recipient", "author"] {
            for person in people where person?.name == name {
                if let person, !distinct.contains(person.address) { distinct.append(person.address) }
            }
        }
        let subjects = entry.subjects.filter { !gone.contains($0) }
        // They stand in the same order. Where they do not fit together, nobody can say who is who, and nothing stays.
        guard subjects.count == distinct.count else { return "" }
        let staying = Set(zip(distinct, subjects).filter { $0.1 != pseudonym }.map(\.0))
        return zip(sealed, people).filter { staying.contains($0.1?.address ?? []) }.map(\.0.text)
            .joined(separator: "~")
    }

    /// The address in the form for look-up, if the value is a person's; verification finds it the same way.
    private static func address(_ disclosure: Disclosure) -> (name: String, address: [UInt8])? {
        guard let content = disclosure.content, content.name == "recipient" || content.name == "author",
            let text = (content.value["address"] ?? content.value).text
        else { return nil }
        return (content.name, CaseFolding.folded(Array(text.utf8)))
    }
}
