import MailAuthentication

/// A wire message in the making.
struct Packet {
    /// A pointer to the name of the question, which stands behind the header.
    static let questionName: [UInt8] = [0xC0, 12]

    private(set) var bytes: [UInt8]

    init(question: String, _ type: RecordType, answers: UInt8, authorities: UInt8 = 0) {
        bytes = [0, 1, 0x81, 0x80, 0, 1, 0, answers, 0, authorities, 0, 0]
        bytes += Self.name(question) + [0, UInt8(type.rawValue), 0, 1]
    }

    mutating func record(owner: [UInt8], type: UInt8, ttl: UInt16, _ data: [UInt8]) {
        bytes += owner + [0, type, 0, 1, 0, 0, UInt8(ttl >> 8), UInt8(ttl & 0xFF), 0, UInt8(data.count)] + data
    }

    static func name(_ text: String) -> [UInt8] {
        text.split(separator: ".").flatMap { [UInt8($0.utf8.count)] + Array($0.utf8) } + [0]
    }
}
