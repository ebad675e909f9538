import Synchronization

/// Keys that were read before, so that the mail of one sender costs the reading of its key once.
///
/// It changes no result: what it gives for some records is what reading them gives. One is shared by all verifiers of a
/// process.
package final class DKIMKeyCache: Sendable {
    /// The most selectors that are kept. When there are more, it starts again.
    package static let selectorCountMax = 4_096
    /// The longest records that are kept, in bytes, the overhead of each string included: a key of RSA-4096 takes 750.
    private static let recordsSizeMax = 4_096
    private static let stringOverhead = 32

    private struct Entry {
        let records: [RecordData]
        let key: Result<DKIMKey, DKIMReason>
    }

    private let entries = Mutex<[DomainName: Entry]>([:])

    package init() {}

    /// What `read` makes of the records at a selector, which may have been made before.
    func key(
        at name: DomainName, in records: [RecordData], read: ([RecordData]) -> Result<DKIMKey, DKIMReason>
    ) -> Result<DKIMKey, DKIMReason> {
        if let entry = entries.withLock({ $0[name] }), entry.records == records { return entry.key }
        let key = read(records)
        guard Self.size(of: records) <= Self.recordsSizeMax else { return key }
        entries.withLock { entries in
            if entries.count >= Self.selectorCountMax { entries.removeAll() }
            entries[name] = Entry(records: records, key: key)
        }
        return key
    }

    private static func size(of records: [RecordData]) -> Int {
        records.reduce(0) { size, record in
            guard case .text(let strings) = record else { return size + stringOverhead }
            return strings.reduce(size) { $0 + $1.count + stringOverhead }
        }
    }
}
