package import Cryptography

/// How exported entries are written, one by one, over HTTP and on the command line alike.
package enum ExportFormat: String, CaseIterable, Sendable {
    /// The canonical line of each entry, byte for byte, or with its disclosures in an object of its own.
    case jsonl
    /// RFC 4180, for people's spreadsheets: a view of the entry, not the proof of it.
    case csv

    /// The media type of the whole.
    package var mediaType: String {
        switch self {
        case .jsonl: "application/x-ndjson"
        case .csv: "text/csv; charset=utf-8"
        }
    }

    /// What stands before the first entry.
    package func header(disclosures: Bool) -> [UInt8] {
        switch self {
        case .jsonl: []
        case .csv: CSVLine.bytes(ExportColumns.names + (disclosures ? ["personal"] : []))
        }
    }

    /// Appends one entry with its end of line.
    ///
    /// - Parameter disclosures: the sealed values to show with the entry; nil if none are asked for.
    package func append(line: String, leafHash: Digest, disclosures: [Disclosure]?, to target: inout [UInt8]) {
        switch self {
        case .jsonl:
            if let disclosures {
                CanonicalWriter.append(
                    [
                        .init("disclosures", .array(disclosures.map { .string($0.text) })),
                        .init("line", .string(line)),
                    ], to: &target)
            } else {
                target += line.utf8
            }
            target.append(UInt8(ascii: "\n"))
        case .csv:
            var cells = ExportColumns.cells(line: line, leafHash: leafHash)
            if let disclosures { cells.append(ExportColumns.personal(disclosures)) }
            target += CSVLine.bytes(cells)
        }
    }
}

/// The columns of an exported CSV file, named as in JSON.
private enum ExportColumns {
    static let names = [
        "ledger", "seq", "recorded_at", "occurred_at", "kind", "outcome", "oversight_mode", "message_id", "sender",
        "actor_type", "actor_id", "reporter_via", "reporter_id", "engine", "run_id", "step_id", "attempt", "data",
        "leaf_hash",
    ]

    /// The cells of one entry. A line that cannot be read, which only tampering leaves behind, gives its hash alone.
    static func cells(line: String, leafHash: Digest) -> [String] {
        let json = (try? JSONReader.read(Array(line.utf8))) ?? [:]
        let texts = [
            "ledger", "seq", "recorded_at", "occurred_at", "kind", "outcome", "oversight_mode", "message_id", "sender",
        ].map { cell(json[$0]) }
        let claims = [
            json["actor"]?["type"], json["actor"]?["id"], json["reporter"]?["via"], json["reporter"]?["id"],
        ].map(cell)
        let workflow = ["engine", "run_id", "step_id", "attempt"].map { cell(json["workflow"]?[$0]) }
        return texts + claims + workflow + [cell(json["data"]), leafHash.hex]
    }

    /// The sealed values as one JSON object; several of one name become a list.
    static func personal(_ disclosures: [Disclosure]) -> String {
        var names: [String] = []
        var values: [String: [JSONValue]] = [:]
        for content in disclosures.compactMap(\.content) {
            if values[content.name] == nil { names.append(content.name) }
            values[content.name, default: []].append(content.value)
        }
        guard !names.isEmpty else { return "" }
        return cell(
            .object(
                names.map { name in
                    let all = values[name] ?? []
                    return .init(name, all.count == 1 ? all[0] : .array(all))
                }))
    }

    private static func cell(_ value: JSONValue?) -> String {
        guard let value else { return "" }
        if let text = value.text { return text }
        return String(decoding: CanonicalWriter.bytes(of: value), as: UTF8.self)
    }
}
