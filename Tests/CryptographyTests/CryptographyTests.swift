import Cryptography
import Testing

@Suite struct `Digests and keys` {
    @Test func `SHA-256 gives the digest of FIPS 180-4`() {
        #expect(SHA256.digest("abc").hex == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
        #expect(SHA256.digest([]).hex == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
    }

    @Test func `SHA-256 with a prefix is SHA-256 of the bytes in one piece`() {
        for length in [0, 1, 32, 54, 55, 56, 63, 64, 65, 1000] {
            let bytes = Random.bytes(length)
            #expect(SHA256.digest(prefix: 7, bytes.span) == SHA256.digest([7] + bytes))
        }
        let (left, right) = (SHA256.digest("l"), SHA256.digest("r"))
        #expect(SHA256.digest(prefix: 1, left, right) == SHA256.digest([1] + left.bytes + right.bytes))
    }

    @Test func `HMAC-SHA-256 gives the code of RFC 4231 case 1 under a key padded to 32 bytes`() throws {
        let key = try #require(SecretKey([UInt8](repeating: 0x0b, count: 20) + [UInt8](repeating: 0, count: 12)))
        let code = HMAC.sha256(key: key, Array("Hi There".utf8))
        #expect(code.hex == "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7")
    }

    @Test func `a prepared HMAC key gives the codes that RFC 2104's formula gives`() throws {
        let bytes = Random.bytes(SecretKey.size)
        let key = HMAC.Key(try #require(SecretKey(bytes)))
        let padded = bytes + [UInt8](repeating: 0, count: 32)
        for length in [0, 1, 55, 56, 63, 64, 65, 300] {
            let message = Random.bytes(length)
            let inner = SHA256.digest(padded.map { $0 ^ 0x36 } + message)
            #expect(key.code(of: message) == SHA256.digest(padded.map { $0 ^ 0x5c } + inner.bytes))
        }
    }

    @Test func `SipHash-2-4 gives the 128 bits of its authors' vectors`() {
        let hash = SipHash(key: 0x0706_0504_0302_0100, 0x0f0e_0d0c_0b0a_0908)
        let code = { (count: UInt8) in Hex.encode(hash.code(of: Array(0..<count).span).byteSwapped.bigEndianBytes) }
        #expect(code(0) == "a3817f04ba25a8e66df67214c7550293")
        #expect(code(1) == "da87c1d86b99af44347659119b22fc45")
        #expect(code(15) == "5493e99933b0a8117e08ec0f97cfc3d9")
        #expect(SipHash.random().code(of: [1].span) != SipHash.random().code(of: [1].span))
    }

    @Test func `HKDF gives the first block of RFC 5869 with our empty salt`() throws {
        // The expected value was computed with Python's hmac module from RFC 5869's two formulas.
        let master = try #require(SecretKey(Array(0..<32)))
        let derived = master.derived(info: "countersign/1 idempotency acme.example/mail")
        #expect(HMAC.sha256(key: derived, []).hex == "6ea2a429ab89edf9b37171ad0eb36ba28278cb92fefadf691088c42d3be5b7a9")
    }

    @Test func `a digest survives its hexadecimal form and refuses other lengths`() {
        let digest = SHA256.digest("x")
        #expect(Digest(hex: digest.hex) == digest)
        #expect(Digest(digest.bytes) == digest)
        #expect(Digest(hex: Array(digest.hex.utf8).span) == digest)
        #expect(Digest(hex: Array(digest.hex.uppercased().utf8).span) == digest)
        #expect(Digest(hex: Array((digest.hex.dropLast() + "g").utf8).span) == nil)
        let base64 = Base64URL.encode(digest.bytes)
        #expect(Digest(base64URL: Array(base64.utf8).span) == digest)
        #expect(Digest(base64URL: Array((base64.dropLast() + "B").utf8).span) == nil)
        #expect(Digest(base64URL: Array((base64.dropLast() + "+").utf8).span) == nil)
        #expect(digest.first16.bigEndianBytes == Array(digest.bytes.prefix(16)))
        #expect(Digest(hex: "00") == nil)
        #expect(Digest([1, 2, 3]) == nil)
    }

    @Test func `digests one after the other are read back, and a last one cut short refuses all`() {
        let digests = (0..<5).map { SHA256.digest("\($0)") }
        let bytes = digests.flatMap(\.bytes)
        #expect(Digest.sequence(in: bytes) == digests)
        #expect(Digest.sequence(in: []) == [])
        #expect(Digest.sequence(in: bytes.dropLast()) == nil)
    }

    @Test func `base64url has one spelling for each value`() {
        for length in 0..<70 {
            let bytes = Random.bytes(length)
            #expect(Base64URL.decode(Base64URL.encode(bytes)) == bytes)
        }
        #expect(Base64URL.encode([0xfb, 0xff]) == "-_8")
        #expect(Base64URL.decode("-_9") == nil)
        #expect(Base64URL.decode("-_8=") == nil)
        #expect(Base64URL.decode("A") == nil)
        #expect(Base64URL.decode("AA+A") == nil)
        for text in [
            "AAAAAAAAAAAAAAAAAAAAAQ", "_-Z0aaaaaaaaaaaaaaaaAg", "AAAAAAAAAAAAAAAAAAAAAB", "AAAAAAAAAAAAAAAAAAAA=A",
        ] {
            #expect(Base64URL.decode16(Array(text.utf8).span)?.bigEndianBytes == Base64URL.decode(text), "\(text)")
        }
        #expect(Base64URL.decode16(Array("AAAA".utf8).span) == nil)
    }

    @Test func `comparison in constant time says what plain comparison says`() {
        #expect(ConstantTime.equal([1, 2, 3], [1, 2, 3]))
        #expect(!ConstantTime.equal([1, 2, 3], [1, 2, 4]))
        #expect(!ConstantTime.equal([1, 2, 3], [1, 2]))
    }

    @Test func `a key does not print its bytes`() throws {
        let key = try #require(SecretKey([UInt8](repeating: 7, count: 32)))
        #expect(!"\(key)".contains("7"))
        #expect(!"\(HMAC.Key(key))".contains("7"))
        #expect(Mirror(reflecting: HMAC.Key(key)).children.isEmpty)
    }
}
