import CLibCrypto

/// SHA-256 (FIPS 180-4).
package enum SHA256 {
    /// The digest of `bytes`.
    package static func digest(_ bytes: [UInt8]) -> Digest {
        var words: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)
        unsafe withUnsafeMutableBytes(of: &words) { output in
            unsafe bytes.withUnsafeBytes { input in
                let target = unsafe output.bindMemory(to: UInt8.self).baseAddress
                _ = unsafe CLibCrypto.SHA256(
                    input.bindMemory(to: UInt8.self).baseAddress, input.count, target)
            }
        }
        return Digest(bigEndianWords: words)
    }

    /// The digest of the UTF-8 of `text`.
    package static func digest(_ text: String) -> Digest { digest(Array(text.utf8)) }
}
