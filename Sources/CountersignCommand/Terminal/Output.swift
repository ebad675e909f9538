import Files
import Glibc

/// A file descriptor that is written to.
struct Output: Sendable {
    static let standard = Output(descriptor: STDOUT_FILENO)
    static let error = Output(descriptor: STDERR_FILENO)

    enum Failure: Error, CustomStringConvertible {
        /// Nobody reads any more.
        case readerIsGone
        case system(String)

        var description: String {
            switch self {
            case .readerIsGone: "nobody reads the output any more"
            case .system(let message): "the output cannot be written: \(message)"
            }
        }
    }

    let descriptor: Int32

    /// Whether a person looks at it.
    var isTerminal: Bool { isatty(descriptor) == 1 }

    /// How many columns the terminal has.
    var columns: Int {
        var size = winsize()
        let known = unsafe ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 0
        return known ? Int(size.ws_col) : 80
    }

    func write(_ text: String) throws(Failure) { try write(Array(text.utf8)) }

    func write(_ bytes: [UInt8]) throws(Failure) {
        var written = 0
        while written < bytes.count {
            let count = unsafe bytes.withUnsafeBytes { buffer in
                unsafe Glibc.write(
                    descriptor, buffer.baseAddress.map { unsafe $0 + written }, buffer.count - written)
            }
            let number = errno
            if count > 0 {
                written += count
            } else if number != EINTR {
                throw number == EPIPE ? .readerIsGone : .system(systemMessage(number))
            }
        }
    }

    /// Writes `text` with an end of line.
    func writeLine(_ text: String) throws(Failure) { try write(text + "\n") }
}
