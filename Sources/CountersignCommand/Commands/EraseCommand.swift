import ArgumentParser
import Ledger
import LedgerStore

/// `countersign erase`
struct Erase: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Erase a person; every proof holds.",
        discussion: """
            Everything sealed about the person goes, and the mapping of the address to its pseudonym. Entries stay, \
            and an entry of its own lists what was touched. A legal hold outranks it: then nothing is erased, and \
            that is an entry too.

            Letter case, accents and the spelling of the domain (U-labels or A-labels) do not matter. An address that \
            the ledger never met is told of as not found; the wish is recorded all the same.

            The legal basis stays in clear; who asked is sealed. Neither may spell the address.

            Example:
                countersign erase --data-dir /var/lib/countersign \\
                    --subject jane@customer.example --legal-basis "GDPR Art. 17(1)(b)" \\
                    --requester "the person, by letter of 2026-11-20"
            """)

    @OptionGroup var database: DatabaseOptions
    @OptionGroup var ledger: LedgerOption
    @OptionGroup var journal: JournalOption
    @OptionGroup var output: OutputOptions
    @Option(help: ArgumentHelp("Whom to erase.", valueName: "address"))
    var subject: String
    @Option(help: ArgumentHelp("Why it must be done; kept in clear.", valueName: "text"))
    var legalBasis: String
    @Option(help: ArgumentHelp("Who asked; sealed.", valueName: "text"))
    var requester: String

    private struct Answer: Encodable {
        let found: Bool
        let erased_by: [Int]
        let entries: Int
        let seqs: [String]
    }

    func run() async throws {
        let request = try ErasureRequest(
            subject: try Address(subject), legalBasis: legalBasis, requester: requester)
        try await OpenStore.with(database, journal) { open in
            try journal.journal(of: open.location)?.check()
            let outcome = try await open.store.erase(
                request, in: try await ledger.find(in: open.store), reporter: OpenStore.reporter,
                timeout: OpenStore.appendTimeout)
            switch outcome {
            case .held(let holds, let seq):
                throw Complaint(
                    "a legal hold outranks the erasure: nothing was erased, and entry \(seq) says so",
                    next: "look at \(holds.joined(separator: ", ")) with `countersign hold list`", status: .notGood)
            case .erased(let erasure):
                if output.isJSON {
                    return try JSONOutput.print(
                        Answer(
                            found: erasure.foundSubject, erased_by: erasure.erasedBy, entries: erasure.seqs.count,
                            seqs: erasure.seqs.texts.compactMap(\.text)))
                }
                let under = erasure.erasedBy.map { String($0) }.joined(separator: ", ")
                guard erasure.foundSubject else {
                    return try Output.standard.writeLine(
                        "nobody of this address was known: nothing was erased, and entry \(under) records the wish")
                }
                try Output.standard.writeLine("erased in \(erasure.seqs.count) entries, recorded under entry \(under)")
            }
        }
    }
}
