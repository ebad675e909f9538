import FoundationEssentials

/// Random numbers that one printed number repeats (SplitMix64).
///
/// A fresh seed for each run, unless the environment sets `TEST_SEED`.
package struct SplitMix64: RandomNumberGenerator {
    package let seed: UInt64
    private var state: UInt64

    /// A generator that prints its seed with the name of the test it serves.
    package init(for test: String = #function) {
        let given = ProcessInfo.processInfo.environment["TEST_SEED"].flatMap { UInt64($0) }
        seed = given ?? UInt64.random(in: 0...UInt64.max)
        state = seed
        print("TEST_SEED=\(seed) repeats: \(test)")
    }

    /// A generator that starts with a fixed seed.
    package init(seed: UInt64) {
        self.seed = seed
        state = seed
    }

    package mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }
}
