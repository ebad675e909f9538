/// Why a compressed file is not read: a closed list, whose raw values are the codes that are kept and shown.
package enum CompressionError: String, Error, Sendable, Hashable, CaseIterable {
    /// The input is larger than ``CompressionLimits/inputSizeMax``.
    case inputTooLarge = "input_too_large"
    /// The content would be larger than ``CompressionLimits/outputSizeMax``.
    case outputTooLarge = "output_too_large"
    /// The content grows faster than ``CompressionLimits/ratioMax``: a bomb.
    case ratioExceeded = "ratio_exceeded"
    /// The input ends inside the data.
    case truncated
    /// The data is no deflate stream (RFC 1951).
    case corrupt
    /// The gzip header is wrong (RFC 1952 §2.3).
    case badHeader = "bad_header"
    /// The content does not have the CRC-32 that the file states.
    case checksumMismatch = "checksum_mismatch"
    /// The content does not have the size that the file states.
    case sizeMismatch = "size_mismatch"
    /// Something other than padding follows the data.
    case trailingData = "trailing_data"
    /// The data is neither stored nor deflated.
    case unsupportedMethod = "unsupported_method"
    case encrypted
    case zip64
    /// The archive is one piece of several.
    case multipleVolumes = "multiple_volumes"
    /// There is more than one file inside.
    case multipleMembers = "multiple_members"
    /// There is no file inside.
    case noMember = "no_member"
    /// There is no end of central directory record (APPNOTE §4.3.16).
    case directoryMissing = "directory_missing"
    /// The central directory contradicts itself or the member's local header.
    case directoryMismatch = "directory_mismatch"
    /// zlib itself failed, for want of memory.
    case libraryFailure = "library_failure"
}
