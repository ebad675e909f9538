/// The parts of a message, found by one bounded walk through its multiparts (RFC 2046 §5.1).
///
/// A message inside a message (`message/rfc822`) is a part, not a place to look: its sender is another.
package struct MIMEWalk: Sendable {
    /// How deep multiparts may nest.
    package static let depthMax = 8
    /// How many parts are looked at, multiparts included.
    package static let partCountMax = 100
    /// The longest boundary, in bytes: RFC 2046 §5.1.1 has 70, writers have more.
    private static let boundarySizeMax = 256

    /// The parts that have no parts themselves, from the top.
    package private(set) var parts: [MIMEPart] = []
    /// Whether there was more than the limits let see.
    package private(set) var isIncomplete = false
    private var count = 0

    package init(_ message: RawMessage) { walk(message, depth: 0, standardType: "text/plain") }

    /// - Parameter standardType: the media type of an entity that states none.
    private mutating func walk(_ entity: RawMessage, depth: Int, standardType: String) {
        count += 1
        let type = entity.fields(named: "content-type").first.map { MIMEField($0) }
        let mediaType = type.flatMap { $0.value.isEmpty ? nil : $0.value } ?? standardType
        guard mediaType.hasPrefix("multipart/"), let boundary = type?.bytes(of: "boundary"), !boundary.isEmpty,
            boundary.count <= Self.boundarySizeMax
        else {
            parts.append(MIMEPart(entity, mediaType: mediaType))
            return
        }
        guard depth < Self.depthMax else {
            isIncomplete = true
            return
        }
        let room = Self.partCountMax - count
        let children = Self.bodyParts(of: entity.body, boundary: boundary, countMax: room + 1)
        if children.count > room { isIncomplete = true }
        for child in children {
            guard count < Self.partCountMax else {
                isIncomplete = true
                return
            }
            let standardType = mediaType == "multipart/digest" ? "message/rfc822" : "text/plain"
            walk(RawMessage(Array(child)), depth: depth + 1, standardType: standardType)
        }
    }

    /// The body parts between the delimiter lines. The line end before a delimiter belongs to it (RFC 2046 §5.1.1). A
    /// multipart that is never closed ends with its body.
    private static func bodyParts(
        of body: ArraySlice<UInt8>, boundary: [UInt8], countMax: Int
    ) -> [ArraySlice<UInt8>] {
        let delimiter = [UInt8(ascii: "-"), UInt8(ascii: "-")] + boundary
        var parts: [ArraySlice<UInt8>] = []
        var partStart: Int?
        var lineStart = body.startIndex
        while lineStart < body.endIndex, parts.count < countMax {
            let lineEnd = body[lineStart...].firstIndex(of: 0x0A).map { $0 + 1 } ?? body.endIndex
            if let isLast = delimiterKind(body[lineStart..<lineEnd], delimiter) {
                if let start = partStart { parts.append(withoutLineEnd(body[start..<lineStart])) }
                guard !isLast else { return parts }
                partStart = lineEnd
            }
            lineStart = lineEnd
        }
        if lineStart == body.endIndex, let start = partStart, parts.count < countMax {
            parts.append(body[start...])
        }
        return parts
    }

    /// Whether `line` is the last delimiter (true) or another one (false); nil if it is none.
    private static func delimiterKind(_ line: ArraySlice<UInt8>, _ delimiter: [UInt8]) -> Bool? {
        guard line.starts(with: delimiter) else { return nil }
        let rest = line.dropFirst(delimiter.count)
        if rest.starts(with: [UInt8(ascii: "-"), UInt8(ascii: "-")]) { return true }
        return rest.allSatisfy(ASCII.isFoldingSpace) ? false : nil
    }

    private static func withoutLineEnd(_ part: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        var end = part.endIndex
        if end > part.startIndex, part[end - 1] == 0x0A { end -= 1 }
        if end > part.startIndex, part[end - 1] == 0x0D { end -= 1 }
        return part[..<end]
    }
}
