import CLibPQ
import FoundationEssentials
import Glibc

/// The variables of the environment by which libpq lets anybody set up its connections: `PGHOSTADDR` would lead those
/// to a private cluster to another server, without a word.
///
/// None of them reaches libpq. They are taken out of the environment when the process begins, and those that may count
/// are handed to a connection by name, where its caller asks for it.
package struct ConnectionEnvironment: Sendable {
    /// What may count for a database of somebody else's: how the server is known and who asks, never which server it is
    /// or what is done there. Each variable with libpq's keyword.
    private static let countingKeywords = [
        ("PGCHANNELBINDING", "channel_binding"), ("PGPASSFILE", "passfile"), ("PGPASSWORD", "password"),
        ("PGREQUIREPEER", "requirepeer"), ("PGSSLCERT", "sslcert"), ("PGSSLCRL", "sslcrl"), ("PGSSLKEY", "sslkey"),
        ("PGSSLMODE", "sslmode"), ("PGSSLROOTCERT", "sslrootcert"),
    ]

    /// The names of the variables that may count, ascending.
    package static let counting = countingKeywords.map(\.0)

    /// What this process was started with. Asked for the first time, it takes the variables away; so `main` asks before
    /// there is a second thread.
    package static let ofProcess = take()

    /// The values of those that may count, by keyword. Some are secret.
    let keywords: [String: String]
    /// The names of those that were set and may count, ascending.
    package let counting: [String]
    /// The names of those that were set and count nowhere, ascending.
    package let ignored: [String]

    static func take() -> ConnectionEnvironment {
        let found = ProcessInfo.processInfo.environment.filter { $0.key.hasPrefix("PG") }
        for name in found.keys { unsafe unsetenv(name) }
        let set = found.filter { !$0.value.isEmpty }
        return ConnectionEnvironment(set)
    }

    private init(_ set: [String: String]) {
        var keywords: [String: String] = [:]
        for (variable, keyword) in Self.countingKeywords { keywords[keyword] = set[variable] }
        self.keywords = keywords
        let names = set.keys.sorted()
        counting = names.filter { Self.counting.contains($0) }
        ignored = names.filter { !Self.counting.contains($0) }
    }

    /// The variables that this libpq knows for its connections, by keyword.
    static var known: [String: String] {
        guard let options = unsafe PQconndefaults() else { return [:] }
        defer { unsafe PQconninfoFree(options) }
        var known: [String: String] = [:]
        var position = 0
        while let keyword = unsafe options[position].keyword {
            if let variable = unsafe options[position].envvar {
                unsafe known[String(cString: keyword)] = unsafe String(cString: variable)
            }
            position += 1
        }
        return known
    }
}
