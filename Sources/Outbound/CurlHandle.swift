import CLibCurl

/// The owner of a `CURL` and of the list of headers that it refers to, each freed once.
@safe final class CurlHandle {
    private let curl: UnsafeMutableRawPointer  // <CURL>
    /// libcurl does not copy the list: it must live as long as the handle uses it.
    private var headers: UnsafeMutablePointer<curl_slist>?

    /// Nil only when there is no memory.
    init?() {
        guard let curl = unsafe curl_easy_init() else { return nil }
        unsafe self.curl = curl
    }

    deinit {
        unsafe curl_easy_cleanup(curl)
        unsafe curl_slist_free_all(headers)
    }

    func set(_ option: CURLoption, _ value: Int) throws(OutboundError) {
        try require(unsafe countersign_curl_set_number(curl, option, value))
    }

    /// libcurl copies the text.
    func set(_ option: CURLoption, _ value: String) throws(OutboundError) {
        try require(unsafe countersign_curl_set_text(curl, option, value))
    }

    @unsafe func set(_ option: CURLoption, _ value: UnsafeMutableRawPointer?) throws(OutboundError) {
        try require(unsafe countersign_curl_set_pointer(curl, option, value))
    }

    @unsafe func set(_ option: CURLoption, _ receiver: curl_write_callback) throws(OutboundError) {
        try require(unsafe countersign_curl_set_receiver(curl, option, receiver))
    }

    @unsafe func setProgress(_ callback: curl_xferinfo_callback) throws(OutboundError) {
        try require(unsafe countersign_curl_set_progress(curl, callback))
    }

    func setHeaders(_ lines: [String]) throws(OutboundError) {
        for line in lines {
            guard let longer = unsafe curl_slist_append(headers, line) else { throw Self.noMemory }
            unsafe headers = longer
        }
        try require(unsafe countersign_curl_set_pointer(curl, CURLOPT_HTTPHEADER, headers))
    }

    /// Makes it a POST. libcurl copies the bytes, and must know their number before.
    func setBody(_ body: [UInt8]) throws(OutboundError) {
        try set(CURLOPT_POST, 1)
        try require(unsafe countersign_curl_set_size(curl, CURLOPT_POSTFIELDSIZE_LARGE, curl_off_t(body.count)))
        // Never nil, not even for an empty body: libcurl would read it from standard input.
        let code = unsafe (body.isEmpty ? [0] : body).withUnsafeBytes {
            unsafe countersign_curl_set_pointer(curl, CURLOPT_COPYPOSTFIELDS, $0.baseAddress)
        }
        try require(code)
    }

    /// Blocks until the transfer is over.
    func perform() -> CURLcode { unsafe curl_easy_perform(curl) }

    /// The status code of the answer.
    var status: Int {
        var status = 0
        unsafe _ = countersign_curl_get_status(curl, &status)
        return status
    }

    /// The value of the answer's first header of this name.
    func header(_ name: String) -> String? {
        var header: UnsafeMutablePointer<curl_header>?
        guard unsafe curl_easy_header(curl, name, 0, UInt32(CURLH_HEADER), -1, &header) == CURLHE_OK else { return nil }
        return unsafe header.map { unsafe String(cString: $0.pointee.value) }
    }

    private static let noMemory = OutboundError.unavailable(reason: "no memory")

    /// The options are ours; what can fail is memory, and a libcurl that was built without one of them.
    private func require(_ code: CURLcode) throws(OutboundError) {
        guard code != CURLE_OK else { return }
        throw .unavailable(reason: unsafe String(cString: curl_easy_strerror(code)))
    }
}
