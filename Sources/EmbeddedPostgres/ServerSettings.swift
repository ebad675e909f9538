import Files

/// The three configuration files that we write at each start.
struct ServerSettings {
    static let fileName = "countersign.conf"
    private static let gibibyte: Int64 = 1 << 30

    let cluster: Cluster
    let account: Account
    /// The accounts that may come in beside the server's own, root and `postgres`.
    let visitor: Account
    let hasLZ4: Bool

    /// `countersign.conf`, which `postgresql.conf` includes.
    var configuration: String {
        var lines = [
            "# Written by countersign at each start. Settings of your own belong into postgresql.conf,",
            "# below its include of this file: what comes later holds.",
        ]
        for (name, value) in settings.sorted(by: { Array($0.key.utf8).lexicographicallyPrecedes(Array($1.key.utf8)) }) {
            lines.append("\(name) = \(Self.quoted(value))")
        }
        return lines.joined(separator: "\n") + "\n"
    }

    private var settings: [String: String] {
        let own = [
            // Reached over the socket only.
            "listen_addresses": "", "port": "\(Cluster.port)",
            "unix_socket_directories": "\"" + cluster.directory + "\"",
            "hba_file": cluster.dataDirectory + "/pg_hba.conf", "ident_file": cluster.dataDirectory + "/pg_ident.conf",
            "password_encryption": "scram-sha-256",
            "timezone": "UTC", "log_timezone": "UTC",
            // What an answer promises: on disk.
            "fsync": "on", "full_page_writes": "on", "synchronous_commit": "on",
            // No statement, no parameter and no row's content reaches the server's log.
            "logging_collector": "off", "log_destination": "stderr", "log_statement": "none",
            "log_min_duration_statement": "-1", "log_min_error_statement": "panic", "log_error_verbosity": "terse",
            "log_parameter_max_length": "0", "log_parameter_max_length_on_error": "0",
            // Fewer, larger checkpoints: full-page images after each of them rule the write-ahead log.
            "max_wal_size": "4GB", "checkpoint_timeout": "15min", "wal_compression": hasLZ4 ? "lz4" : "on",
            "shared_buffers": "\(Self.sharedBuffers >> 20)MB",
            // Short statements on narrow indexes: compiling them costs more than it saves.
            "jit": "off",
        ]
        return own.merging(cluster.settings) { _, given in given }
    }

    /// The roles that are taken by accounts of the machine.
    private static let roles = ["postgres", "countersign_owner", "countersign_app", "countersign_reader"]

    /// Who may come in, over the socket: by the name that the operating system vouches for, and readers by a password.
    static let hostBased = """
        # Written by countersign at each start.
        local all \(roles.joined(separator: ",")) peer map=countersign
        local all +countersign_reader scram-sha-256
        local all all peer map=countersign
        local replication postgres peer map=countersign

        """

    /// Which account may take which role.
    var identMap: String {
        let accounts = Set(["root", "postgres", account.name, visitor.name]).sorted()
        let lines = accounts.flatMap { account in
            Self.roles.map { "countersign \"\(account.split(separator: "\"").joined(separator: "\"\""))\" \($0)" }
        }
        return "# Written by countersign at each start.\n" + lines.joined(separator: "\n") + "\n"
    }

    /// An eighth of the memory that we may use, between 128 MB and 2 GB.
    private static var sharedBuffers: Int64 {
        let kilobytes = ForeignText.read("/proc/meminfo")?.split(separator: "\n")
            .first { $0.utf8.starts(with: "MemTotal:".utf8) }?.split(separator: " ").dropFirst().first
        let machine = kilobytes.flatMap { Int64($0) }.map { $0 << 10 } ?? gibibyte
        let group = ForeignText.read("/sys/fs/cgroup/memory.max")?.split(separator: "\n").first.flatMap { Int64($0) }
        return min(max(min(machine, group ?? machine) / 8, gibibyte / 8), 2 * gibibyte)
    }

    /// A value as postgresql.conf wants it.
    private static func quoted(_ value: String) -> String {
        var text = "'"
        for scalar in value.unicodeScalars {
            if scalar == "'" || scalar == "\\" { text.unicodeScalars.append(scalar) }
            text.unicodeScalars.append(scalar)
        }
        return text + "'"
    }
}
