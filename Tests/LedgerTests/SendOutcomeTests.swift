import Ledger
import Testing

@Suite struct `The life of a message` {
    @Test func `has a place for every outcome of a send`() {
        #expect(Set(SendOutcome.next.map(\.outcome)) == Set(Kind.send.outcomes))
        for (outcome, next) in SendOutcome.next {
            #expect(Set(next).isSubset(of: Kind.send.outcomes), "\(outcome)")
        }
    }

    @Test func `goes on and never back`() {
        #expect(SendOutcome.follows("complained", "requested"))
        #expect(!SendOutcome.follows("requested", "sent"))
        #expect(SendOutcome.follows("sent", "unknown") && !SendOutcome.follows("unknown", "sent"))
        #expect(!SendOutcome.mayFollow("sent", "failed"))
        #expect(SendOutcome.mayFollow("bounced", "delivered"))
        #expect(SendOutcome.mayFollow("later than we know", "failed"))
    }
}
