import ArgumentParser
import EmbeddedPostgres
import Logging
import Observation
import Server

/// How the service writes its log, to standard error.
enum LogFormat: String, CaseIterable, ExpressibleByArgument {
    /// Text on a terminal, JSON elsewhere.
    case auto
    case text
    case json

    func logger(level: LogLevel) -> Logger {
        let isJSON = self == .json || (self == .auto && !Output.error.isTerminal)
        var logger = Logger(label: "countersign") { label -> any LogHandler in
            if isJSON { return JSONLogHandler(label: label) }
            return StreamLogHandler.standardError(label: label)
        }
        logger.logLevel = level.level
        return logger
    }
}

/// From which severity on something is logged.
enum LogLevel: String, CaseIterable, ExpressibleByArgument {
    case debug, info, notice, warning, error, critical

    var level: Logger.Level {
        switch self {
        case .debug: .debug
        case .info: .info
        case .notice: .notice
        case .warning: .warning
        case .error: .error
        case .critical: .critical
        }
    }
}

/// Tells the observer what the private cluster tells.
struct ClusterEvents: Sendable {
    let observer: any Observer
    let logger: Logger

    func note(_ event: EmbeddedPostgres.Event) {
        switch event {
        case .starting: logger.info("postgres_starting")
        case .started(let adopted): observer.observe(.postgresStarted(adopted: adopted))
        case .died: observer.observe(.postgresDied)
        case .restarted: observer.observe(.postgresRestarted)
        case .restartFailed(let reason): logger.error("postgres_restart_failed", metadata: ["reason": "\(reason)"])
        case .stopped: observer.observe(.postgresStopped)
        case .leftRunning: logger.info("postgres_left_running")
        }
    }
}
