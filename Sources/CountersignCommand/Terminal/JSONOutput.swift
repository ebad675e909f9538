import FoundationEssentials

/// One JSON document on standard output, for machines. Names are in snake_case in the types themselves.
enum JSONOutput {
    static func print(_ value: some Encodable) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        try Output.standard.writeLine(String(decoding: try encoder.encode(value), as: UTF8.self))
    }
}
