import CLibCrypto

/// HMAC-SHA-256 (RFC 2104).
package enum HMAC {
    /// The authentication code of `message` under `key`.
    package static func sha256(key: SecretKey, _ message: [UInt8]) -> Digest {
        var words: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)
        unsafe withUnsafeMutableBytes(of: &words) { output in
            unsafe key.bytes.withUnsafeBytes { keyBytes in
                unsafe message.withUnsafeBytes { input in
                    var length: UInt32 = 0
                    _ = unsafe CLibCrypto.HMAC(
                        EVP_sha256(), keyBytes.baseAddress, Int32(keyBytes.count),
                        input.bindMemory(to: UInt8.self).baseAddress, input.count,
                        output.bindMemory(to: UInt8.self).baseAddress, &length)
                }
            }
        }
        return Digest(bigEndianWords: words)
    }
}
