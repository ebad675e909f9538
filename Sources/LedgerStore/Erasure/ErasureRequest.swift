package import Ledger

/// That a person be erased, and on whose word.
package struct ErasureRequest: Sendable {
    /// The longest legal basis, in characters. It stays in clear in the line, for ever.
    package static let legalBasisSizeMax = 200
    /// The longest text that says who asked, in characters. It is sealed.
    package static let requesterSizeMax = 1_000

    package let subject: Address
    package let legalBasis: String
    package let requester: String

    /// Refuses texts that are too long, and those that spell the address: what erases it must not keep it.
    package init(subject: Address, legalBasis: String, requester: String) throws(Refusal) {
        try AdministrativeText.require(legalBasis, most: Self.legalBasisSizeMax, at: "legal_basis")
        try AdministrativeText.require(requester, most: Self.requesterSizeMax, at: "requester")
        for (name, text) in [("legal_basis", legalBasis), ("requester", requester)]
        where subject.isSpelled(in: text) {
            throw Refusal(
                .invalidMember, "this text outlives the erasure, so it must not spell the address that is erased",
                at: [name])
        }
        self.subject = subject
        self.legalBasis = legalBasis
        self.requester = requester
    }
}
