import ArgumentParser
import Ledger

/// Where the service listens: `HOST:PORT`, an IPv6 address in brackets. Port 0 takes a free one.
struct ListenAddress: ExpressibleByArgument, Sendable, CustomStringConvertible {
    let host: String
    let port: Int

    /// Where the service listens by default: on this machine only.
    static let standard = ListenAddress(host: "127.0.0.1", port: 8080)

    /// Where a witness listens by default: on this machine only.
    static let witness = ListenAddress(host: "127.0.0.1", port: 8181)

    private init(host: String, port: Int) {
        self.host = host
        self.port = port
    }

    init?(argument: String) {
        guard let colon = argument.lastIndex(of: ":") else { return nil }
        let portText = argument[argument.index(after: colon)...]
        guard let port = WholeNumber.read(portText, max: 65_535) else { return nil }
        var host = String(argument[..<colon])
        if host.hasPrefix("["), host.hasSuffix("]") {
            host = String(host.dropFirst().dropLast())
        } else if host.contains(":") {
            // Without brackets nobody knows where an IPv6 address ends.
            return nil
        }
        guard !host.isEmpty, !host.contains(where: \.isWhitespace) else { return nil }
        self.host = host
        self.port = port
    }

    var description: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }
    var defaultValueDescription: String { description }
}
