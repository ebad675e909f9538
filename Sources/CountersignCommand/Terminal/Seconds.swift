/// Durations for JSON.
enum Seconds {
    /// To the millisecond.
    static func rounded(_ seconds: Double) -> Double { (seconds * 1000).rounded() / 1000 }
}
