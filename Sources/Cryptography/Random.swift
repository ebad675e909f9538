import CLibCrypto

/// Random bytes from libcrypto's generator.
package enum Random {
    /// `count` unpredictable bytes.
    ///
    /// A generator that cannot be seeded leaves nothing safe to do: the process stops.
    package static func bytes(_ count: Int) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        let outcome = unsafe bytes.withUnsafeMutableBytes { target in
            unsafe RAND_bytes(target.bindMemory(to: UInt8.self).baseAddress, Int32(count))
        }
        precondition(outcome == 1, "the random generator of libcrypto failed")
        return bytes
    }
}
