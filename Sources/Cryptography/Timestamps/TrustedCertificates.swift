import CLibCrypto

/// The certificates of authorities that whoever verifies trusts: read once, used by any number of verifications, on
/// any thread.
///
/// `@unchecked Sendable` because certificates that are complete are only read; what libcrypto computes from one at the
/// first use and keeps in it, it guards with the certificate's own lock.
package final class TrustedCertificates: @unchecked Sendable {
    /// The most bytes of PEM that are read: the whole list of a system is about a fifth of it.
    package static let sizeMax = 1 << 20

    /// How many there are.
    package let count: Int
    private let handle: CertificatesHandle

    /// The certificates in `pem` (RFC 7468 §5), of which only those that signed themselves are the end of a chain;
    /// text around them is passed over. Nil if there is none, if one cannot be read, or beyond `sizeMax`.
    package init?(pem: [UInt8]) {
        guard pem.count <= Self.sizeMax, let handle = CertificatesHandle(pem: pem) else { return nil }
        count = unsafe handle.certificates.count
        self.handle = handle
    }

    /// A new `X509_STORE` of them that judges validity by `seconds` since 1970, which the caller owns; nil only when
    /// there is no memory.
    @unsafe func makeStore(at seconds: Int64) -> OpaquePointer? { unsafe handle.makeStore(at: seconds) }
}

/// The owner of several `X509`, each freed once.
@safe private struct CertificatesHandle: ~Copyable {
    /// At least 112 bits: RSA of 2,048 bits, no SHA-1. What the trusted ones signed themselves with does not count.
    private static let securityLevel: Int32 = 2

    let certificates: [OpaquePointer]  // <X509>

    init?(pem: [UInt8]) {
        let read = unsafe pem.withUnsafeBytes { unsafe Self.read($0) }
        guard let read = unsafe read else { return nil }
        unsafe certificates = read
    }

    deinit { unsafe certificates.forEach { unsafe X509_free($0) } }

    @unsafe private static func read(_ pem: UnsafeRawBufferPointer) -> [OpaquePointer]? {
        guard pem.count > 0, let source = unsafe BIO_new_mem_buf(pem.baseAddress, Int32(pem.count)) else { return nil }
        defer {
            unsafe BIO_free(source)
            ERR_clear_error()
        }
        var certificates: [OpaquePointer] = unsafe []
        // Without a callback of ours libcrypto would ask the terminal for the password of an encrypted block.
        while let certificate = unsafe PEM_read_bio_X509(source, nil, { _, _, _, _ in -1 }, nil) {
            unsafe certificates.append(certificate)
        }
        // The end of the text is the only failure that is none.
        let code = ERR_peek_last_error()
        let isEnd = ERR_GET_LIB(code) == ERR_LIB_PEM && ERR_GET_REASON(code) == PEM_R_NO_START_LINE
        guard isEnd, unsafe !certificates.isEmpty else {
            unsafe certificates.forEach { unsafe X509_free($0) }
            return nil
        }
        return unsafe certificates
    }

    @unsafe func makeStore(at seconds: Int64) -> OpaquePointer? {
        guard let store = unsafe X509_STORE_new() else { return nil }
        let parameters = unsafe X509_STORE_get0_param(store)
        unsafe X509_VERIFY_PARAM_set_time(parameters, time_t(seconds))
        unsafe X509_VERIFY_PARAM_set_auth_level(parameters, Self.securityLevel)
        guard unsafe certificates.allSatisfy({ unsafe X509_STORE_add_cert(store, $0) == 1 }) else {
            unsafe X509_STORE_free(store)
            ERR_clear_error()
            return nil
        }
        return unsafe store
    }
}
