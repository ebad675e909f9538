/// When the reader of a COPY OUT that has taken all rows of libpq's buffer goes for more, and how.
///
/// The server writes 8 KiB at a time. A reader that sleeps until there is something is woken for each of these, and so
/// is made to run in between by turns with the server: of a long COPY that was a sixth of the server's time. Instead it
/// lets the server fill what a socket holds.
struct CopyPace {
    enum Step {
        /// Read without waiting: libpq has taken a part only of what has arrived.
        case read
        /// Let more come together, for so many microseconds, and then wait until there is something.
        case gather(UInt32)
        /// Wait until there is something.
        case wait
    }

    /// From so many bytes on, a COPY is taken for a long one.
    private static let longBytes = 16 * 1024
    private static let gatheringMicroseconds: UInt32 = 100

    private var byteCount = 0
    private var hasRead = false

    /// So many bytes of rows were taken.
    mutating func hasTaken(_ bytes: Int) {
        byteCount += bytes
        hasRead = false
    }

    mutating func next() -> Step {
        defer { hasRead.toggle() }
        guard hasRead else { return .read }
        return byteCount > Self.longBytes ? .gather(Self.gatheringMicroseconds) : .wait
    }
}
