import Cryptography
import Files

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

    private let file: InputFile
    /// The size of a file; nil for a pipe.
    var size: Int? { file.size }
    private var buffer: [UInt8] = []
    private var position = 0
    private var consumed = 0
    private var lineNumber = 0
    private var isAtEnd = false
    private var hash = IncrementalSHA256()

    /// What was read so far hashes to.
    var digest: Digest { hash.digest }
    /// How many bytes were read so far.
    private(set) var readSize = 0

    /// Opens `path`, or standard input for `-`.
    init(path: String) throws(Complaint) {
        do throws(FileFault) {
            file = try InputFile.open(path)
        } catch {
            guard error.code != .kind else {
                throw Complaint("\(path) is a folder", next: "name a file of JSON lines", status: .usage)
            }
            throw Complaint("\(path) cannot be read: \(error.reason)", status: .usage)
        }
    }

    /// The next lines: at most `countMax` and about `bytesMax`, fewer if a pipe has no more for now. Empty at the
    /// end.
    mutating func next(countMax: Int, bytesMax: Int) throws -> [Line] {
        var lines: [Line] = []
        var bytes = 0
        while lines.count < countMax, bytes < bytesMax {
            if let line = try takeLine() {
                lines.append(line)
                bytes += line.bytes.count
            } else if isAtEnd || !(lines.isEmpty || file.isReady(withinMilliseconds: 0)) {
                break
            } else {
                try fill()
            }
        }
        return lines
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
        while !file.isReady(withinMilliseconds: Self.waitMilliseconds) { try Task.checkCancellation() }
        if position > 0 {
            buffer.removeFirst(position)
            position = 0
        }
        do throws(FileFault) {
            let piece = try file.read(upTo: Self.chunkSize)
            buffer += piece
            hash.update(piece.span)
            readSize += piece.count
            isAtEnd = piece.isEmpty
        } catch {
            throw Fault(lineNumber: lineNumber + 1, reason: "cannot be read: \(error.reason)")
        }
    }
}
