/// How much a person watches what an agent does, from not acting at all to acting alone.
package enum OversightMode: String, CaseIterable, Sendable {
    case readOnly = "read_only"
    case gatedAll = "gated_all"
    case gatedSend = "gated_send"
    case monitored
    case autonomous
}
