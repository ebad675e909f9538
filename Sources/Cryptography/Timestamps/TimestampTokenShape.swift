/// The frame of a token, read strictly: what RFC 5652 writes around the signature without covering it.
///
/// libcrypto passes over versions, over the name of the signature's algorithm and over the parameters of the digest's.
/// A token could be changed there and still verify; here each of them has one spelling.
struct TimestampTokenShape {
    /// Why a token is not taken.
    struct Fault: Error {
        let reason: String
    }

    /// SignedData, 1.2.840.113549.1.7.2 (RFC 5652 §5.1).
    private static let signedData: [UInt8] = [0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x07, 0x02]
    /// rsaEncryption, 1.2.840.113549.1.1.1: with any digest (RFC 8017 appendix A.1).
    private static let rsaEncryption: [UInt8] = [0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x01, 0x01]

    /// A digest with the signature algorithms that are named together with it.
    private struct Algorithm {
        let digest: [UInt8]
        let signatures: [[UInt8]]

        /// 2.16.840.1.101.3.4.2.n; sha…WithRSAEncryption (RFC 8017 appendix A.2.4); ecdsa-with-SHA… (RFC 5758 §3.2).
        init(_ digest: UInt8, rsa: UInt8, ecdsa: UInt8) {
            self.digest = [0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, digest]
            signatures = [
                rsaEncryption, rsaEncryption.dropLast() + [rsa], [0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x04, 0x03, ecdsa],
            ]
        }
    }

    /// SHA-256, SHA-384, SHA-512.
    private static let algorithms = [
        Algorithm(1, rsa: 11, ecdsa: 2), Algorithm(2, rsa: 12, ecdsa: 3), Algorithm(3, rsa: 13, ecdsa: 4),
    ]

    /// The content of the issuer's Name by which the token finds the certificate of its signer.
    let signerIssuer: ArraySlice<UInt8>

    init(_ der: [UInt8]) throws(Fault) {
        var outer = DERReader(der[...])
        var info = DERReader(try Self.require(outer.read(.sequence), "not DER"))
        guard outer.isAtEnd else { throw Fault(reason: "bytes follow it") }
        guard info.read(.objectIdentifier)?.elementsEqual(Self.signedData) == true else {
            throw Fault(reason: "not signed data")
        }
        var explicit = DERReader(try Self.require(info.read(.context0), "no content"))
        var data = DERReader(try Self.require(explicit.read(.sequence), "no content"))
        guard info.isAtEnd, explicit.isAtEnd else { throw Fault(reason: "bytes follow its content") }
        // 3 because the content is of another type than data (RFC 5652 §5.1).
        guard data.read(.integer)?.elementsEqual([3]) == true else { throw Fault(reason: "not of version 3") }
        let digests = try Self.require(data.read(.set), "no digest algorithms")
        _ = try Self.require(data.read(.sequence), "no content")
        // Certificates and revocation lists: libcrypto reads them, and trusts none of them by itself.
        _ = data.read(.context0)
        _ = data.read(.context1)
        var signers = DERReader(try Self.require(data.read(.set), "no signer"))
        let signer = try Self.require(signers.read(.sequence), "no signer")
        guard data.isAtEnd, signers.isAtEnd else { throw Fault(reason: "more than one signer") }
        signerIssuer = try Self.issuer(inSigner: signer, digests: digests)
    }

    /// SignerInfo (RFC 5652 §5.3).
    private static func issuer(
        inSigner signer: ArraySlice<UInt8>, digests: ArraySlice<UInt8>
    ) throws(Fault) -> ArraySlice<UInt8> {
        var reader = DERReader(signer)
        guard reader.read(.integer)?.elementsEqual([1]) == true else {
            throw Fault(reason: "its signer is not of version 1")
        }
        var identifier = DERReader(try require(reader.read(.sequence), "no name of the signer"))
        let issuer = try require(identifier.read(.sequence), "no issuer of the signer")
        let digest = try name(ofAlgorithm: reader.read(.sequence))
        var all = DERReader(digests)
        guard try name(ofAlgorithm: all.read(.sequence)).elementsEqual(digest), all.isAtEnd else {
            throw Fault(reason: "the digest algorithm is not the signer's")
        }
        _ = try require(reader.read(.context0), "no signed attributes")
        let signature = try name(ofAlgorithm: reader.read(.sequence))
        guard let algorithm = algorithms.first(where: { digest.elementsEqual($0.digest) }) else {
            throw Fault(reason: "its digest algorithm is none of SHA-256, SHA-384, SHA-512")
        }
        guard algorithm.signatures.contains(where: { signature.elementsEqual($0) }) else {
            throw Fault(reason: "its signature algorithm is neither RSA (PKCS #1 v1.5) nor ECDSA with its digest")
        }
        _ = try require(reader.read(.octetString), "no signature")
        _ = reader.read(.context1)
        guard reader.isAtEnd else { throw Fault(reason: "bytes follow the signature") }
        return issuer
    }

    /// The identifier in an AlgorithmIdentifier whose parameters are absent or NULL (RFC 5754 §2).
    private static func name(ofAlgorithm algorithm: ArraySlice<UInt8>?) throws(Fault) -> ArraySlice<UInt8> {
        var reader = DERReader(try require(algorithm, "an algorithm is missing"))
        let name = try require(reader.read(.objectIdentifier), "an algorithm has no name")
        guard reader.isAtEnd || reader.read(.null)?.isEmpty == true && reader.isAtEnd else {
            throw Fault(reason: "an algorithm has parameters")
        }
        return name
    }

    private static func require(
        _ content: ArraySlice<UInt8>?, _ reason: String
    ) throws(Fault) -> ArraySlice<UInt8> {
        guard let content else { throw Fault(reason: reason) }
        return content
    }
}
