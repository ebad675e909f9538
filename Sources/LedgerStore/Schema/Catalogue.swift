package import Postgres

/// What stands in a database, thing by thing: tables and columns, constraints and indexes, functions, triggers, rights,
/// roles (`sql/catalogue.sql`); and how that differs from what the migrations make (`sql/catalogue.txt`).
package struct Catalogue: Sendable {
    /// One thing, and what is said of it in parts.
    package struct Item: Hashable, Comparable, Sendable {
        package let kind: String
        package let name: String
        package let said: String

        /// How a sentence calls it.
        package var subject: String { "\(kind) \(name)" }
        /// Its line in the file.
        package var line: String { "\(kind) | \(name) | \(said)" }

        package static func < (left: Item, right: Item) -> Bool {
            left.line.utf8.lexicographicallyPrecedes(right.line.utf8)
        }
    }

    /// One way in which a database differs from what the migrations make.
    package struct Difference: Sendable {
        /// What is wrong, such as "function countersign.x(bigint) that no migration makes".
        package let reason: String
        /// Whether it touches the ledgers, or the roles that work on them; else it is something else's in the same
        /// database.
        package let isOurs: Bool
    }

    /// In order.
    package let items: [Item]

    init(items: [Item]) { self.items = items.sorted() }

    /// The text of the file.
    package var text: String { withoutFurtherPartitions.map { "\($0.line)\n" }.joined() }

    /// What the migrations make, but for partitions beyond the first.
    package static let migrated = Catalogue(
        text: String(decoding: PackageResources.catalogue_txt, as: UTF8.self))

    init(text: String) {
        items = text.split(separator: "\n").compactMap { line in
            let parts = line.split(separator: "|", maxSplits: 2, omittingEmptySubsequences: false)
            guard parts.count == 3 else { return nil }
            let (kind, name, said) = (parts[0].dropLast(), parts[1].dropFirst().dropLast(), parts[2].dropFirst())
            return Item(kind: String(kind), name: String(name), said: String(said))
        }.sorted()
    }

    /// What stands in the database. Any role may ask.
    package static func read(
        _ connection: Connection, deadline: ContinuousClock.Instant
    ) async throws -> Catalogue {
        let query = String(decoding: PackageResources.catalogue_sql, as: UTF8.self)
        let answers = try await connection.pipeline(
            ["BEGIN READ ONLY", "SET LOCAL search_path = pg_catalog", "\(unescaped: query)", "COMMIT"],
            deadline: deadline)
        return Catalogue(
            items: try answers[2].map { row in
                Item(kind: try row.text(0), name: try row.text(1), said: try row.text(2))
            })
    }

    /// How this database differs from one that was just migrated and has as many partitions: what is more, what is
    /// less, and what is other than it should be.
    package var differences: [Difference] {
        let wanted = Dictionary(grouping: Self.migrated.items(partitions: partitionCount), by: \.subject)
        let found = Dictionary(grouping: items, by: \.subject)
        return Set(wanted.keys).union(found.keys).sorted().compactMap { subject in
            Self.difference(subject, found: found[subject]?.map(\.said), wanted: wanted[subject]?.map(\.said))
        }
    }

    private static func difference(_ subject: String, found: [String]?, wanted: [String]?) -> Difference? {
        guard found != wanted else { return nil }
        let reason: String
        switch (found, wanted) {
        case (let found?, let wanted?): reason = "\(subject): \(change(found, wanted))"
        // Listed only where it is not on, for it goes without saying that there is one.
        case (let found?, nil) where subject.hasPrefix("trigger of the constraint"):
            reason = "\(subject) is \(found.joined(separator: ", "))"
        case (_?, nil): reason = "\(subject) that no migration makes"
        default: reason = "\(subject) is missing"
        }
        return Difference(reason: reason, isOurs: isOurs(subject))
    }

    /// The parts that differ, those that are there first.
    private static func change(_ found: [String], _ wanted: [String]) -> String {
        let parts = { (texts: [String]) in texts.flatMap { $0.split(separator: ", ").map { String($0) } } }
        let (has, should) = (parts(found), parts(wanted))
        let more = has.filter { !should.contains($0) }
        let less = should.filter { !has.contains($0) }
        let text = { (parts: [String]) in parts.isEmpty ? "nothing" : parts.joined(separator: ", ") }
        return "\(text(more.isEmpty && less.isEmpty ? has : more)) instead of "
            + text(more.isEmpty && less.isEmpty ? should : less)
    }

    private static func isOurs(_ subject: String) -> Bool {
        let kinds = ["event trigger", "role", "membership", "right taken away"]
        let words = ["countersign", " read", " pg_catalog", " database this one"]
        return kinds.contains { subject.hasPrefix($0) } || words.contains { subject.contains($0) }
            || subject.hasPrefix("right") && !subject.contains(".")
    }
}

/// Partitions are made as entries come in, so there is one after the other and all are alike.
extension Catalogue {
    private static let partitioned = ["entries", "entry_keys", "disclosures"]
    private static let first = "_p000000"
    /// The bounds of the first.
    private static let firstBounds = "FROM ('0') TO ('\(KnownPartitions.width)')"

    /// How many there are of `entries`; those that the migrations make at least.
    private var partitionCount: Int {
        let parts = items.count { $0.kind == "table" && $0.said.contains("a part of countersign.entries ") }
        return max(parts, 2)
    }

    /// The items of a database with so many partitions: those of the first are said again of the others.
    private func items(partitions: Int) -> [Item] {
        items.flatMap { item in
            guard item.line.contains(Self.first) else { return [item] }
            return (0..<partitions).map { number in
                let digits = String(number)
                let name = "_p" + String(repeating: "0", count: max(0, 6 - digits.count)) + digits
                let (start, end) = (number * KnownPartitions.width, (number + 1) * KnownPartitions.width)
                let text = { (text: String) in
                    text.replacing(Self.first, with: name)
                        .replacing(Self.firstBounds, with: "FROM ('\(start)') TO ('\(end)')")
                }
                return Item(kind: item.kind, name: text(item.name), said: text(item.said))
            }
        }
    }

    private var withoutFurtherPartitions: [Item] {
        items.filter { item in
            guard let place = item.line.firstRange(of: "_p0") else { return true }
            let digits = item.line[place.lowerBound...].dropFirst(2).prefix(6)
            return digits == "000000" || !digits.allSatisfy(\.isNumber)
        }
    }
}
