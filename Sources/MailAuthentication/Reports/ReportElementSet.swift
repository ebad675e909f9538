/// Elements that were met.
struct ReportElementSet {
    private var bits: UInt64 = 0

    func contains(_ element: ReportElement) -> Bool { bits & 1 << UInt64(element.rawValue) != 0 }

    /// Adds `element`, and says whether it is new.
    mutating func insert(_ element: ReportElement) -> Bool {
        defer { bits |= 1 << UInt64(element.rawValue) }
        return !contains(element)
    }
}
