package import Ledger
import LedgerStore

/// A report as its entry says it, and how it stands among its versions.
package struct ReportRecord: Sendable {
    package let seq: Int
    package let recordedAt: Timestamp
    package let outcome: String
    /// The members of the entry's `data`, without the event's name.
    package let data: [JSONValue.Member]
    /// Nil for what was rejected, and where it was not asked for.
    package let standing: ReportStanding?

    /// The record in the line of its entry.
    init(seq: Int, line: String, standing: ReportStanding? = nil) throws(StoreError) {
        guard let json = try? JSONReader.read(Array(line.utf8)), let outcome = json["outcome"]?.text,
            let recordedAt = json["recorded_at"]?.text.flatMap({ Timestamp($0) }), let data = json["data"]?.members,
            json["data"]?["event"]?.text == ReportEvent.name
        else { throw StoreError(.internal, "the stored line of entry \(seq) is no report") }
        self.seq = seq
        self.recordedAt = recordedAt
        self.outcome = outcome
        self.data = data.filter { $0.name != "event" }
        self.standing = standing
    }

    /// The first day of the report's period.
    package var firstDay: Timestamp? { self["begin"]?.number.map { StoredReports.day($0 / 86_400) } }

    /// Whether nothing but the report says who its receiver is; nil for what was rejected.
    package var isReceiverClaimed: Bool? {
        guard case .bool(let isClaimed)? = self["receiver_claimed"] else { return nil }
        return isClaimed
    }

    /// Everything by name, as readers get it.
    package var members: [JSONValue.Member] {
        [
            .init("outcome", .string(outcome)), .init("recorded_at", .string(recordedAt.text)),
            .init("seq", .integer(seq)),
        ] + data + (standing?.members ?? [])
    }

    package subscript(name: String) -> JSONValue? { data.first { $0.name == name }?.value }
}

/// What became of a report that was handed in.
package struct ReceivedReport: Sendable {
    package let record: ReportRecord
    /// Whether the ledger had it before.
    package let isReplayed: Bool
}
