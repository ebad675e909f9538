import Postgres
import Synchronization

/// Tells the person at the keyboard which variables of Postgres he has set in vain.
enum IgnoredVariables {
    private static let isTold = Atomic<Bool>(false)

    /// - Parameter isExternal: whether the database is one of his own, for which some variables count.
    static func tellOnce(isExternal: Bool) {
        let environment = ConnectionEnvironment.ofProcess
        let ignored = isExternal ? environment.ignored : (environment.ignored + environment.counting).sorted()
        guard !ignored.isEmpty, !isTold.exchange(true, ordering: .relaxed) else { return }
        let rest =
            isExternal
            ? "of the variables of Postgres only \(ConnectionEnvironment.counting.joined(separator: ", ")) count"
            : "no variable of Postgres counts for a data directory"
        try? Output.error.writeLine("warning: not used: \(ignored.joined(separator: ", ")); \(rest)")
    }
}
