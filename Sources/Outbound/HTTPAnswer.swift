/// What a server answered, whatever its status.
package struct HTTPAnswer: Hashable, Sendable {
    /// The status code, 200 to 999.
    package var status: Int
    /// The header `Content-Type`, if there is one.
    package var contentType: String?
    /// The header `Location` of a redirect, which nobody has followed.
    package var location: String?
    /// The body as it came.
    package var body: [UInt8]

    package init(status: Int, contentType: String? = nil, location: String? = nil, body: [UInt8]) {
        self.status = status
        self.contentType = contentType
        self.location = location
        self.body = body
    }
}
