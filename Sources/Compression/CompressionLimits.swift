/// How much a compressed file may take and give. Its sender is a stranger.
package struct CompressionLimits: Hashable, Sendable {
    /// Content up to this size is never called a bomb, whatever its ratio: 64 KiB.
    package static let ratioFreeSize = 1 << 16

    /// The largest input, in bytes.
    package let inputSizeMax: Int
    /// The largest content, in bytes.
    package let outputSizeMax: Int
    /// How many bytes of content one byte of input may give. Deflate itself reaches 1,032.
    package let ratioMax: Int

    /// The defaults are those of the report intake.
    package init(inputSizeMax: Int = 10_000_000, outputSizeMax: Int = 25_000_000, ratioMax: Int = 200) {
        self.inputSizeMax = inputSizeMax
        self.outputSizeMax = outputSizeMax
        self.ratioMax = max(1, ratioMax)
    }

    func requireInput(of size: Int) throws(CompressionError) {
        guard size <= inputSizeMax else { throw .inputTooLarge }
    }

    /// - Parameters:
    ///   - size: the content so far.
    ///   - consumed: the input that it came from.
    func requireOutput(of size: Int, from consumed: Int) throws(CompressionError) {
        guard size <= outputSizeMax else { throw .outputTooLarge }
        guard size <= Self.ratioFreeSize || size / ratioMax <= consumed else { throw .ratioExceeded }
    }
}
