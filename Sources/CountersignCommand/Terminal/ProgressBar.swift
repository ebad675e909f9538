import Synchronization

/// A line at the bottom of a terminal that says how far the work has come. Without a terminal it is silent.
final class ProgressBar: Sendable {
    private static let pause = Duration.milliseconds(100)

    private let output = Output.error
    private let isShown: Bool
    private let started = ContinuousClock.now
    private let state: Mutex<State>

    private struct State {
        var progress: Progress
        var nextDraw: ContinuousClock.Instant
        var isDrawn = false
    }

    init(unit: String, isWanted: Bool = true) {
        isShown = isWanted && output.isTerminal
        state = Mutex(State(progress: Progress(unit: unit), nextDraw: .now + Self.pause))
    }

    /// Takes note of how much is done, and draws if it is time.
    func update(done: Int, fraction: Double?) {
        guard isShown else { return }
        state.withLock { state in
            state.progress.done = done
            state.progress.fraction = fraction
            let now = ContinuousClock.now
            guard now >= state.nextDraw else { return }
            state.nextDraw = now + Self.pause
            state.isDrawn = true
            let line = state.progress.line(
                elapsedSeconds: (now - started) / .seconds(1), columns: output.columns)
            try? output.write("\r\(line)\u{1B}[K")
        }
    }

    /// Takes the line away, so that something else can be written.
    func clear() {
        state.withLock { state in
            guard state.isDrawn else { return }
            state.isDrawn = false
            try? output.write("\r\u{1B}[K")
        }
    }

    /// Writes a line for the person above the bar.
    func say(_ text: String) {
        clear()
        try? output.writeLine(text)
    }
}
