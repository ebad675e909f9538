import CLibPQ

/// A password. It never prints itself.
package struct Password: Sendable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    let text: String

    package init(_ text: String) { self.text = text }

    package var description: String { "(hidden)" }
    package var debugDescription: String { "(hidden)" }
    package var customMirror: Mirror { Mirror(self, children: [:]) }
}

/// Where a connection goes and how it is set up there.
package struct ConnectionTarget: Sendable {
    /// libpq's connection keywords, without the password and `options`.
    private var keywords: [String: String]
    private var password: Password?
    private var settings: [(name: String, value: String)] = []
    private var givenOptions = ""

    /// A file that cannot be there: else libpq looks for passwords in the home directory.
    private static let noFile = "/dev/null/none"

    /// Reads a connection string: `postgresql://user@host/database?...` or `host=... dbname=...`.
    ///
    /// - Parameter environment: says what the string does not.
    package init(
        _ connectionString: String, completedBy environment: ConnectionEnvironment? = nil
    ) throws(PostgresError) {
        keywords = try Self.parse(connectionString)
        keywords.merge(environment?.keywords ?? [:]) { given, _ in given }
        password = keywords.removeValue(forKey: "password").map(Password.init)
        givenOptions = keywords.removeValue(forKey: "options") ?? ""
    }

    /// `host` is a name, an address, or the absolute path of the folder that holds the Unix socket.
    package init(host: String, port: Int? = nil, database: String, user: String, password: Password? = nil) {
        keywords = ["host": host, "dbname": database, "user": user, "passfile": Self.noFile]
        keywords["port"] = port.map(String.init)
        self.password = password
    }

    /// The name under which the connection shows in `pg_stat_activity`.
    package var applicationName: String? {
        get { keywords["application_name"] }
        set { keywords["application_name"] = newValue }
    }

    package var database: String? {
        get { keywords["dbname"] }
        set { keywords["dbname"] = newValue }
    }

    package var user: String? {
        get { keywords["user"] }
        set { keywords["user"] = newValue }
    }

    /// How long the kernel lets sent data stay unacknowledged before it gives the connection up (TCP only).
    package var tcpUserTimeout: Duration? {
        get { keywords["tcp_user_timeout"].flatMap(Int.init).map { .milliseconds($0) } }
        set { keywords["tcp_user_timeout"] = newValue.map { "\($0.wholeMilliseconds)" } }
    }

    /// Probes a silent peer after `idleSeconds`, then every `intervalSeconds`, and gives up after `count` (TCP only).
    package mutating func setKeepalives(idleSeconds: Int, intervalSeconds: Int, count: Int) {
        keywords["keepalives"] = "1"
        keywords["keepalives_idle"] = "\(idleSeconds)"
        keywords["keepalives_interval"] = "\(intervalSeconds)"
        keywords["keepalives_count"] = "\(count)"
    }

    /// Gives the session a server setting from its start, such as `lock_timeout` = `2s`, `synchronous_commit` = `on`.
    package mutating func set(_ setting: String, to value: String) {
        settings.removeAll { $0.name == setting }
        settings.append((setting, value))
    }

    /// All keywords for `PQconnectStartParams`.
    var connectionKeywords: [(String, String)] {
        var all = keywords.map { ($0.key, $0.value) }.sorted { $0.0 < $1.0 }
        if let password { all.append(("password", password.text)) }
        // Text is decoded as UTF-8, whatever the environment (PGCLIENTENCODING) asks for.
        all.append(("client_encoding", "UTF8"))
        let options = ([givenOptions] + settings.map(Self.option)).filter { !$0.isEmpty }
        if !options.isEmpty { all.append(("options", options.joined(separator: " "))) }
        return all
    }

    private static func option(_ setting: (name: String, value: String)) -> String {
        var option = "-c "
        for character in "\(setting.name)=\(setting.value)" {
            // The server splits its options at white space and reads a backslash as an escape.
            if character == "\\" || character.isWhitespace { option.append("\\") }
            option.append(character)
        }
        return option
    }

    /// libpq's own message may quote a part of the string, such as the password, so a fixed one replaces it.
    private static func parse(_ connectionString: String) throws(PostgresError) -> [String: String] {
        guard let options = unsafe PQconninfoParse(connectionString, nil), !connectionString.utf8.contains(0) else {
            throw PostgresError(.usage, "the connection string cannot be read")
        }
        defer { unsafe PQconninfoFree(options) }
        var keywords: [String: String] = [:]
        var position = 0
        while let keyword = unsafe options[position].keyword {
            if let value = unsafe options[position].val {
                unsafe keywords[String(cString: keyword)] = unsafe String(cString: value)
            }
            position += 1
        }
        return keywords
    }
}

extension ConnectionTarget: CustomStringConvertible, CustomReflectable {
    package var description: String {
        ["host", "port", "dbname", "user"].compactMap { name in keywords[name].map { "\(name)=\($0)" } }
            .joined(separator: " ")
    }

    package var customMirror: Mirror { Mirror(self, children: ["target": description]) }
}

extension Duration {
    /// Rounded up, so that a wait is never shorter than what was asked for.
    var wholeMilliseconds: Int {
        let (seconds, attoseconds) = components
        guard seconds < Int64.max / 1000 - 1 else { return .max }
        return Int(seconds) * 1000 + Int((attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000)
    }
}
