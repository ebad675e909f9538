import ArgumentParser
import Ledger
import LedgerStore
import Observation

/// The service's policy on how long sealed values are kept.
struct RetentionOptions: ParsableArguments {
    /// Who stands behind what the policy erases.
    private static let reporter = Reporter(id: "retention", via: .service)

    @Option(
        name: .customLong("retention"),
        help: ArgumentHelp(
            "How long sealed values are kept, such as 730d; then they are erased, but for what is held.",
            discussion: "Without it nothing is erased by its age. Looked at by one instance, for all ledgers.",
            valueName: "duration"))
    var age: TimeSpan?

    @Option(
        name: .customLong("retention-interval"),
        help: ArgumentHelp("How often the service looks for what is too old.", valueName: "duration"))
    var interval = TimeSpan(seconds: 3_600)

    /// What applies the policy; nil where there is none.
    func schedule(_ store: LedgerStore, observer: any Observer) -> RetentionSchedule? {
        age.map { age in
            RetentionSchedule(
                store: store, reporter: Self.reporter, age: age.duration, interval: interval.duration,
                observer: observer, clock: Clock.now)
        }
    }
}
