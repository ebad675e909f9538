import CLibCrypto

/// A public key of RSA, for signatures of PKCS #1 v1.5 with SHA-256 (RFC 8017 §8.2.2).
///
/// Read once, it verifies any number of signatures, on any thread. Built on libcrypto's `RSA_verify`: the `EVP` way
/// looks algorithms up and allocates for each key and each signature, which costs more than the arithmetic.
///
/// `@unchecked Sendable` because an `RSA` that is complete is only read by `RSA_verify`; what libcrypto computes at the
/// first use and keeps in it, it guards with the object's own lock.
package final class RSAPublicKey: @unchecked Sendable {
    /// The largest modulus: twice what a verifier must support (RFC 8301 §3.2). The cost of a signature grows with its
    /// square, and whoever sends mail chooses it.
    package static let bitsMax = 8_192
    /// The longest public exponent, in bytes. In use are 3 and 65537; a long one makes verification slow.
    private static let exponentSizeMax = 8
    /// The identifier of rsaEncryption, 1.2.840.113549.1.1.1 (RFC 8017 appendix A.1).
    private static let rsaEncryption: [UInt8] = [0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x01, 0x01]

    private let handle: RSAHandle
    /// The length of the modulus in bits.
    package let bits: Int

    /// The key in the DER of a SubjectPublicKeyInfo (RFC 5280 §4.1.2.7) or of a bare RSAPublicKey (RFC 8017 appendix
    /// A.1.1). Nil for anything else, and for numbers that cannot be a key or are out of bounds.
    package init?(der: [UInt8]) {
        guard let numbers = Self.numbers(inInfo: der[...]) ?? Self.numbers(inKey: der[...]) else { return nil }
        let (modulus, exponent) = numbers
        guard let first = modulus.first, modulus.last.map({ $0 & 1 == 1 }) == true,
            exponent.last.map({ $0 & 1 == 1 }) == true, exponent.elementsEqual([1]) == false
        else { return nil }
        bits = modulus.count * 8 - first.leadingZeroBitCount
        guard bits <= Self.bitsMax, exponent.count <= Self.exponentSizeMax,
            let key = unsafe RSAHandle.makeKey(modulus: modulus, exponent: exponent)
        else { return nil }
        handle = unsafe RSAHandle(owning: key)
    }

    /// Whether `signature` was made over data of this digest.
    package func verifies(_ signature: [UInt8], of digest: Digest) -> Bool { handle.verifies(signature, of: digest) }

    private typealias Numbers = (modulus: ArraySlice<UInt8>, exponent: ArraySlice<UInt8>)

    private static func numbers(inInfo der: ArraySlice<UInt8>) -> Numbers? {
        var outer = DERReader(der)
        guard let info = outer.read(.sequence), outer.isAtEnd else { return nil }
        var reader = DERReader(info)
        guard let algorithm = reader.read(.sequence), let bits = reader.read(.bitString), reader.isAtEnd else {
            return nil
        }
        // The parameters must be NULL (RFC 8017 appendix A.1); some writers leave them out.
        var parts = DERReader(algorithm)
        guard parts.read(.objectIdentifier)?.elementsEqual(rsaEncryption) == true else { return nil }
        guard parts.isAtEnd || parts.read(.null)?.isEmpty == true && parts.isAtEnd else { return nil }
        // The first byte of a bit string says how many bits of its last byte are unused.
        guard bits.first == 0 else { return nil }
        return numbers(inKey: bits.dropFirst())
    }

    private static func numbers(inKey der: ArraySlice<UInt8>) -> Numbers? {
        var outer = DERReader(der)
        guard let key = outer.read(.sequence), outer.isAtEnd else { return nil }
        var reader = DERReader(key)
        guard let modulus = reader.readPositiveInteger(), let exponent = reader.readPositiveInteger(), reader.isAtEnd
        else { return nil }
        return (modulus, exponent)
    }
}

/// The owner of an `RSA`, freed once.
@safe private struct RSAHandle: ~Copyable {
    private let key: OpaquePointer  // <RSA>

    @unsafe init(owning key: OpaquePointer) { unsafe self.key = key }

    deinit { unsafe RSA_free(key) }

    func verifies(_ signature: [UInt8], of digest: Digest) -> Bool {
        let digest = digest.bytes
        let outcome = unsafe digest.withUnsafeBufferPointer { digest in
            unsafe signature.withUnsafeBufferPointer { signature in
                unsafe RSA_verify(
                    NID_sha256, digest.baseAddress, UInt32(digest.count), signature.baseAddress,
                    UInt32(truncatingIfNeeded: signature.count), key)
            }
        }
        // A refusal leaves its reasons in a list of the thread, where the next reader would take them for his own.
        if outcome != 1 { ERR_clear_error() }
        return outcome == 1
    }

    /// A new `RSA`, which the caller owns; nil only when there is no memory.
    static func makeKey(modulus: ArraySlice<UInt8>, exponent: ArraySlice<UInt8>) -> OpaquePointer? {
        let numbers = unsafe (makeNumber(modulus), makeNumber(exponent))
        // Takes ownership of both numbers when it succeeds; it fails when one is missing.
        if let key = unsafe RSA_new() {
            if unsafe RSA_set0_key(key, numbers.0, numbers.1, nil) == 1 { return unsafe key }
            unsafe RSA_free(key)
        }
        unsafe BN_free(numbers.0)
        unsafe BN_free(numbers.1)
        return nil
    }

    private static func makeNumber(_ bytes: ArraySlice<UInt8>) -> OpaquePointer? {
        unsafe bytes.withUnsafeBufferPointer { unsafe BN_bin2bn($0.baseAddress, Int32($0.count), nil) }
    }
}
