/// What came of all signatures of a message.
package struct DKIMReport: Sendable, Hashable {
    /// One for each signature that was verified, from the top.
    package let results: [DKIMResult]
    /// How many more signatures the message has, which were left out (``DKIMVerifier/signatureCountMax``).
    package let omittedCount: Int

    /// Whether there is a signature at all; without one the method's result is `none`.
    package var isSigned: Bool { !results.isEmpty }

    /// Whether one passing signature covers every field of the names: each is in its `h=`, and no field of the name
    /// stands in the message that it does not cover. The names must be among ``DKIMResult/important``.
    package func hasPassingSignature(covering names: [String]) -> Bool {
        results.contains { result in
            result.value == .pass
                && names.allSatisfy { name in
                    result.signedHeaders.contains(name) && !result.unsignedImportant.contains(name)
                }
        }
    }

    /// Whether one passing signature covers both fields of one-click unsubscription (RFC 8058 §4), as a receiver wants
    /// before it acts on them. That the message has them is for the caller to see.
    package var coversUnsubscription: Bool {
        hasPassingSignature(covering: ["list-unsubscribe", "list-unsubscribe-post"])
    }
}
