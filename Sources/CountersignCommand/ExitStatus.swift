/// How a command ends.
enum ExitStatus: Int32 {
    case well = 0
    /// The work was done, and its answer is not good: a broken ledger, a bad line, a failed check.
    case notGood = 1
    case usage = 2
    case couldNotRun = 3
    /// By SIGINT, as shells report it.
    case interrupted = 130
}
