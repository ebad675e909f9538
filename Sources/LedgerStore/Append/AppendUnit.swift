package import Ledger
package import Postgres

/// One request to append: all of it is written, or none.
package struct AppendUnit: Sendable {
    /// One entry with the tag that finds it again.
    package struct Item: Sendable {
        package let draft: Draft
        /// The tag of the request's content, if the entry has an idempotency key of its own; absent where the key alone
        /// decides.
        package let requestTag: [UInt8]?
        /// The tags of the people that the entry is about, in the order of `draft.event.personal.people`.
        package let personTags: [[UInt8]]

        package init(_ draft: Draft, requestTag: [UInt8]? = nil, keys: LedgerKeys) {
            self.draft = draft
            self.requestTag = requestTag
            personTags = draft.event.personal.people.map(keys.subjectTag)
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
        package let statement: Statement
        package let judge: @Sendable (Rows) throws -> StoreError?

        package init(_ statement: Statement, judge: @escaping @Sendable (Rows) throws -> StoreError?) {
            self.statement = statement
            self.judge = judge
        }
    }

    package let items: [Item]
    package let key: Key?
    package let guards: [Guard]
    /// What else is written in the same transaction, once the entries have their places.
    package let effects: @Sendable ([Placed]) -> [Statement]
    /// Whether this unit is the operator's word that a jump of the clock is real.
    package let acceptsClock: Bool

    package init(
        _ items: [Item], key: Key? = nil, guards: [Guard] = [], acceptsClock: Bool = false,
        effects: @escaping @Sendable ([Placed]) -> [Statement] = { _ in [] }
    ) {
        self.items = items
        self.key = key
        self.guards = guards
        self.acceptsClock = acceptsClock
        self.effects = effects
    }
}
