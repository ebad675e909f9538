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
        for (name, text, most) in [
            ("legal_basis", legalBasis, Self.legalBasisSizeMax), ("requester", requester, Self.requesterSizeMax),
        ] {
            do throws(Refusal) {
                try Self.require(text, most: most, without: subject)
            } catch {
                throw error.within(name)
            }
        }
        self.subject = subject
        self.legalBasis = legalBasis
        self.requester = requester
    }

    private static func require(_ text: String, most: Int, without subject: Address) throws(Refusal) {
        _ = try MemberReader.text(.string(text), min: 1, max: most)
        guard text.unicodeScalars.allSatisfy({ $0.value >= 0x20 && $0.value != 0x7F }) else {
            throw Refusal(.invalidMember, "a text without control characters is expected")
        }
        guard !text.lowercased().contains(subject.lookupForm) else {
            throw Refusal(
                .invalidMember, "this text outlives the erasure, so it must not spell the address that is erased")
        }
    }
}
