import CLibCrypto

/// A TimeStampToken (RFC 3161 §2.4.2): the signed word of an authority that data of a digest existed at a time.
///
/// It is kept as the DER that the authority sent, which any other tool reads too: `openssl ts -verify -token_in`.
package struct TimestampToken: Hashable, Sendable {
    /// The most bytes that are read. With two or three certificates in it a token has about 6,000.
    package static let sizeMax = 65_536

    /// The token as it came.
    package let der: [UInt8]
    /// What it says, of which nothing is verified yet.
    package let statement: TimestampStatement

    /// Reads a token without judging it; nil for what is none, and beyond `sizeMax`.
    package init?(der: [UInt8]) {
        guard let statement = TokenHandle(der: der)?.statement() else { return nil }
        self.der = der
        self.statement = statement
    }

    /// Whether an authority that `trusted` vouches for says that data of `digest` existed. Needs nothing but what it
    /// is given: no network, no clock.
    ///
    /// The certificates must be valid at the time that the token names, not now: a token outlives them, as long as
    /// their keys were not broken. They are not looked up in revocation lists.
    ///
    /// Each byte of the token counts, except those of certificates beside the signer's, of revocation lists and of
    /// unsigned attributes: nobody has signed these, and all that they can do is to help on the way to a trusted one.
    package static func verify(
        _ der: [UInt8], over digest: Digest, trusting trusted: TrustedCertificates
    ) -> TimestampVerdict {
        let shape: TimestampTokenShape
        guard der.count <= sizeMax else { return .malformed(reason: "larger than \(sizeMax) bytes") }
        do throws(TimestampTokenShape.Fault) {
            shape = try TimestampTokenShape(der)
        } catch {
            return .malformed(reason: error.reason)
        }
        guard let handle = TokenHandle(der: der), let statement = handle.statement() else {
            return .malformed(reason: "its content is not that of a timestamp")
        }
        guard statement.digest == digest else { return .otherImprint }
        if let failure = handle.failure(at: statement.microseconds, trusting: trusted) { return failure }
        guard let signer = handle.signer() else { return .untrusted(reason: "the token lacks its certificate") }
        // libcrypto compares names as people do, without regard to case (RFC 5280 §7.1).
        guard signer.issuer.elementsEqual(shape.signerIssuer) else {
            return .malformed(reason: "it spells the issuer of its signer otherwise than the certificate")
        }
        return .verified(statement, authority: signer.name)
    }

    /// As the function of the same name.
    package func verify(over digest: Digest, trusting trusted: TrustedCertificates) -> TimestampVerdict {
        Self.verify(der, over: digest, trusting: trusted)
    }
}

/// The owner of a `PKCS7`, freed once.
@safe private struct TokenHandle: ~Copyable {
    /// The longest name that is shown, in bytes.
    private static let textSizeMax = 1_024

    private let token: UnsafeMutablePointer<PKCS7>

    init?(der: [UInt8]) {
        guard der.count <= TimestampToken.sizeMax else { return nil }
        let parsed = unsafe der.withUnsafeBufferPointer { buffer -> UnsafeMutablePointer<PKCS7>? in
            var next = buffer.baseAddress
            guard let token = unsafe d2i_PKCS7(nil, &next, buffer.count) else { return nil }
            // libcrypto reads more spellings than DER has. What it writes is DER, and must be what it has read.
            guard unsafe Self.encoding(of: token) == Array(buffer) else {
                unsafe PKCS7_free(token)
                return nil
            }
            return unsafe token
        }
        guard let token = unsafe parsed else {
            ERR_clear_error()
            return nil
        }
        unsafe self.token = token
    }

    deinit { unsafe PKCS7_free(token) }

    @unsafe private static func encoding(of token: UnsafeMutablePointer<PKCS7>) -> [UInt8]? {
        var output: UnsafeMutablePointer<UInt8>?
        let count = unsafe i2d_PKCS7(token, &output)
        guard let start = unsafe output, count > 0 else { return nil }
        defer { unsafe CRYPTO_free(start, nil, 0) }
        return unsafe Array(UnsafeBufferPointer(start: start, count: Int(count)))
    }

    func statement() -> TimestampStatement? {
        guard let info = unsafe PKCS7_to_TS_TST_INFO(token) else {
            ERR_clear_error()
            return nil
        }
        defer { unsafe TS_TST_INFO_free(info) }
        return unsafe TimestampStatement(info)
    }

    /// Nil if the signature, its certificate's way to a trusted one, and the authority's name hold at that time.
    func failure(at microseconds: Int64, trusting trusted: TrustedCertificates) -> TimestampVerdict? {
        // What others left in the list of this thread must not be read as a reason of ours.
        ERR_clear_error()
        guard let context = unsafe TS_VERIFY_CTX_new() else { return .untrusted(reason: "no memory") }
        defer { unsafe TS_VERIFY_CTX_free(context) }
        guard let store = unsafe trusted.makeStore(at: microseconds / 1_000_000) else {
            return .untrusted(reason: "no memory")
        }
        // The context owns the store from here on. It asks for the purpose "timestampsign" by itself.
        unsafe _ = TS_VERIFY_CTX_set_store(context, store)
        unsafe _ = TS_VERIFY_CTX_set_flags(
            context, Int32(TS_VFY_SIGNATURE) | Int32(TS_VFY_VERSION) | Int32(TS_VFY_SIGNER))
        let isVerified = unsafe TS_RESP_verify_token(context, token) == 1
        let failure = Self.takeFailure()
        return isVerified ? nil : failure
    }

    /// Empties the list of errors of this thread, and says which of them decides.
    private static func takeFailure() -> TimestampVerdict {
        var verdict: TimestampVerdict?
        while true {
            var data: UnsafePointer<CChar>?
            var flags: Int32 = 0
            let code = unsafe ERR_get_error_all(nil, nil, nil, &data, &flags)
            guard code != 0 else { return verdict ?? .badSignature }
            let isText = flags & ERR_TXT_STRING != 0
            let detail = isText ? unsafe data.map { unsafe String(cString: $0) } : nil
            verdict = verdict ?? Self.verdict(library: ERR_GET_LIB(code), reason: ERR_GET_REASON(code), detail)
        }
    }

    private static func verdict(library: Int32, reason: Int32, _ detail: String?) -> TimestampVerdict? {
        switch (library, reason) {
        case (ERR_LIB_TS, TS_R_CERTIFICATE_VERIFY_ERROR):
            // "Verify error:certificate has expired"
            let words = detail.flatMap { $0.split(separator: ":", maxSplits: 1).last }
            return .untrusted(reason: words.map(String.init) ?? "its certificate does not verify")
        case (ERR_LIB_PKCS7, PKCS7_R_SIGNER_CERTIFICATE_NOT_FOUND), (ERR_LIB_PKCS7, PKCS7_R_NO_SIGNERS):
            return .untrusted(reason: "the token lacks its certificate")
        case (ERR_LIB_TS, TS_R_TSA_NAME_MISMATCH):
            return .untrusted(reason: "the token names another authority than its certificate")
        case (ERR_LIB_TS, TS_R_ESS_SIGNING_CERTIFICATE_ERROR), (ERR_LIB_ESS, _):
            return .untrusted(reason: "the signature was not made for this certificate")
        default: return nil
        }
    }

    /// The subject and the issuer (the content of its Name) of the certificate that belongs to the signature.
    func signer() -> (name: String, issuer: ArraySlice<UInt8>)? {
        guard let signers = unsafe PKCS7_get0_signers(token, nil, 0) else {
            ERR_clear_error()
            return nil
        }
        // The list is ours, the certificates are the token's.
        defer { unsafe OPENSSL_sk_free(signers) }
        guard let value = unsafe OPENSSL_sk_value(signers, 0) else { return nil }
        let certificate = OpaquePointer(value)
        guard let name = unsafe Self.text(X509_get_subject_name(certificate)),
            let issuer = unsafe Self.content(X509_get_issuer_name(certificate))
        else {
            ERR_clear_error()
            return nil
        }
        return (name, issuer)
    }

    @unsafe private static func content(_ name: OpaquePointer?) -> ArraySlice<UInt8>? {
        var output: UnsafeMutablePointer<UInt8>?
        let count = unsafe i2d_X509_NAME(name, &output)
        guard let start = unsafe output, count > 0 else { return nil }
        defer { unsafe CRYPTO_free(start, nil, 0) }
        var reader = DERReader(unsafe Array(UnsafeBufferPointer(start: start, count: Int(count)))[...])
        return reader.read(.sequence)
    }

    @unsafe private static func text(_ name: OpaquePointer?) -> String? {
        guard let sink = unsafe BIO_new(BIO_s_mem()) else { return nil }
        defer { unsafe BIO_free(sink) }
        guard unsafe X509_NAME_print_ex(sink, name, 0, countersign_name_flags) >= 0 else { return nil }
        var bytes = [UInt8](repeating: 0, count: textSizeMax)
        let count = unsafe bytes.withUnsafeMutableBytes { unsafe BIO_read(sink, $0.baseAddress, Int32($0.count)) }
        return count < 0 ? nil : String(decoding: bytes.prefix(Int(count)), as: UTF8.self)
    }
}
