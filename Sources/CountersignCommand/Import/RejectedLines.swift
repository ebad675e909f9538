import Glibc

/// The file that bad lines are written aside to. It may hold personal data, so only its owner can read it.
final class RejectedLines: Sendable {
    private let output: Output

    /// Makes `path`, which must not exist: a file from before would be imported twice.
    init(path: String) throws(Complaint) {
        let descriptor = unsafe open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            let next = errno == EEXIST ? "move it away, or name another file for --skip-bad" : "name another file"
            throw Complaint(
                "\(path) cannot be made: \(unsafe String(cString: strerror(errno)))", next: next, status: .usage)
        }
        output = Output(descriptor: descriptor)
    }

    deinit { close(output.descriptor) }

    func write(_ line: LineReader.Line) throws { try output.write(line.bytes + [0x0A]) }
}
