import CLibCurl

/// One call on the thread that it blocks, from the first setting to the last byte of the answer.
///
/// libcurl keeps the address of this object while it is at work; nobody else does.
final class Transfer {
    private let limits: HTTPLimits
    private let isWanted: () -> Bool
    private var body: [UInt8] = []
    private var headersSize = 0
    /// The limit that the answer went beyond.
    private var exceeded: Int?

    private init(_ limits: HTTPLimits, _ isWanted: @escaping () -> Bool) {
        self.limits = limits
        self.isWanted = isWanted
    }

    /// Sends `call` and waits for the answer; `isWanted` is asked about once a second, and more often while bytes flow.
    static func outcome(
        of call: HTTPCall, within limits: HTTPLimits, trusting trustedCertificatesFile: String?,
        while isWanted: @escaping () -> Bool
    ) -> Result<HTTPAnswer, OutboundError> {
        guard isLibraryReady, let handle = CurlHandle() else {
            return .failure(.unavailable(reason: "libcurl does not start"))
        }
        let transfer = Transfer(limits, isWanted)
        return withExtendedLifetime(transfer) {
            Result { () throws(OutboundError) in
                try transfer.prepare(handle, for: call, trusting: trustedCertificatesFile)
                let code = BrokenPipe.withSignalBlocked { handle.perform() }
                guard code == CURLE_OK else { throw transfer.error(code) }
                return HTTPAnswer(
                    status: handle.status, contentType: handle.header("content-type"),
                    location: handle.header("location"), body: transfer.body)
            }
        }
    }

    /// Set up once for the process, before the first handle.
    private static let isLibraryReady = curl_global_init(Int(CURL_GLOBAL_SSL)) == CURLE_OK

    private func prepare(
        _ handle: CurlHandle, for call: HTTPCall, trusting trustedCertificatesFile: String?
    ) throws(OutboundError) {
        // Timeouts by signal would hit any thread of the process.
        try handle.set(CURLOPT_NOSIGNAL, 1)
        try handle.set(CURLOPT_PROTOCOLS_STR, "http,https")
        try handle.set(CURLOPT_FOLLOWLOCATION, 0)
        try handle.set(CURLOPT_DISALLOW_USERNAME_IN_URL, 1)
        try handle.set(CURLOPT_PROXY, "")
        try handle.set(CURLOPT_USERAGENT, "countersign")
        try handle.set(CURLOPT_URL, call.url)
        try handle.set(CURLOPT_CONNECTTIMEOUT_MS, Self.milliseconds(limits.connectTimeout))
        try handle.set(CURLOPT_TIMEOUT_MS, Self.milliseconds(limits.timeout))
        if let trustedCertificatesFile {
            try handle.set(CURLOPT_CAINFO, trustedCertificatesFile)
            // Else the system's folder is searched as well.
            try unsafe handle.set(CURLOPT_CAPATH, nil)
        }
        try handle.setHeaders(call.headers.map(\.line) + ["Expect:"])
        if call.method == .post { try handle.setBody(call.body) }

        // Borrowed by libcurl until the transfer ends, which `outcome` outlives.
        let context = unsafe Unmanaged.passUnretained(self).toOpaque()
        try unsafe handle.set(CURLOPT_WRITEDATA, context)
        try unsafe handle.set(CURLOPT_HEADERDATA, context)
        try unsafe handle.set(CURLOPT_XFERINFODATA, context)
        try unsafe handle.set(CURLOPT_WRITEFUNCTION) { start, size, count, context in
            unsafe Transfer.take(start, size * count, context) { unsafe $0.takeBody($1) }
        }
        try unsafe handle.set(CURLOPT_HEADERFUNCTION) { start, size, count, context in
            unsafe Transfer.take(start, size * count, context) { unsafe $0.takeHeader($1) }
        }
        try unsafe handle.setProgress { context, _, _, _, _ in
            guard let context = unsafe context else { return 1 }
            return unsafe Unmanaged<Transfer>.fromOpaque(context).takeUnretainedValue().isWanted() ? 0 : 1
        }
        try handle.set(CURLOPT_NOPROGRESS, 0)
    }

    /// At least 1, because 0 means to libcurl that there is no limit.
    private static func milliseconds(_ time: Duration) -> Int {
        let (seconds, attoseconds) = time.components
        return max(1, Int(min(seconds, 86_400)) * 1_000 + Int(attoseconds / 1_000_000_000_000_000))
    }

    // MARK: What libcurl hands over

    /// How many bytes were taken: another number than `count` ends the transfer.
    @unsafe private static func take(
        _ start: UnsafeMutablePointer<CChar>?, _ count: Int, _ context: UnsafeMutableRawPointer?,
        _ receive: (Transfer, UnsafeRawBufferPointer) -> Bool
    ) -> Int {
        guard let context = unsafe context else { return count + 1 }
        let transfer = unsafe Unmanaged<Transfer>.fromOpaque(context).takeUnretainedValue()
        return unsafe receive(transfer, UnsafeRawBufferPointer(start: start, count: count)) ? count : count + 1
    }

    private func takeBody(_ bytes: UnsafeRawBufferPointer) -> Bool {
        guard bytes.count <= limits.answerSizeMax - body.count else {
            exceeded = limits.answerSizeMax
            return false
        }
        unsafe body.append(contentsOf: bytes)
        return true
    }

    private func takeHeader(_ bytes: UnsafeRawBufferPointer) -> Bool {
        headersSize += bytes.count
        guard headersSize <= HTTPLimits.headersSizeMax else {
            exceeded = HTTPLimits.headersSizeMax
            return false
        }
        return true
    }

    // MARK: What went wrong

    private func error(_ code: CURLcode) -> OutboundError {
        if let exceeded { return .tooLarge(limit: exceeded) }
        let reason = unsafe String(cString: curl_easy_strerror(code))
        switch code {
        case CURLE_URL_MALFORMAT, CURLE_LOGIN_DENIED: return .invalidURL
        case CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_CONNECT: return .unreachable(reason: reason)
        case CURLE_OPERATION_TIMEDOUT: return .timedOut
        case CURLE_ABORTED_BY_CALLBACK: return .cancelled
        case CURLE_SSL_CONNECT_ERROR, CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CERTPROBLEM, CURLE_SSL_CIPHER,
            CURLE_SSL_CACERT_BADFILE, CURLE_SSL_ISSUER_ERROR, CURLE_SSL_INVALIDCERTSTATUS:
            return .tls(reason: reason)
        case CURLE_OUT_OF_MEMORY, CURLE_FAILED_INIT: return .unavailable(reason: reason)
        default: return .broken(reason: reason)
        }
    }
}

extension HTTPCall.Header {
    /// As libcurl wants it: a name with nothing after its colon would take the header away.
    fileprivate var line: String { value.isEmpty ? "\(name);" : "\(name): \(value)" }
}
