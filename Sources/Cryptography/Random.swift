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

/// Random bytes, drawn from libcrypto's generator many at a time and handed out piece by piece: for lists of entries,
/// each of which needs a few.
package struct RandomBytes: Sendable {
    private static let drawSizeMax = 4_096

    private var drawn: [UInt8] = []
    private var position = 0
    private let drawSize: Int

    /// - Parameter count: about how many bytes will be taken.
    package init(expecting count: Int) { drawSize = min(count, Self.drawSizeMax) }

    /// `count` unpredictable bytes that nobody else gets.
    package mutating func take(_ count: Int) -> [UInt8] {
        if drawn.count - position < count {
            drawn = Random.bytes(max(count, drawSize))
            position = 0
        }
        defer { position += count }
        return Array(drawn[position..<position + count])
    }
}
