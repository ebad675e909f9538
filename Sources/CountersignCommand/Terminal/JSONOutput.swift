import FoundationEssentials
import Ledger

/// One JSON document on standard output, for machines. Names are in snake_case in the types themselves.
enum JSONOutput {
    /// A value that says its JSON itself: the same shape as the service's answer.
    static func print(_ value: JSONValue) throws {
        try Output.standard.writeLine(String(decoding: CanonicalWriter.bytes(of: value), as: UTF8.self))
    }

    static func print(_ value: some Encodable) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        try Output.standard.writeLine(String(decoding: try encoder.encode(value), as: UTF8.self))
    }
}
