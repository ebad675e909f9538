import Glibc

/// Reads a file or a pipe line by line, in batches.
struct LineReader: ~Copyable {
    /// The longest line, in bytes: more than an element of the largest size, with generous white space.
    static let lineSizeMax = 1 << 20
    private static let chunkSize = 1 << 18
    private static let waitMilliseconds: Int32 = 200

    /// One line without its end.
    struct Line: Sendable {
        /// From 1.
        let number: Int
        let bytes: [UInt8]
        /// Bytes of the source up to the end of this line.
        let end: Int
    }

    /// Why the source could not be read on.
    struct Fault: Error {
        let lineNumber: Int
        let reason: String
    }

    private let descriptor: Int32
    /// The size of a file; nil for a pipe.
    let size: Int?
    private var buffer: [UInt8] = []
    private var position = 0
    private var consumed = 0
    private var lineNumber = 0
    private var isAtEnd = false

    /// Opens `path`, or standard input for `-`.
    init(path: String) throws(Complaint) {
        descriptor = path == "-" ? STDIN_FILENO : unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            throw Complaint("\(path) cannot be read: \(unsafe String(cString: strerror(errno)))", status: .usage)
        }
        var status = stat()
        let isKnown = unsafe fstat(descriptor, &status) == 0
        guard !isKnown || status.st_mode & S_IFMT != S_IFDIR else {
            throw Complaint("\(path) is a folder", next: "name a file of JSON lines", status: .usage)
        }
        size = isKnown && status.st_mode & S_IFMT == S_IFREG ? Int(status.st_size) : nil
    }

    deinit { if descriptor != STDIN_FILENO { close(descriptor) } }

    /// The next lines: at most `countMax` and about `bytesMax`, fewer if a pipe has no more for now. Empty at the
    /// end.
    mutating func next(countMax: Int, bytesMax: Int) throws -> [Line] {
        var lines: [Line] = []
        var bytes = 0
        while lines.count < countMax, bytes < bytesMax {
            if let line = try takeLine() {
                lines.append(line)
                bytes += line.bytes.count
            } else if isAtEnd || !(lines.isEmpty || isReady(withinMilliseconds: 0)) {
                break
            } else {
                try fill()
            }
        }
        return lines
    }

    /// Whether a read would not wait.
    private func isReady(withinMilliseconds wait: Int32) -> Bool {
        var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        return unsafe poll(&entry, 1, wait) > 0
    }

    private mutating func takeLine() throws(Fault) -> Line? {
        let rest = buffer[position...]
        let end: Int
        let next: Int
        if let feed = rest.firstIndex(of: 0x0A) {
            (end, next) = (feed, feed + 1)
        } else if isAtEnd, !rest.isEmpty {
            (end, next) = (buffer.count, buffer.count)
        } else {
            guard rest.count <= Self.lineSizeMax else { throw tooLong }
            return nil
        }
        guard end - position <= Self.lineSizeMax else { throw tooLong }
        lineNumber += 1
        consumed += next - position
        let line = Line(number: lineNumber, bytes: Array(buffer[position..<end]), end: consumed)
        position = next
        return line
    }

    private var tooLong: Fault {
        Fault(lineNumber: lineNumber + 1, reason: "the line passes \(Self.lineSizeMax) bytes")
    }

    private mutating func fill() throws {
        // A pipe may stay silent for ever; who gives up meanwhile must be heard.
        while !isReady(withinMilliseconds: Self.waitMilliseconds) { try Task.checkCancellation() }
        if position > 0 {
            buffer.removeFirst(position)
            position = 0
        }
        let start = buffer.count
        buffer += [UInt8](repeating: 0, count: Self.chunkSize)
        let count = unsafe buffer.withUnsafeMutableBytes { bytes in
            unsafe read(descriptor, bytes.baseAddress.map { unsafe $0 + start }, Self.chunkSize)
        }
        buffer.removeLast(Self.chunkSize - max(count, 0))
        guard count >= 0 || errno == EINTR else {
            throw Fault(
                lineNumber: lineNumber + 1, reason: "cannot be read: \(unsafe String(cString: strerror(errno)))")
        }
        isAtEnd = count == 0
    }
}
