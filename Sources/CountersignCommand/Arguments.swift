import Files

/// The words of the command line, without the program's name.
enum Arguments {
    /// Swift finds them on the stack, in front of the environment. A preloaded library that sets a variable moves the
    /// environment away, and then none are found; the kernel still has them.
    static var given: [String] {
        let known = CommandLine.arguments
        guard known.isEmpty, let line = ForeignText.read("/proc/self/cmdline") else {
            return Array(known.dropFirst())
        }
        return words(of: Array(line.utf8))
    }

    /// The words of a `/proc/PID/cmdline`: each ended by a zero byte, the first the program's name.
    static func words(of commandLine: [UInt8]) -> [String] {
        commandLine.split(separator: 0, omittingEmptySubsequences: false).dropFirst().dropLast().map {
            String(decoding: $0, as: UTF8.self)
        }
    }
}
