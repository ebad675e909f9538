/// Names as Prometheus allows them.
enum MetricName {
    /// `[a-zA-Z_:][a-zA-Z0-9_:]*`
    static func metric(_ name: String) -> String { allowed(name) { $0 == UInt8(ascii: ":") } }

    /// `[a-zA-Z_][a-zA-Z0-9_]*`, and not `le`, which belongs to histograms.
    static func label(_ name: String) -> String {
        let name = allowed(name) { _ in false }
        return name == "le" ? "le_" : name
    }

    private static func allowed(_ name: String, _ isAllowedToo: (UInt8) -> Bool) -> String {
        var bytes = name.utf8.map { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"):
                byte
            default: isAllowedToo(byte) ? byte : UInt8(ascii: "_")
            }
        }
        if let first = bytes.first.map({ $0 <= UInt8(ascii: "9") }), !first {
            return String(decoding: bytes, as: UTF8.self)
        }
        bytes.insert(UInt8(ascii: "_"), at: 0)
        return String(decoding: bytes, as: UTF8.self)
    }
}
