/// A part of a message that has no parts itself (RFC 2045, RFC 2046).
package struct MIMEPart: Sendable {
    /// The media type in lower case, without parameters; `text/plain` if none is stated (RFC 2045 §5.2).
    package let mediaType: String
    /// The file name of `Content-Disposition`, else the `name` of `Content-Type`. It is a claim: never a path.
    package let fileName: String?
    /// Nil for one that no RFC has.
    package let transferEncoding: TransferEncoding?
    /// The content as it stands in the message.
    package let encodedContent: ArraySlice<UInt8>

    /// The longest file name, in bytes; a longer one is not read.
    private static let fileNameSizeMax = 1_024

    init(_ entity: RawMessage, mediaType: String) {
        self.mediaType = mediaType
        let disposition = entity.fields(named: "content-disposition").first.map { MIMEField($0) }
        let type = entity.fields(named: "content-type").first.map { MIMEField($0) }
        let name = disposition?.text(of: "filename") ?? type?.text(of: "name")
        fileName = name.flatMap { $0.isEmpty || $0.utf8.count > Self.fileNameSizeMax ? nil : $0 }
        if let encoding = entity.fields(named: "content-transfer-encoding").first {
            transferEncoding = TransferEncoding(rawValue: MIMEField(encoding).value)
        } else {
            transferEncoding = .sevenBit
        }
        encodedContent = entity.body
    }

    /// The content decoded. Under an unknown encoding it is the bytes as they stand (RFC 2045 §6.4).
    package var content: TransferEncoding.Decoded {
        transferEncoding?.decode(encodedContent) ?? .init(bytes: Array(encodedContent), isBroken: true)
    }
}
