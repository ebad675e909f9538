/// An answer of a name server as it came over the wire (RFC 1035 §4): what evidence keeps and what is judged again.
///
/// Reading is strict and bounded: compressed names lead backwards only, and what cannot be read makes the message
/// unreadable as a whole.
struct DNSMessage: Hashable, Sendable {
    /// One resource record of the answer section.
    struct Record: Hashable, Sendable {
        /// Nil for an owner that is no ``DomainName``, such as one with octets outside ASCII.
        let owner: DomainName?
        let type: UInt16
        let ttl: UInt32
        let data: Data
    }

    /// What a record holds.
    enum Data: Hashable, Sendable {
        case alias(DomainName)
        case known(RecordData)
        /// Of another type or class, or naming what is no ``DomainName``.
        case other
    }

    /// The response code of the header, 0 to 15.
    let responseCode: Int
    /// TC: there is more that did not fit.
    let isTruncated: Bool
    /// The question section's first entry; nil if it is none of ours.
    let question: Question?
    let answers: [Record]
    /// The seconds for which a denial holds (RFC 2308 §5): the least of the SOA's TTL and its last field.
    let denialTTL: UInt32?

    /// How many aliases are followed (RFC 1034 §3.6.2 warns of loops).
    static let aliasesMax = 12

    /// The message in `bytes`; nil if it cannot be read.
    init?(_ bytes: [UInt8]) {
        guard var reader = DNSMessageReader(bytes) else { return nil }
        responseCode = reader.responseCode
        isTruncated = reader.isTruncated
        guard let questions = reader.questions(), let answers = reader.records(reader.answerCount),
            let denialTTL = reader.denialTTL(reader.authorityCount)
        else { return nil }
        question = questions.first ?? nil
        self.answers = answers
        self.denialTTL = denialTTL
    }

    /// What the message says about `question`.
    struct Finding: Hashable, Sendable {
        /// The names that aliases lead to, in order.
        var aliases: [DomainName] = []
        /// The records of the type that was asked for, in the order of the message; those that name what is no
        /// ``DomainName`` are not among them.
        var records: [RecordData] = []
        /// Whether there are records of the type at all.
        var hasType = false
        /// The least TTL of what was used, in seconds; nil if nothing was.
        var ttl: UInt32?
    }

    /// Follows the aliases from the question's name, and takes the records at their end; nil if they lead in a circle.
    func finding(for question: Question) -> Finding? {
        var finding = Finding()
        var name = question.name
        while true {
            let here = answers.filter { $0.owner == name }
            let records = here.compactMap { record -> RecordData? in
                guard record.type == question.type.rawValue, case .known(let data) = record.data else { return nil }
                return data
            }
            let used = here.filter { $0.type == question.type.rawValue }
            finding.lower(used.map(\.ttl))
            guard records.isEmpty, let alias = here.first(where: { $0.type == RecordType.cname.rawValue }),
                case .alias(let target) = alias.data
            else {
                finding.records = records
                finding.hasType = !used.isEmpty
                return finding
            }
            guard finding.aliases.count < Self.aliasesMax, !finding.aliases.contains(target) else { return nil }
            finding.lower([alias.ttl])
            finding.aliases.append(target)
            name = target
        }
    }
}

extension DNSMessage.Finding {
    fileprivate mutating func lower(_ ttls: [UInt32]) {
        for other in ttls { ttl = min(ttl ?? other, other) }
    }
}
