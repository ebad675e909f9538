import Dispatch

/// Reads lines on a thread of its own, because read(2) waits and the shared threads must not.
actor LineSource {
    private static let countMax = 1_000
    private static let bytesMax = 4 << 20

    private let executor = ReadingThread()
    nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe executor.asUnownedSerialExecutor() }

    private var reader: LineReader
    /// The size of a file in bytes; nil for a pipe.
    nonisolated let size: Int?

    init(_ reader: consuming LineReader) {
        size = reader.size
        self.reader = reader
    }

    /// The next lines, at most a batch; none at the end.
    func next() throws -> [LineReader.Line] { try reader.next(countMax: Self.countMax, bytesMax: Self.bytesMax) }
}

private final class ReadingThread: SerialExecutor {
    private let queue = DispatchQueue(label: "import.reading")

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        queue.async { unsafe job.runSynchronously(on: self.asUnownedSerialExecutor()) }
    }
}
