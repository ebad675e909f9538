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
    /// Makes the unit that is appended in place of this one, from the answers to its guards: for what can be known
    /// under the ledger's lock only. It is called anew for each attempt, holds the lock meanwhile, and may refuse. The
    /// entries that it makes are about nobody and have no idempotency keys.
    package let compose: (@Sendable ([Rows]) throws -> AppendUnit)?
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
        compose = nil
    }

    /// A unit that is made under the lock.
    package init(guards: [Guard], compose: @escaping @Sendable ([Rows]) throws -> AppendUnit) {
        items = []
        key = nil
        self.guards = guards
        acceptsClock = false
        effects = { _ in [] }
        self.compose = compose
    }
}
