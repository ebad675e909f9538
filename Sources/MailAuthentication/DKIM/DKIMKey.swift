package import Cryptography

/// A key record (RFC 6376 §3.6.1, RFC 8463 §4). Read once, it verifies any number of signatures.
package struct DKIMKey: Sendable {
    /// What `p=` holds, by the type that `k=` says.
    package enum Material: Sendable {
        case rsa(RSAPublicKey)
        case ed25519(Ed25519PublicKey)
        /// `p=` is empty.
        case revoked
        /// `k=` says a type that we do not know.
        case unknownType
    }

    /// `k=`; rsa without it.
    package let type: String
    package let material: Material
    /// `h=`: the hashes that may be used with the key; nil for all.
    package let hashes: [String]?
    /// `s=`: what the key is for; `*` without it.
    package let services: [String]
    /// `t=`.
    package let flags: [String]

    /// The key in a TXT record whose strings are joined; nil if that is no key record.
    ///
    /// `v=` may be absent, else it stands first and is DKIM1. An RSA key is an RSAPublicKey by the text of RFC 6376
    /// §3.6.1 and a SubjectPublicKeyInfo by its examples and almost all senders; both are taken (erratum 3017). An
    /// Ed25519 key is its 32 bytes (RFC 8463 §4).
    package init?(_ record: [UInt8]) {
        guard let tags = DKIMTagList(record[...]), let p = tags["p"] else { return nil }
        if let version = tags["v"] {
            guard tags.tags.first?.name == "v", version.value.elementsEqual("DKIM1".utf8) else { return nil }
        }
        type = tags.text("k") ?? "rsa"
        guard let material = Self.material(p, type: type) else { return nil }
        self.material = material
        let words = { (name: String) in tags.list(name)?.map { String(decoding: $0, as: UTF8.self) } }
        hashes = words("h")
        services = words("s") ?? ["*"]
        flags = words("t") ?? []
    }

    private static func material(_ tag: DKIMTagList.Tag, type: String) -> Material? {
        guard !tag.value.isEmpty else { return .revoked }
        guard ["rsa", "ed25519"].contains(type) else { return .unknownType }
        guard let bytes = tag.base64 else { return nil }
        return type == "rsa"
            ? RSAPublicKey(der: bytes).map(Material.rsa) : Ed25519PublicKey(bytes).map(Material.ed25519)
    }

    /// The length of the key in bits, if there is one.
    package var bits: Int? {
        switch material {
        case .rsa(let key): key.bits
        case .ed25519: Ed25519PublicKey.bits
        case .revoked, .unknownType: nil
        }
    }

    /// Whether its owner is only testing (`t=y`).
    package var isTesting: Bool { flags.contains("y") }

    /// Whether the domain of `i=` must be that of `d=` itself (`t=s`).
    package var isStrict: Bool { flags.contains("s") }
}
