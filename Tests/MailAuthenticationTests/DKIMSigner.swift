import Cryptography

@testable import MailAuthentication

/// Signs messages for tests with a published RSA key of 1024 bits: no secret, and slow.
///
/// It takes canonical forms from the module that is tested; that those are right, the vectors show.
enum DKIMSigner {
    /// The key record of the signer.
    static let record =
        "v=DKIM1; p=MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQCgyZU5B9tAHTwuEoYxHZh1BVaMZSbIJVvwQbppTW7+VgSci6Zonwj6vDJj8po"
        + "D+9nrIE6l78qfs8htZZH1qYS5JVKxNIrytZ9qPuR++EApoojxzWam+DNQJu/nwLVMNSvg0uvf2WvC0daYqSUOWKTq3qXl3q+pQemt/+CQvcp"
        + "hMQIDAQAB"
    /// The same key as a bare RSAPublicKey.
    static let bareRecord =
        "p=MIGJAoGBAKDJlTkH20AdPC4ShjEdmHUFVoxlJsglW/BBumlNbv5WBJyLpmifCPq8MmPymgP72esgTqXvyp+zyG1lkfWphLklUrE0ivK1n2o+"
        + "5H74QCmiiPHNZqb4M1Am7+fAtUw1K+DS69/Za8LR1pipJQ5YpOrepeXer6lB6a3/4JC9ymExAgMBAAE="

    private static let modulus = words(
        "a0c9953907db401d3c2e1286311d987505568c6526c8255bf041ba694d6efe56049c8ba6689f08fabc3263f29a03fbd9"
            + "eb204ea5efca9fb3c86d6591f5a984b92552b1348af2b59f6a3ee47ef84029a288f1cd66a6f8335026efe7c0b54c352b"
            + "e0d2ebdfd96bc2d1d698a9250e58a4eadea5e5deafa941e9adffe090bdca6131")
    private static let exponent = words(
        "9df1a76e607355e5e209f8146e06fe8e6572017413c6a43c4e24a2f37227481c43676c1f49c27fd59e2d79d504ca490a"
            + "66585429d906181f49117da705c54223f7102ea838275a4057e216c4a21ec288df80808032fbf4ab9d5c4bcb7047dc80"
            + "d64ffce38aee634e3c0b3bd60aaf1a669f21e346ae246a6bccfa7defdad5db29")

    /// The message with a signature on top, which has these tags, `bh=` and `b=`. Where the tags are no signature, both
    /// hold only a placeholder.
    static func signed(_ message: String, tags: String) -> [UInt8] {
        let bare = RawMessage(Array(message.utf8))
        let field = { (bodyHash: String, signature: String) in
            "DKIM-Signature: \(tags); bh=\(bodyHash);\r\n b=\(signature)\r\n"
        }
        let join = { (field: String) in Array(field.utf8) + bare.bytes }
        let draft = join(field("AAAA", "AAAA"))
        guard let signature = signature(in: draft) else { return draft }
        var hash = DKIMBodyHash(signature.canonicalization.body, sizeMax: signature.bodyLength)
        hash.update(bare.body.span)
        let bodyHash = Base64.encode(hash.finish().digest.bytes)
        let fields = RawMessage(join(field(bodyHash, "AAAA"))).fields
        guard let extent = DKIMTagList(fields[0].body)?["b"]?.extent else { return draft }
        let digest = DKIMHeader(fields).digest(for: signature, at: 0, emptying: extent)
        return join(field(bodyHash, Base64.encode(sign(digest))))
    }

    private static func signature(in message: [UInt8]) -> DKIMSignature? {
        RawMessage(message).fields.first.flatMap { DKIMTagList($0.body) }.flatMap { try? DKIMSignature($0) }
    }

    /// RSASSA-PKCS1-v1_5 (RFC 8017 §8.2.1) over a digest of SHA-256.
    private static func sign(_ digest: Digest) -> [UInt8] {
        let info = "3031300d060960864801650304020105000420\(digest.hex)"
        let padded = "0001" + String(repeating: "f", count: 256 - 6 - info.utf8.count) + "00" + info
        let one = [1] + [UInt64](repeating: 0, count: modulus.count - 1)
        // 2^1024 and 2^2048 modulo the modulus, by doubling.
        var radix = one
        for _ in 0..<64 * modulus.count { radix = doubled(radix) }
        var square = radix
        for _ in 0..<64 * modulus.count { square = doubled(square) }
        let base = product(words(padded), square)
        var power = radix
        for bit in (0..<64 * modulus.count).reversed() {
            power = product(power, power)
            if exponent[bit / 64] >> UInt64(bit % 64) & 1 == 1 { power = product(power, base) }
        }
        return product(power, one).reversed().flatMap { word in (0..<8).map { UInt8(word >> (56 - 8 * $0) & 0xFF) } }
    }

    /// The number in 256 digits, lowest word first.
    private static func words(_ hex: String) -> [UInt64] {
        let digits = Array(hex.utf8)
        return stride(from: 240, through: 0, by: -16).map { start in
            UInt64(String(decoding: digits[start..<start + 16], as: UTF8.self), radix: 16) ?? 0
        }
    }

    /// Montgomery's product: left · right / 2^1024 modulo the modulus.
    private static func product(_ left: [UInt64], _ right: [UInt64]) -> [UInt64] {
        let count = modulus.count
        var sum = [UInt64](repeating: 0, count: count + 2)
        // The inverse of the modulus modulo 2^64, negated, by Newton's steps.
        var inverse: UInt64 = 1
        for _ in 0..<6 { inverse = inverse &* (2 &- modulus[0] &* inverse) }
        for word in left {
            add(right, times: word, to: &sum)
            add(modulus, times: sum[0] &* (0 &- inverse), to: &sum)
            sum.removeFirst()
            sum.append(0)
        }
        return reduced(Array(sum[...count]))
    }

    private static func add(_ number: [UInt64], times factor: UInt64, to sum: inout [UInt64]) {
        var carry: UInt64 = 0
        for place in sum.indices {
            let (high, low) = place < number.count ? number[place].multipliedFullWidth(by: factor) : (0, 0)
            let (first, overflow) = sum[place].addingReportingOverflow(low)
            let (second, overflowToo) = first.addingReportingOverflow(carry)
            sum[place] = second
            carry = high &+ (overflow ? 1 : 0) &+ (overflowToo ? 1 : 0)
        }
    }

    private static func doubled(_ number: [UInt64]) -> [UInt64] {
        var carry: UInt64 = 0
        var result: [UInt64] = []
        for word in number {
            result.append(word << 1 | carry)
            carry = word >> 63
        }
        return reduced(result + [carry])
    }

    /// A number below twice the modulus, one word longer than it, brought below it.
    private static func reduced(_ number: [UInt64]) -> [UInt64] {
        var borrow: UInt64 = 0
        var result: [UInt64] = []
        for (place, word) in number.enumerated() {
            let (first, overflow) = word.subtractingReportingOverflow(place < modulus.count ? modulus[place] : 0)
            let (second, overflowToo) = first.subtractingReportingOverflow(borrow)
            result.append(second)
            borrow = overflow || overflowToo ? 1 : 0
        }
        return Array((borrow == 0 ? result : number)[..<modulus.count])
    }
}
