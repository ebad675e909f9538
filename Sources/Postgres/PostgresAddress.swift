/// An address of IPv4 or IPv6, alone and not a network: `inet`.
package struct PostgresAddress: Hashable, Sendable {
    /// 4 or 16 bytes in network order.
    package let bytes: [UInt8]

    /// The address of 4 or 16 bytes; nil for any other length.
    package init?(_ bytes: [UInt8]) {
        guard bytes.count == 4 || bytes.count == 16 else { return nil }
        self.bytes = bytes
    }

    /// PGSQL_AF_INET and PGSQL_AF_INET6 of Postgres' `inet.h`, on every platform.
    private var family: UInt8 { bytes.count == 4 ? 2 : 3 }
}

extension PostgresAddress: PostgresScalar {
    package static var oid: UInt32 { DataType.inet }
    package static var scalarArrayOID: UInt32 { DataType.inetArray }

    /// Family, length of the netmask, whether it is a `cidr`, and the address with its length.
    package func encode(into target: inout [UInt8]) {
        target += [family, UInt8(bytes.count * 8), 0, UInt8(bytes.count)]
        target += bytes
    }
}

extension PostgresAddress: PostgresDecodable {
    /// A network is refused like a wrong type.
    package static func decode(_ field: RawSpan, oid: UInt32) -> PostgresAddress? {
        guard oid == DataType.inet, field.byteCount > 4 else { return nil }
        let bytes = unsafe field.withUnsafeBytes { unsafe [UInt8]($0) }
        guard let address = PostgresAddress(Array(bytes[4...])), bytes[0] == address.family,
            Int(bytes[1]) == address.bytes.count * 8, Int(bytes[3]) == address.bytes.count
        else { return nil }
        return address
    }
}
