package import Logging
package import Observation

/// Writes each event as one line of the log: its name as the message, what it carries as metadata.
package struct LogObserver: Observer {
    private let logger: Logger

    package init(logger: Logger) { self.logger = logger }

    package func observe(_ observation: Observation) {
        let level = Self.level(observation.level)
        guard level >= logger.logLevel else { return }
        var metadata: Logger.Metadata = [:]
        for field in observation.fields { metadata[field.name] = Self.metadata(field.value) }
        logger.log(level: level, "\(observation.name)", metadata: metadata)
    }

    private static func metadata(_ value: Observation.Value) -> Logger.MetadataValue {
        switch value {
        case .text(let text): .string(text)
        case .integer(let number): .stringConvertible(number)
        case .seconds(let seconds): .stringConvertible(seconds)
        case .flag(let flag): .stringConvertible(flag)
        }
    }

    private static func level(_ level: Observation.Level) -> Logger.Level {
        switch level {
        case .debug: .debug
        case .info: .info
        case .notice: .notice
        case .warning: .warning
        case .error: .error
        case .critical: .critical
        }
    }
}
