import Cryptography
import Ledger
import LedgerStore

/// Writes entries as CSV (RFC 4180), safe to open in a spreadsheet.
struct CSVWriter {
    private let withPersonal: Bool
    private(set) var bytes: [UInt8] = []
    private var isFirst = true

    private static let columns = [
        "seq", "recorded_at", "occurred_at", "kind", "outcome", "message_id", "sender", "oversight_mode", "actor_type",
        "actor_id", "engine", "run_id", "step_id", "attempt", "reporter_id", "via", "claimed", "data",
        "leaf_hash",
    ]

    /// - Parameter withPersonal: whether two columns follow: the sealed values as JSON, and what erased some.
    init(withPersonal: Bool) {
        self.withPersonal = withPersonal
    }

    /// The row with the names of the columns.
    mutating func header() {
        for column in Self.columns { field(column) }
        if withPersonal {
            field("personal")
            field("erased_by")
        }
        endRow()
    }

    /// The row of `entry`; columns that the line has nothing for stay empty.
    mutating func row(_ entry: StoredEntry) {
        let json = (try? JSONReader.read(Array(entry.line.utf8))) ?? [:]
        field(String(entry.seq))
        for name in ["recorded_at", "occurred_at", "kind", "outcome", "message_id", "sender", "oversight_mode"] {
            field(json[name])
        }
        field(json["actor"]?["type"])
        field(json["actor"]?["id"])
        for name in ["engine", "run_id", "step_id", "attempt"] { field(json["workflow"]?[name]) }
        field(json["reporter"]?["id"])
        field(json["reporter"]?["via"])
        field(Self.claimed(entry, json))
        field(json["data"])
        field(entry.leafHash.hex)
        if withPersonal {
            field(entry.disclosures.isEmpty ? nil : .object(entry.personal))
            field(entry.erasure.map(JSONValue.integer))
        }
        endRow()
    }

    /// What stands on a producer's word alone: `entry` where that is a decision or a verification as a whole, or the
    /// facts of a check that only its caller vouches for, by name, with spaces between them.
    private static func claimed(_ entry: StoredEntry, _ json: JSONValue) -> JSONValue? {
        guard !entry.isClaim else { return "entry" }
        guard json["kind"]?.text == Kind.verification.rawValue else { return nil }
        return json["data"]?["claimed"]?.elements.map { .string($0.compactMap(\.text).joined(separator: " ")) }
    }

    private mutating func field(_ value: JSONValue?) {
        switch value {
        case nil: field("")
        case .string(let text)?: field(text)
        case .integer(let number)?: field(String(number))
        case let value?: field(String(decoding: CanonicalWriter.bytes(of: value), as: UTF8.self))
        }
    }

    private mutating func field(_ text: String) {
        if !isFirst { bytes.append(UInt8(ascii: ",")) }
        isFirst = false
        let isQuoted = text.utf8.contains { byte in
            switch byte {
            case UInt8(ascii: ","), UInt8(ascii: "\""), 0x0A, 0x0D: true
            default: false
            }
        }
        if isQuoted { bytes.append(UInt8(ascii: "\"")) }
        if Self.isFormula(text) { bytes.append(UInt8(ascii: "'")) }
        for byte in text.utf8 {
            if byte == UInt8(ascii: "\"") { bytes.append(byte) }
            bytes.append(byte)
        }
        if isQuoted { bytes.append(UInt8(ascii: "\"")) }
    }

    /// Whether a spreadsheet would compute `text`: an apostrophe before it makes it text again.
    private static func isFormula(_ text: String) -> Bool {
        switch text.utf8.first {
        case UInt8(ascii: "="), UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "@"), 0x09, 0x0A, 0x0D: true
        default: false
        }
    }

    private mutating func endRow() {
        bytes += [0x0D, 0x0A]
        isFirst = true
    }
}
