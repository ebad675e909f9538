/// Reads the sections of a wire message one after the other.
struct DNSMessageReader {
    private static let headerSize = 12
    /// RFC 1035 §3.2.4.
    private static let classInternet: UInt16 = 1
    private static let typeSOA: UInt16 = 6

    private let bytes: [UInt8]
    private var at = Self.headerSize

    let responseCode: Int
    let isTruncated: Bool
    private let questionCount: Int
    let answerCount: Int
    let authorityCount: Int

    init?(_ bytes: [UInt8]) {
        guard bytes.count >= Self.headerSize else { return nil }
        self.bytes = bytes
        responseCode = Int(bytes[3] & 0x0F)
        isTruncated = bytes[2] & 0x02 != 0
        questionCount = Int(bytes[4]) << 8 | Int(bytes[5])
        answerCount = Int(bytes[6]) << 8 | Int(bytes[7])
        authorityCount = Int(bytes[8]) << 8 | Int(bytes[9])
    }

    /// The question section; an entry is nil if it is none of ours. Nil if the section cannot be read.
    mutating func questions() -> [Question?]? {
        var questions: [Question?] = []
        for _ in 0..<questionCount {
            guard let name = name(), let type = number16(), number16() != nil else { return nil }
            let domain = Self.domain(name)
            questions.append(domain.flatMap { domain in RecordType(rawValue: type).map { Question(domain, $0) } })
        }
        return questions
    }

    /// The next `count` records; nil if they cannot be read.
    mutating func records(_ count: Int) -> [DNSMessage.Record]? {
        var records: [DNSMessage.Record] = []
        for _ in 0..<count {
            guard let head = recordHead(), let data = data(head) else { return nil }
            records.append(
                DNSMessage.Record(owner: Self.domain(head.owner), type: head.type, ttl: head.ttl, data: data))
            at = head.end
        }
        return records
    }

    /// How long a denial holds, from the SOA among the next `count` records; `.some(nil)` if there is none.
    mutating func denialTTL(_ count: Int) -> UInt32?? {
        var found: UInt32?
        for _ in 0..<count {
            guard let head = recordHead() else { return nil }
            // The last of SOA's fields (RFC 2308 §4).
            if head.type == Self.typeSOA, head.end - at >= 4 {
                at = head.end - 4
                if let minimum = number32() { found = min(head.ttl, minimum) }
            }
            at = head.end
        }
        return .some(found)
    }

    private struct Head {
        let owner: [ArraySlice<UInt8>]
        let type: UInt16
        let isInternet: Bool
        let ttl: UInt32
        /// Where the record ends.
        let end: Int
    }

    private mutating func recordHead() -> Head? {
        guard let owner = name(), let type = number16(), let recordClass = number16(), let ttl = number32(),
            let size = number16(), at + Int(size) <= bytes.count
        else { return nil }
        return Head(
            owner: owner, type: type, isInternet: recordClass == Self.classInternet,
            // RFC 2181 §8: with the topmost bit set it is 0.
            ttl: ttl > UInt32(Int32.max) ? 0 : ttl, end: at + Int(size))
    }

    /// The data of a record, from `at` to its end; nil if they are not what their type asks.
    private mutating func data(_ head: Head) -> DNSMessage.Data? {
        guard head.isInternet, let type = RecordType(rawValue: head.type) else { return .other }
        switch type {
        case .a, .aaaa:
            guard head.end - at == (type == .a ? 4 : 16), let address = IPAddress(bytes[at..<head.end]) else {
                return nil
            }
            return .known(.address(address))
        case .txt: return strings(until: head.end).map { .known(.text($0)) }
        case .cname:
            guard let target = name(), at == head.end else { return nil }
            return Self.domain(target).map { .alias($0) } ?? .other
        case .ptr:
            guard let target = name(), at == head.end else { return nil }
            return Self.domain(target).map { .known(.pointer($0)) } ?? .other
        case .mx:
            guard let preference = number16(), let host = name(), at == head.end else { return nil }
            guard !host.isEmpty else { return .known(.exchange(preference: preference, host: nil)) }
            return Self.domain(host).map { .known(.exchange(preference: preference, host: $0)) } ?? .other
        }
    }

    private mutating func strings(until end: Int) -> [[UInt8]]? {
        var strings: [[UInt8]] = []
        while at < end {
            let size = Int(bytes[at])
            guard at + 1 + size <= end else { return nil }
            strings.append(Array(bytes[at + 1..<at + 1 + size]))
            at += 1 + size
        }
        return strings
    }

    /// The labels of a name (RFC 1035 §4.1.4); the position moves behind it.
    private mutating func name() -> [ArraySlice<UInt8>]? {
        var labels: [ArraySlice<UInt8>] = []
        var position = at
        var end: Int?
        var size = 0
        while true {
            guard position < bytes.count else { return nil }
            let length = Int(bytes[position])
            switch length {
            case 0:
                at = end ?? position + 1
                return labels
            case 1...DomainName.labelSizeMax:
                guard position + 1 + length <= bytes.count else { return nil }
                size += length + 1
                guard size <= DomainName.sizeMax + 1 else { return nil }
                labels.append(bytes[position + 1..<position + 1 + length])
                position += 1 + length
            case 0xC0...:
                guard position + 1 < bytes.count else { return nil }
                let target = (length & 0x3F) << 8 | Int(bytes[position + 1])
                // Backwards only, so that it ends.
                guard target < position else { return nil }
                if end == nil { end = position + 2 }
                position = target
            default: return nil
            }
        }
    }

    private static func domain(_ labels: [ArraySlice<UInt8>]) -> DomainName? {
        // A dot within a label would be taken for a boundary.
        guard !labels.isEmpty, labels.allSatisfy({ !$0.contains(UInt8(ascii: ".")) }) else { return nil }
        return DomainName(String(decoding: Array(labels.joined(separator: [UInt8(ascii: ".")])), as: UTF8.self))
    }

    private mutating func number16() -> UInt16? {
        guard at + 2 <= bytes.count else { return nil }
        defer { at += 2 }
        return UInt16(bytes[at]) << 8 | UInt16(bytes[at + 1])
    }

    private mutating func number32() -> UInt32? {
        guard let high = number16(), let low = number16() else { return nil }
        return UInt32(high) << 16 | UInt32(low)
    }
}
