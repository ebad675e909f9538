import CZlib

/// One run of zlib over a raw deflate stream, a chunk at a time. It owns the `z_stream`, whose address zlib remembers.
@safe struct InflateStream: ~Copyable {
    /// How a step ended.
    enum Progress { case more, finished, starved }

    /// What one step takes and gives at most, in bytes.
    private static let chunkSize = 1 << 15

    private let stream: UnsafeMutablePointer<z_stream>
    private let chunk: UnsafeMutablePointer<UInt8>

    init() throws(CompressionError) {
        let stream = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
        unsafe stream.initialize(to: z_stream())
        guard unsafe countersign_inflate_init_raw(stream) == Z_OK else {
            unsafe stream.deallocate()
            throw .libraryFailure
        }
        unsafe self.stream = stream
        unsafe chunk = .allocate(capacity: Self.chunkSize)
    }

    deinit {
        unsafe inflateEnd(stream)
        unsafe stream.deallocate()
        unsafe chunk.deallocate()
    }

    /// Takes some of `input` from `position` on, which moves, and appends what it gives to `output`.
    mutating func step(
        _ input: Span<UInt8>, from position: inout Int, into output: inout [UInt8]
    ) throws(CompressionError) -> Progress {
        let size = min(input.count - position, Self.chunkSize)
        let code = unsafe input.extracting(position..<position + size).withUnsafeBufferPointer { source in
            unsafe stream.pointee.next_in = source.baseAddress
            unsafe stream.pointee.avail_in = UInt32(source.count)
            unsafe stream.pointee.next_out = chunk
            unsafe stream.pointee.avail_out = UInt32(Self.chunkSize)
            // The source is lent for this call only.
            defer { unsafe stream.pointee.next_in = nil }
            return unsafe inflate(stream, Z_NO_FLUSH)
        }
        position += size - Int(unsafe stream.pointee.avail_in)
        let given = Self.chunkSize - Int(unsafe stream.pointee.avail_out)
        unsafe output.append(contentsOf: UnsafeBufferPointer(start: chunk, count: given))
        switch code {
        case Z_OK: return .more
        case Z_STREAM_END: return .finished
        case Z_BUF_ERROR: return .starved
        case Z_DATA_ERROR, Z_NEED_DICT: throw .corrupt
        default: throw .libraryFailure
        }
    }
}
