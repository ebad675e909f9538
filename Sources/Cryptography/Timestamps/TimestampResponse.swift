import CLibCrypto

/// What an authority answers to a request (TimeStampResp, RFC 3161 §2.4.2).
package enum TimestampResponse: Hashable, Sendable {
    /// The token for the request: over its digest, with its nonce. Its signature is not verified yet.
    case granted(TimestampToken)
    /// There is none, and why.
    case refused(TimestampRefusal)

    /// The media type of answers (RFC 3161 §3.4).
    package static let contentType = "application/timestamp-reply"
    /// The most bytes of an answer that are read.
    package static let sizeMax = 65_536
    /// How many characters of the authority's words are kept.
    package static let textLengthMax = 200

    /// granted and grantedWithMods: what was modified shows in the token, which is compared with the request.
    private static let statusesGranted = 0...1
    /// The bits of PKIFailureInfo.
    private static let failures: [(bit: Int32, name: String)] = [
        (0, "badAlg"), (2, "badRequest"), (5, "badDataFormat"), (14, "timeNotAvailable"), (15, "unacceptedPolicy"),
        (16, "unacceptedExtension"), (17, "addInfoNotAvailable"), (25, "systemFailure"),
    ]

    /// Reads the body of an answer to `request`.
    package init(_ der: [UInt8], to request: TimestampRequest) {
        self =
            switch Self.token(in: der) {
            case .refused(let refusal): .refused(refusal)
            case .granted(let token):
                if let refusal = Self.refusal(of: token.statement, for: request) {
                    .refused(refusal)
                } else {
                    .granted(token)
                }
            }
    }

    private static func refusal(of statement: TimestampStatement, for request: TimestampRequest) -> TimestampRefusal? {
        guard let digest = statement.digest else { return .otherAlgorithm }
        guard digest == request.digest else { return .otherImprint }
        return statement.nonce == request.nonce ? nil : .otherNonce
    }

    private static func token(in der: [UInt8]) -> TimestampResponse {
        guard der.count <= sizeMax else { return .refused(.tooLarge(limit: sizeMax)) }
        guard let status = ResponseHandle(der: der)?.status() else { return .refused(.malformed) }
        guard statusesGranted.contains(status.number) else {
            return .refused(.notGranted(status: status.number, failures: status.failures, text: status.text))
        }
        // The token's bytes as they came, rather than as libcrypto would write them.
        var outer = DERReader(der[...])
        guard var response = outer.read(.sequence).map({ DERReader($0) }), response.read(.sequence) != nil,
            let token = TimestampToken(der: Array(response.rest))
        else { return .refused(.malformed) }
        return .granted(token)
    }

    /// PKIStatusInfo.
    fileprivate struct Status {
        let number: Int
        let failures: [String]
        let text: String
    }

    /// The owner of a `TS_RESP`, freed once.
    @safe private struct ResponseHandle: ~Copyable {
        private let response: OpaquePointer  // <TS_RESP>

        init?(der: [UInt8]) {
            let parsed = unsafe der.withUnsafeBufferPointer { buffer -> OpaquePointer? in
                var next = buffer.baseAddress
                guard let response = unsafe d2i_TS_RESP(nil, &next, buffer.count) else { return nil }
                guard unsafe next == buffer.baseAddress?.advanced(by: buffer.count) else {
                    unsafe TS_RESP_free(response)
                    return nil
                }
                return unsafe response
            }
            guard let response = unsafe parsed else {
                ERR_clear_error()
                return nil
            }
            unsafe self.response = response
        }

        deinit { unsafe TS_RESP_free(response) }

        func status() -> Status? {
            guard let info = unsafe TS_RESP_get_status_info(response) else { return nil }
            var number: Int64 = -1
            guard unsafe ASN1_INTEGER_get_int64(&number, TS_STATUS_INFO_get0_status(info)) == 1 else {
                ERR_clear_error()
                return nil
            }
            let bits = unsafe TS_STATUS_INFO_get0_failure_info(info)
            let failures = TimestampResponse.failures.filter { unsafe ASN1_BIT_STRING_get_bit(bits, $0.bit) == 1 }
            return Status(number: Int(number), failures: failures.map(\.name), text: unsafe Self.text(of: info))
        }

        @unsafe private static func text(of info: OpaquePointer) -> String {
            guard let texts = unsafe TS_STATUS_INFO_get0_text(info) else { return "" }
            var pieces: [String] = []
            for index in 0..<min(unsafe OPENSSL_sk_num(texts), 16) {
                guard let value = unsafe OPENSSL_sk_value(texts, index) else { continue }
                let string = unsafe value.assumingMemoryBound(to: ASN1_UTF8STRING.self)
                let bytes = unsafe UnsafeBufferPointer(
                    start: ASN1_STRING_get0_data(string), count: Int(ASN1_STRING_length(string)))
                unsafe pieces.append(String(decoding: bytes, as: UTF8.self))
            }
            let scalars = pieces.joined(separator: "; ").unicodeScalars.prefix(TimestampResponse.textLengthMax)
            let isControl = { (scalar: Unicode.Scalar) in
                [.control, .format, .lineSeparator, .paragraphSeparator].contains(scalar.properties.generalCategory)
            }
            return String(String.UnicodeScalarView(scalars.map { isControl($0) ? " " : $0 }))
        }
    }
}
