import Cryptography
import MailAuthentication
import Synchronization

/// Names and what is said about them, for tests: a name that is not there does not exist, unless one below it does.
final class TestZone: Resolver {
    /// What is said about one name and type.
    enum Entry {
        case records([RecordData])
        case failure(Answer.Outcome)
    }

    private let entries: [Question: Entry]
    private let names: Set<DomainName>
    private let asked = Mutex<[Question]>([])

    init(_ entries: [Question: Entry] = [:]) {
        self.entries = entries
        var names: Set<DomainName> = []
        for question in entries.keys {
            var name: DomainName? = question.name
            while let current = name {
                names.insert(current)
                name = current.parent
            }
        }
        self.names = names
    }

    /// TXT records alone: each text is one record of one string.
    convenience init(texts: [String: [String]]) {
        var entries: [Question: Entry] = [:]
        for (name, texts) in texts {
            guard let name = DomainName(name) else { continue }
            entries[Question(name, .txt)] = .records(texts.map { .text([Array($0.utf8)]) })
        }
        self.init(entries)
    }

    /// The questions so far, in order.
    var questions: [Question] { asked.withLock { $0 } }

    func answer(to question: Question) async -> Answer {
        asked.withLock { $0.append(question) }
        let evidence = SHA256.digest("\(question.name) \(question.type.name)")
        switch entries[question] {
        case .records(let records): return Answer(question, .answer, records, evidence: evidence)
        case .failure(let outcome): return Answer(question, outcome, [], evidence: evidence)
        case nil:
            return Answer(question, names.contains(question.name) ? .nodata : .nxdomain, [], evidence: evidence)
        }
    }
}
