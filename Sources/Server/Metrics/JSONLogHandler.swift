import FoundationEssentials
import Glibc
package import Logging

/// Writes each log message as one line that is one JSON object, whatever the message holds.
package struct JSONLogHandler: LogHandler {
    private static let timeStyle = Date.ISO8601FormatStyle(includingFractionalSeconds: true)
    /// Names that metadata cannot take.
    private static let ownNames: Set<String> = ["time", "level", "logger", "message", "error"]

    package var logLevel: Logger.Level
    package var metadata: Logger.Metadata = [:]
    package var metadataProvider: Logger.MetadataProvider?
    private let label: String
    private let write: @Sendable ([UInt8]) -> Void

    /// `write` gets whole lines; without it they go to standard error.
    package init(
        label: String, level: Logger.Level = .info,
        write: @escaping @Sendable ([UInt8]) -> Void = JSONLogHandler.writeToStandardError
    ) {
        self.label = label
        self.logLevel = level
        self.write = write
    }

    package subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    package func log(event: LogEvent) {
        var line = "{\"time\":\"\(Date().formatted(Self.timeStyle))\""
        line += ",\"level\":\"\(event.level.rawValue)\",\"logger\":\(Self.quoted(label))"
        line += ",\"message\":\(Self.quoted("\(event.message)"))"
        if let error = event.error { line += ",\"error\":\(Self.quoted("\(error)"))" }
        let all = metadata.merging(metadataProvider?.get() ?? [:]) { _, new in new }
            .merging(event.metadata ?? [:]) { _, new in new }
        for (name, value) in all.sorted(by: { $0.key < $1.key }) {
            line += ",\(Self.quoted(Self.ownNames.contains(name) ? name + "_" : name)):\(Self.json(value))"
        }
        write(Array((line + "}\n").utf8))
    }

    /// One call of write(2) for each line, so that lines of several threads do not mix.
    package static let writeToStandardError: @Sendable ([UInt8]) -> Void = { bytes in
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = unsafe rest.withUnsafeBytes { unsafe Glibc.write(STDERR_FILENO, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            // Nobody can be told that the log is gone.
            guard count > 0 else { return }
            rest = rest.dropFirst(count)
        }
    }

    private static func json(_ value: Logger.MetadataValue) -> String {
        switch value {
        case .string(let text): quoted(text)
        case .stringConvertible(let value as any BinaryInteger): "\(value)"
        case .stringConvertible(let value as Double) where value.isFinite: "\(value)"
        case .stringConvertible(let value as Bool): value ? "true" : "false"
        case .stringConvertible(let value): quoted(value.description)
        case .array(let values): "[\(values.map(json).joined(separator: ","))]"
        case .dictionary(let values):
            "{"
                + values.sorted { $0.key < $1.key }.map { "\(quoted($0.key)):\(json($0.value))" }.joined(separator: ",")
                + "}"
        }
    }

    /// A JSON string (RFC 8259 §7) that no reader of lines takes for two.
    private static func quoted(_ text: String) -> String {
        var quoted = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": quoted += "\\\""
            case "\\": quoted += "\\\\"
            case "\n": quoted += "\\n"
            case "\u{0}"..."\u{1f}", "\u{7f}"..."\u{9f}", "\u{2028}", "\u{2029}":
                let digits = String(scalar.value, radix: 16)
                quoted += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: quoted.unicodeScalars.append(scalar)
            }
        }
        return quoted + "\""
    }
}
