/// How often the name system is asked about identities.
package struct CheckSchedule: Sendable {
    /// How old an answer about a DMARC record may get.
    package var dmarcInterval: Duration
    /// How old an answer about SPF, DKIM and all else may get.
    package var othersInterval: Duration
    /// How long nothing may be written about an identity at which nothing changes.
    package var heartbeatInterval: Duration
    /// How soon a check is repeated that the name system did not answer.
    package var retryInterval: Duration
    /// By what part an interval is made longer or shorter, at random, so that not all are asked at once.
    package static let jitter = 0.1

    package init(
        dmarcInterval: Duration = .seconds(3_600), othersInterval: Duration = .seconds(86_400),
        heartbeatInterval: Duration = .seconds(86_400), retryInterval: Duration = .seconds(300)
    ) {
        self.dmarcInterval = dmarcInterval
        self.othersInterval = othersInterval
        self.heartbeatInterval = heartbeatInterval
        self.retryInterval = retryInterval
    }

    /// When an identity is due again after a check.
    ///
    /// - Parameters:
    ///   - isOpen: whether the check is to be repeated soon.
    ///   - chance: a random number from 0 to 1.
    func pause(isOpen: Bool, chance: Double) -> Duration {
        let interval = isOpen ? min(retryInterval, dmarcInterval) : min(dmarcInterval, othersInterval)
        return interval * (1 + Self.jitter * (2 * chance - 1))
    }
}
