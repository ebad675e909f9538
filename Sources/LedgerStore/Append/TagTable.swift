/// Values by keyed tags of 16 bytes. A tag is hashed as one number: an array would be hashed byte by byte, which a
/// batch pays several times for each of its entries.
struct TagTable<Value: Sendable>: Sendable {
    private var entries: [UInt128: Value] = [:]

    subscript(_ tag: [UInt8]) -> Value? {
        get { entries[Self.number(tag)] }
        set { entries[Self.number(tag)] = newValue }
    }

    var values: some Collection<Value> { entries.values }

    private static func number(_ tag: [UInt8]) -> UInt128 {
        var number: UInt128 = 0
        for byte in tag { number = number << 8 | UInt128(byte) }
        return number
    }
}
