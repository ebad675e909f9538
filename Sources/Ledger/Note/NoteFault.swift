/// Why bytes are no signed note, key, checkpoint, receipt or policy: a closed list, for people and machines.
package enum NoteFault: String, Error, Sendable, CaseIterable {
    /// More bytes than the format may have.
    case tooLarge = "too_large"
    /// Not UTF-8, or a control character other than the line feed (C2SP signed-note).
    case forbiddenBytes = "forbidden_bytes"
    /// The last line has no line feed.
    case unendedLine = "unended_line"
    /// No empty line parts the text from the signatures.
    case noSignatures = "no_signatures"
    /// A line where a signature should stand is none.
    case malformedSignature = "malformed_signature"
    case tooManySignatures = "too_many_signatures"
    /// A key name that is empty, too long, or holds a plus sign or white space.
    case invalidKeyName = "invalid_key_name"
    /// A verifier key that is not `name+id+base64`, or a signing key that is not that behind `PRIVATE+KEY+`.
    case malformedKey = "malformed_key"
    /// A key whose ID is not that of its name and key.
    case wrongKeyID = "wrong_key_id"
    /// A key of a type that is not known here.
    case unknownKeyType = "unknown_key_type"
    /// The first line of a receipt is another one.
    case unknownFormat = "unknown_format"
    /// Fewer lines than the format has, or the last of them without its end.
    case missingLine = "missing_line"
    /// A line that must not be empty is, or one that should be something else.
    case unexpectedLine = "unexpected_line"
    /// No decimal number without a sign and leading zeroes, or one above 2^63 - 1.
    case invalidNumber = "invalid_number"
    /// No base64 of 32 bytes.
    case invalidHash = "invalid_hash"
    case tooManyHashes = "too_many_hashes"
    /// A tree without leaves has another root than the SHA-256 of nothing.
    case wrongEmptyRoot = "wrong_empty_root"
    /// The subtrees beside a checkpoint are not those of its tree.
    case otherTree = "other_tree"
}
