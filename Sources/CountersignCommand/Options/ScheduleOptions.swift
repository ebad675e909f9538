import ArgumentParser
import Identities

/// How often the sender identities of all ledgers are checked.
struct ScheduleOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "How old an answer about an identity's DMARC record may get before it is asked for again.",
            valueName: "duration"))
    var dmarcInterval = TimeSpan(seconds: 3_600)

    @Option(
        help: ArgumentHelp("The same for its SPF record, its DKIM keys and all else.", valueName: "duration"))
    var spfDkimInterval = TimeSpan(seconds: 86_400)

    @Option(
        help: ArgumentHelp(
            "After how long a check is recorded though nothing changed.", valueName: "duration"))
    var identityHeartbeat = TimeSpan(seconds: 86_400)

    @Option(
        help: ArgumentHelp("When a check is repeated that DNS did not answer.", valueName: "duration"))
    var identityRetry = TimeSpan(seconds: 300)

    var schedule: CheckSchedule {
        CheckSchedule(
            dmarcInterval: dmarcInterval.duration, othersInterval: spfDkimInterval.duration,
            heartbeatInterval: identityHeartbeat.duration, retryInterval: identityRetry.duration)
    }
}
