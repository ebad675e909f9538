import Cryptography
import Testing

@testable import MailAuthentication

/// RFC 6376 §3.6.1, RFC 8463 §4.
@Suite struct `The key record` {
    private let ed25519 = "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="
    private func read(_ text: String) -> DKIMKey? { DKIMKey(Array(text.utf8)) }

    @Test func `an RSA key is read with and without its envelope`() {
        #expect(read(DKIMSigner.record)?.bits == 1_024)
        #expect(read(DKIMSigner.bareRecord)?.bits == 1_024)
        #expect(read(DKIMSigner.bareRecord.replacing("+", with: "+ \t"))?.bits == 1_024)
    }

    @Test func `an Ed25519 key is its 32 bytes`() {
        #expect(read("v=DKIM1; k=ed25519; p=\(ed25519)")?.bits == 256)
        #expect(read("k=ed25519; p=\(ed25519.dropFirst(4))") == nil)
        #expect(read("k=ed25519; p=MCowBQYDK2VwAyEA\(ed25519)") == nil)
    }

    @Test func `the tags have their defaults`() throws {
        let key = try #require(read(DKIMSigner.record))
        #expect(key.type == "rsa")
        #expect(key.hashes == nil)
        #expect(key.services == ["*"])
        #expect(key.flags.isEmpty)
        #expect(!key.isTesting && !key.isStrict)
    }

    @Test func `lists are read with white space around their colons`() throws {
        let key = try #require(
            read("v=DKIM1; h=sha1 : sha256; s=email:x; t=y : s; n=a=20note=3B; k=ed25519; x=1; p=\(ed25519)"))
        #expect(key.hashes == ["sha1", "sha256"])
        #expect(key.services == ["email", "x"])
        #expect(key.isTesting && key.isStrict)
    }

    @Test func `an empty p= is a key that was revoked, and an unknown type is a key for others`() {
        guard case .revoked = read("v=DKIM1; p=")?.material else { return #expect(Bool(false)) }
        guard case .unknownType = read("v=DKIM1; k=x; p=!?")?.material else { return #expect(Bool(false)) }
    }

    @Test(arguments: [
        "", "v=DKIM1", "v=DKIM2; p=", "v=dkim1; p=", "p=; v=DKIM1", "v=DKIM1; p=; p=", "v=spf1 -all", "p=A", "p=AAAA",
        "p=!", "v=DKIM1;; p=", "hello",
    ])
    func `what is no key record is refused`(text: String) { #expect(read(text) == nil) }

    @Test func `DER that is cut, long or out of bounds is no key`() throws {
        let text = try #require(DKIMSigner.bareRecord.split(separator: "=", maxSplits: 1).last)
        let decoded = Base64.decode(Array(text.utf8).span)
        let der = try #require(decoded)
        #expect(RSAPublicKey(der: der)?.bits == 1_024)
        for size in 0..<der.count { #expect(RSAPublicKey(der: Array(der[..<size])) == nil) }
        #expect(RSAPublicKey(der: der + [0]) == nil)
        let key = { (modulus: [UInt8], exponent: [UInt8]) in
            let integer = { (bytes: [UInt8]) in
                [0x02, 0x82, UInt8(bytes.count >> 8), UInt8(bytes.count & 0xFF)] + bytes
            }
            let numbers = integer(modulus) + [0x02, UInt8(exponent.count)] + exponent
            return RSAPublicKey(
                der: [0x30, 0x82, UInt8(numbers.count >> 8), UInt8(numbers.count & 0xFF)] + numbers)
        }
        let modulus = [UInt8](repeating: 0xFF, count: 1_024)
        #expect(key(modulus, [3])?.bits == 8_192)
        #expect(key([0] + modulus, [3])?.bits == 8_192)
        #expect(key(modulus + [0xFF], [3]) == nil)
        #expect(key(modulus.dropLast() + [0xFE], [3]) == nil)
        #expect(key(modulus, [1]) == nil)
        #expect(key(modulus, [2]) == nil)
        #expect(key(modulus, [UInt8](repeating: 0xFF, count: 9)) == nil)
        #expect(key([UInt8](repeating: 0, count: 512), [3]) == nil)
    }

    @Test func `base 64 has one spelling, white space aside`() {
        let decode = { (text: String) in Base64.decode(Array(text.utf8).span) }
        #expect(decode("") == [])
        #expect(decode("AP8=") == [0, 255])
        #expect(decode(" A\tP\r\n 8 = ") == [0, 255])
        #expect(decode("+/+/") == [0xFB, 0xFF, 0xBF])
        for text in ["A", "AP8", "AP8==", "AP=8", "AP9=", "AB==", "=", "====", "AAAA=", "A-_A", "AAAA====", "AA=A=="] {
            #expect(decode(text) == nil, "\(text)")
        }
        for size in 0..<20 {
            let bytes = (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 37) }
            #expect(decode(Base64.encode(bytes)) == bytes)
        }
    }

    @Test func `an incremental hash is the hash of the whole`() {
        let bytes = (0..<1_000).map { UInt8(truncatingIfNeeded: $0) }
        var hash = IncrementalSHA256()
        #expect(hash.digest == SHA256.digest([]))
        for start in stride(from: 0, to: 1_000, by: 125) {
            #expect(hash.digest == SHA256.digest(Array(bytes[..<start])))
            hash.update(bytes.span.extracting(start..<start + 125))
        }
        #expect(hash.digest == SHA256.digest(bytes))
    }
}
