/// One line of an export in JSONL: an entry, with those of its sealed values that the export shows.
package struct ExportedEntry: Sendable {
    /// Why a line of a file is none.
    package enum Fault: Error, Equatable, Sendable {
        /// Not canonical JSON, or no entry.
        case notAnEntry
        /// A value is shown that the line does not seal, or that it seals under another name.
        case strangeDisclosure(seq: Int)
    }

    /// The canonical line.
    package let line: [UInt8]
    package let entry: Entry
    /// The values that are shown, in the order in which the line seals them.
    package let disclosures: [Disclosure]

    /// How many of the values that the line seals are not shown.
    package var missingCount: Int { entry.sealed.count - disclosures.count }

    /// Reads the line itself, or an object with the members `line` and `disclosures`.
    package init(_ text: [UInt8]) throws(Fault) {
        if let entry = try? Entry(line: text) {
            line = text
            self.entry = entry
            disclosures = []
            return
        }
        guard let json = try? JSONReader.read(text), let line = json["line"]?.text.map({ Array($0.utf8) }),
            let entry = try? Entry(line: line)
        else { throw .notAnEntry }
        self.line = line
        self.entry = entry
        var shown: [String: Disclosure] = [:]
        for element in json["disclosures"]?.elements ?? [] {
            let disclosure = Disclosure(text: element.text ?? "")
            guard shown.updateValue(disclosure, forKey: disclosure.digest) == nil else {
                throw .strangeDisclosure(seq: entry.seq)
            }
        }
        disclosures = entry.sealed.compactMap { name, digest in
            guard let disclosure = shown[digest], let own = disclosure.content?.name,
                own.utf8.elementsEqual(name.utf8)
            else { return nil }
            return disclosure
        }
        guard disclosures.count == shown.count else { throw .strangeDisclosure(seq: entry.seq) }
    }
}
