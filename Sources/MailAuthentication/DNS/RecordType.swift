/// The types of resource record that mail authentication asks for (RFC 1035 §3.2.2, RFC 3596).
package enum RecordType: UInt16, Sendable, Hashable, CaseIterable {
    case a = 1
    case cname = 5
    case ptr = 12
    case mx = 15
    case txt = 16
    case aaaa = 28

    /// The type as zone files and evidence write it.
    package var name: String {
        switch self {
        case .a: "A"
        case .cname: "CNAME"
        case .ptr: "PTR"
        case .mx: "MX"
        case .txt: "TXT"
        case .aaaa: "AAAA"
        }
    }
}
