package import Ledger
package import Postgres

/// One request to append: all of it is written, or none.
///
/// The units of a group are judged before any of them is written. So a unit names what its guards read and what its
/// effects change; one that reads or changes what an earlier unit of the group changes is left to the next group.
package struct AppendUnit: Sendable {
    /// One entry with the tag that finds it again.
    package struct Item: Sendable {
        package let draft: Draft
        /// The tag of the request's content, if the entry has an idempotency key of its own; absent where the key alone
        /// decides.
        package let requestTag: [UInt8]?
        /// The tags of the people that the entry is about: those of `draft.event.personal.people`, in that order,
        /// then others.
        package let personTags: [[UInt8]]

        /// - Parameter others: whom the entry is about although it seals them neither as recipient nor as author.
        package init(_ draft: Draft, requestTag: [UInt8]? = nil, about others: [String] = [], keys: LedgerKeys) {
            self.draft = draft
            self.requestTag = requestTag
            var tags = draft.event.personal.people.map(keys.subjectTag)
            for tag in others.map(keys.subjectTag) where !tags.contains(tag) { tags.append(tag) }
            personTags = tags
        }
    }

    /// An idempotency key that covers the whole request.
    package struct Key: Sendable {
        package let tag: [UInt8]
        package let requestTag: [UInt8]

        package init(tag: [UInt8], requestTag: [UInt8]) {
            self.tag = tag
            self.requestTag = requestTag
        }
    }

    /// A question asked under the ledger's lock. The statement returns rows and never raises; `judge` says what speaks
    /// against the unit.
    package struct Guard: Sendable {
        /// What the statement reads that units change.
        package let reading: [UnitTag]
        package let statement: Statement
        /// What is counted, if the statement counts: `judge` is told how much the units before this one add to it.
        package let counting: UnitTag?
        package let judge: @Sendable (_ rows: Rows, _ earlier: Int) throws -> StoreError?

        package init(
            reading: [UnitTag], _ statement: Statement, judge: @escaping @Sendable (Rows) throws -> StoreError?
        ) {
            self.reading = reading
            self.statement = statement
            counting = nil
            self.judge = { rows, _ in try judge(rows) }
        }

        /// A guard that counts.
        ///
        /// - Parameter judge: gets what the statement counted, and how much the units of the group before this one add.
        package init(
            counting: UnitTag, reading: [UnitTag] = [], _ statement: Statement,
            judge: @escaping @Sendable (_ rows: Rows, _ earlier: Int) throws -> StoreError?
        ) {
            self.reading = reading
            self.statement = statement
            self.counting = counting
            self.judge = judge
        }
    }

    package let items: [Item]
    package let key: Key?
    package let guards: [Guard]
    /// The tokens that caused the unit, by their ids: each must be live under the lock. None for what the service does
    /// by itself or an operator at the machine.
    let tokens: [String]
    /// What the effects change.
    let changes: [UnitTag]
    /// How much the unit adds to what guards count.
    let adds: [UnitTag: Int]
    /// What else is written in the same transaction, once the entries have their places.
    package let effects: @Sendable ([Placed]) -> [Statement]
    /// Makes the unit that is appended in place of this one, from the answers to its guards: for what can be known
    /// under the ledger's lock only. It is called anew for each attempt, holds the lock meanwhile, and may refuse.
    package let compose: (@Sendable ([Rows]) throws -> AppendUnit)?
    /// Whether this unit is the operator's word that a jump of the clock is real.
    package let acceptsClock: Bool
    /// Whether the unit is a group of its own: what it reads or changes is more than tags can name.
    let isAlone: Bool

    /// - Parameters:
    ///   - changes: what the effects change that guards of other units read.
    ///   - adds: how much the unit adds to what guards of other units count.
    package init(
        _ items: [Item], key: Key? = nil, guards: [Guard] = [], changes: [UnitTag] = [], adds: [UnitTag: Int] = [:],
        acceptsClock: Bool = false, effects: @escaping @Sendable ([Placed]) -> [Statement] = { _ in [] }
    ) {
        self.items = items
        self.key = key
        self.guards = guards
        self.changes = changes
        self.adds = adds
        self.acceptsClock = acceptsClock
        self.effects = effects
        compose = nil
        // The clock of a group is judged once.
        isAlone = acceptsClock
        tokens = Self.tokens(of: items.lazy.map(\.draft.reporter))
    }

    /// A unit that is made under the lock.
    ///
    /// - Parameters:
    ///   - reporter: that of the entries that will be made.
    ///   - changes: what the effects will change; nil where that is more than tags can name, so that the unit is a
    ///     group of its own.
    package init(
        by reporter: Reporter, guards: [Guard], changes: [UnitTag]?,
        compose: @escaping @Sendable ([Rows]) throws -> AppendUnit
    ) {
        items = []
        key = nil
        self.guards = guards
        self.changes = changes ?? []
        adds = [:]
        acceptsClock = false
        effects = { _ in [] }
        self.compose = compose
        isAlone = changes == nil
        tokens = Self.tokens(of: [reporter])
    }

    private static func tokens(of reporters: some Sequence<Reporter>) -> [String] {
        var tokens: [String] = []
        for reporter in reporters where tokens.last != reporter.id && TokenGrant.isID(reporter.id) {
            if !tokens.contains(reporter.id) { tokens.append(reporter.id) }
        }
        return tokens
    }

    /// What is judged under the lock: what the guards read, and the tokens.
    var reads: [UnitTag] { guards.flatMap(\.reading) + tokens.map(UnitTag.token) }

    /// The tags of all idempotency keys of the unit.
    var keyTags: [[UInt8]] { key.map { [$0.tag] } ?? items.compactMap(\.draft.idempotencyTag) }
}
