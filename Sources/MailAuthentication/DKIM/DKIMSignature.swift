/// What a DKIM-Signature field says (RFC 6376 §3.5), once its syntax is known to be right.
package struct DKIMSignature: Sendable, Hashable {
    /// For whom the signer speaks (`i=`).
    package struct Identity: Sendable, Hashable {
        /// Local part, which may be empty, and domain with an at sign between them, as written but for U-labels.
        package let text: String
        package let domain: DomainName
    }

    /// `a=`.
    package let algorithm: DKIMAlgorithm
    /// `b=`.
    package let signature: [UInt8]
    /// `bh=`.
    package let bodyHash: [UInt8]
    /// `c=`; simple for both without it.
    package let canonicalization: DKIMCanonicalization
    /// `d=`: who takes responsibility.
    package let domain: DomainName
    /// `h=`: the names of the signed fields in lower case, in order, with repetitions.
    package let signedHeaders: [String]
    /// `i=`; without it the domain of `d=` and no local part.
    package let identity: Identity
    /// `l=`: how many octets of the canonical body are signed; nil for all. What does not fit is the largest number.
    package let bodyLength: Int?
    /// `q=`: where to ask for the key.
    package let queryMethods: [String]
    /// `s=`.
    package let selector: DomainName
    /// `t=`: when it was made, in seconds since 1970.
    package let timestamp: Int64?
    /// `x=`: when it ends, in seconds since 1970.
    package let expiration: Int64?
    /// Where the key's record stands (RFC 6376 §3.6.2.1).
    package let keyName: DomainName
}
