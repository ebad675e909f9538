/// Raw deflate data (RFC 1951), inflated within limits: the memory taken is the content's and one chunk.
package enum Deflate {
    /// Content, and how much of the input it took.
    package struct Inflated: Hashable, Sendable {
        package let content: [UInt8]
        package let consumed: Int
    }

    /// Inflates the stream at the start of `input`; what follows its end is left alone.
    package static func inflate(
        _ input: Span<UInt8>, limits: CompressionLimits = CompressionLimits()
    ) throws(CompressionError) -> Inflated {
        try limits.requireInput(of: input.count)
        var stream = try InflateStream()
        var content: [UInt8] = []
        var position = 0
        while true {
            let progress = try stream.step(input, from: &position, into: &content)
            try limits.requireOutput(of: content.count, from: position)
            switch progress {
            case .more: continue
            case .finished: return Inflated(content: content, consumed: position)
            case .starved: throw .truncated
            }
        }
    }
}
