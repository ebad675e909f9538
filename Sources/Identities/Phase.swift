/// When, in the life of a message, it was checked.
package enum Phase: String, Sendable, CaseIterable {
    /// One of ours, before it leaves.
    case preSend = "pre_send"
    /// One of ours, as it was handed over.
    case postSend = "post_send"
    /// One of ours, as it arrived at an account of our own.
    case seedCopy = "seed_copy"
    /// Somebody else's, as it arrived: its author is a person whose address stands in no line.
    case inbound
}
