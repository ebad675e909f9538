import CLibCrypto

/// What a token says (TSTInfo, RFC 3161 §2.4.2). Only a verdict tells whether it is to be believed.
package struct TimestampStatement: Hashable, Sendable {
    /// The longest serial number: RFC 3161 asks for 160 bits.
    private static let serialSizeMax = 64
    /// The longest accuracy that is read: an hour.
    private static let accuracySecondsMax: Int64 = 3_600

    /// The time in microseconds since 1970-01-01T00:00:00Z.
    package let microseconds: Int64
    /// How far the true time may lie before or after, in microseconds, if the authority says so.
    package let accuracyMicroseconds: Int64?
    /// The authority's number for this token, in lower-case hexadecimal digits, two for each byte.
    package let serial: String
    /// The policy under which it was made, as numbers with dots between them.
    package let policy: String
    /// The digest that was stamped; nil if it is of another algorithm than SHA-256.
    package let digest: Digest?
    /// The nonce of the request as a number, big-endian, without leading zeros; nil if there is none.
    package let nonce: [UInt8]?

    /// Reads a `TS_TST_INFO`; nil for what breaks the rules of RFC 3161 or the limits above.
    @unsafe init?(_ info: OpaquePointer) {
        // An extension that matters and that nobody here knows could change the meaning of all the rest.
        guard unsafe TS_TST_INFO_get_version(info) == 1, unsafe TS_TST_INFO_get_ext_by_critical(info, 1, -1) < 0,
            let time = unsafe Self.bytes(TS_TST_INFO_get_time(info)),
            let microseconds = GeneralizedTime.microseconds(time),
            let serial = unsafe Self.number(TS_TST_INFO_get_serial(info)), serial.count <= Self.serialSizeMax,
            let policy = unsafe Self.dotted(TS_TST_INFO_get_policy_id(info)),
            let imprint = unsafe TS_TST_INFO_get_msg_imprint(info)
        else { return nil }
        self.microseconds = microseconds
        self.serial = Hex.encode(serial.isEmpty ? [0] : serial)
        self.policy = policy
        digest = unsafe Self.digest(imprint)

        if let nonce = unsafe TS_TST_INFO_get_nonce(info) {
            guard let number = unsafe Self.number(nonce) else { return nil }
            self.nonce = number
        } else {
            nonce = nil
        }
        if let accuracy = unsafe TS_TST_INFO_get_accuracy(info) {
            guard let total = unsafe Self.accuracy(accuracy) else { return nil }
            accuracyMicroseconds = total
        } else {
            accuracyMicroseconds = nil
        }
    }

    @unsafe private static func digest(_ imprint: OpaquePointer) -> Digest? {
        var name: OpaquePointer?
        unsafe X509_ALGOR_get0(&name, nil, nil, TS_MSG_IMPRINT_get_algo(imprint))
        guard unsafe OBJ_obj2nid(name) == NID_sha256 else { return nil }
        return unsafe bytes(TS_MSG_IMPRINT_get_msg(imprint)).flatMap { Digest($0) }
    }

    /// A sum of seconds, milliseconds and microseconds, each of which may be missing.
    @unsafe private static func accuracy(_ accuracy: OpaquePointer) -> Int64? {
        guard let seconds = unsafe part(TS_ACCURACY_get_seconds(accuracy), atMost: accuracySecondsMax),
            let millis = unsafe part(TS_ACCURACY_get_millis(accuracy), atMost: 999),
            let micros = unsafe part(TS_ACCURACY_get_micros(accuracy), atMost: 999)
        else { return nil }
        return seconds * 1_000_000 + millis * 1_000 + micros
    }

    @unsafe private static func part(_ integer: UnsafePointer<ASN1_INTEGER>?, atMost limit: Int64) -> Int64? {
        guard let integer = unsafe integer else { return 0 }
        guard let number = unsafe number(integer), number.count <= 4 else { return nil }
        let value = number.reduce(Int64(0)) { $0 << 8 | Int64($1) }
        return value <= limit ? value : nil
    }

    @unsafe private static func dotted(_ object: OpaquePointer?) -> String? {
        var text = [CChar](repeating: 0, count: 128)
        let length = unsafe text.withUnsafeMutableBufferPointer {
            unsafe OBJ_obj2txt($0.baseAddress, Int32($0.count), object, 1)
        }
        guard length > 0, length < text.count else { return nil }
        return String(decoding: text.prefix(Int(length)).map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// A number that is not negative, big-endian, without leading zeros.
    @unsafe private static func number(_ integer: UnsafePointer<ASN1_INTEGER>?) -> [UInt8]? {
        guard let integer = unsafe integer, unsafe ASN1_STRING_type(integer) == V_ASN1_INTEGER else { return nil }
        return unsafe bytes(integer).map { Array($0.drop { $0 == 0 }) }
    }

    @unsafe private static func bytes(_ string: UnsafePointer<ASN1_STRING>?) -> [UInt8]? {
        guard let string = unsafe string else { return nil }
        let buffer = unsafe UnsafeBufferPointer(
            start: ASN1_STRING_get0_data(string), count: Int(ASN1_STRING_length(string)))
        return unsafe Array(buffer)
    }
}
