import Cryptography

/// The plaintext of one sealed value with its salt, made exactly as a Disclosure of RFC 9901 §4.2.1:
/// `base64url(JSON [salt, name, value])`. The line holds only its digest.
package struct Disclosure: Sendable {
    /// Bytes of a salt: 128 bits, as RFC 9901 §9.3 recommends.
    package static let saltSize = 16

    /// The encoded disclosure, as it is stored and handed out.
    package let text: String

    /// The disclosure of `value` under `name` with a fresh random `salt`.
    package init(salt: [UInt8], name: String, value: JSONValue) {
        var text: [UInt8] = []
        _ = Self.append(salt: salt, name: name, value: value, to: &text)
        self.text = String(decoding: text, as: UTF8.self)
    }

    /// Appends the encoded disclosure of `value` under `name` to `target`.
    ///
    /// - Returns: its digest, which the line holds in base64url (RFC 9901 §4.2.3).
    static func append(salt: [UInt8], name: String, value: JSONValue, to target: inout [UInt8]) -> Digest {
        var json: [UInt8] = []
        json.reserveCapacity(128)
        json += "[\"".utf8
        Base64URL.append(salt.span, to: &json)
        json += "\",".utf8
        CanonicalWriter.append(name, to: &json)
        json.append(UInt8(ascii: ","))
        CanonicalWriter.append(value, to: &json)
        json.append(UInt8(ascii: "]"))
        let start = target.count
        Base64URL.append(json.span, to: &target)
        return SHA256.digest(target.span.extracting(start..<target.count))
    }

    /// A disclosure that was stored or handed over.
    package init(text: String) {
        self.text = text
    }

    /// `base64url(SHA-256(ASCII(disclosure)))`, RFC 9901 §4.2.3.
    package var digest: String { Base64URL.encode(SHA256.digest(text).bytes) }

    /// The name and value, or nil if the text is no disclosure of the profile.
    package var content: (name: String, value: JSONValue)? {
        guard let bytes = Base64URL.decode(text), let json = try? JSONReader.read(bytes),
            let parts = json.elements, parts.count == 3, let name = parts[1].text
        else { return nil }
        return (name, parts[2])
    }
}
