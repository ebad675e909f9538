import CLibCrypto

/// The question to a time stamping authority (RFC 3161 §2.4.1): "when did data of this digest exist at the latest?"
///
/// It asks for SHA-256, for the authority's certificate, and carries a nonce by which the answer is known to be to this
/// question and no older one.
package struct TimestampRequest: Sendable {
    /// The media type to send `der` under (RFC 3161 §3.4).
    package static let contentType = "application/timestamp-query"
    /// How many bytes a nonce may have: at least 64 bits (RFC 3161 §2.4.1), and no more than authorities take.
    package static let nonceSizes = 8...20

    /// What is to be stamped.
    package let digest: Digest
    /// The nonce as a number, big-endian, without leading zeros.
    package let nonce: [UInt8]
    /// The bytes to send: a TimeStampReq.
    package let der: [UInt8]

    /// Asks for `digest`. `nonce` is random bytes that the caller draws anew for each request; nil if their number is
    /// not one of `nonceSizes`.
    package init?(of digest: Digest, nonce: [UInt8]) {
        guard Self.nonceSizes.contains(nonce.count), let der = Self.der(digest, nonce) else { return nil }
        self.digest = digest
        self.nonce = Array(nonce.drop { $0 == 0 })
        self.der = der
    }

    /// Nil only when there is no memory.
    private static func der(_ digest: Digest, _ nonce: [UInt8]) -> [UInt8]? {
        guard let request = unsafe TS_REQ_new() else { return nil }
        defer { unsafe TS_REQ_free(request) }
        guard unsafe TS_REQ_set_version(request, 1) == 1, unsafe setImprint(of: request, to: digest),
            unsafe setNonce(of: request, to: nonce), unsafe TS_REQ_set_cert_req(request, 1) == 1
        else {
            ERR_clear_error()
            return nil
        }
        var output: UnsafeMutablePointer<UInt8>?
        let count = unsafe i2d_TS_REQ(request, &output)
        guard let start = unsafe output, count > 0 else {
            ERR_clear_error()
            return nil
        }
        defer { unsafe CRYPTO_free(start, nil, 0) }
        return unsafe Array(UnsafeBufferPointer(start: start, count: Int(count)))
    }

    /// The setters copy what they are given.
    @unsafe private static func setImprint(of request: OpaquePointer, to digest: Digest) -> Bool {
        let (imprint, algorithm) = unsafe (TS_MSG_IMPRINT_new(), X509_ALGOR_new())
        defer {
            unsafe TS_MSG_IMPRINT_free(imprint)
            unsafe X509_ALGOR_free(algorithm)
        }
        // NULL for parameters is what authorities have seen from others; RFC 5754 §2 has them take both.
        guard unsafe imprint != nil, unsafe algorithm != nil,
            unsafe X509_ALGOR_set0(algorithm, OBJ_nid2obj(NID_sha256), V_ASN1_NULL, nil) == 1,
            unsafe TS_MSG_IMPRINT_set_algo(imprint, algorithm) == 1
        else { return false }
        var bytes = digest.bytes
        let isSet = unsafe bytes.withUnsafeMutableBufferPointer {
            unsafe TS_MSG_IMPRINT_set_msg(imprint, $0.baseAddress, Int32($0.count)) == 1
        }
        return unsafe isSet && TS_REQ_set_msg_imprint(request, imprint) == 1
    }

    @unsafe private static func setNonce(of request: OpaquePointer, to nonce: [UInt8]) -> Bool {
        let number = unsafe nonce.withUnsafeBufferPointer {
            unsafe BN_bin2bn($0.baseAddress, Int32($0.count), nil)
        }
        defer { unsafe BN_free(number) }
        guard unsafe number != nil, let integer = unsafe BN_to_ASN1_INTEGER(number, nil) else { return false }
        defer { unsafe ASN1_INTEGER_free(integer) }
        return unsafe TS_REQ_set_nonce(request, integer) == 1
    }
}
