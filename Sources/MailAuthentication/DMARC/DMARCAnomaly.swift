/// What is odd about a DMARC record or a set of them. The list is closed.
package enum DMARCAnomaly: String, Sendable, Hashable, CaseIterable {
    /// Several DMARC records stand at one name: all of them are discarded (RFC 9989 §4.10).
    case multipleRecords = "multiple_records"
    /// A TXT record at a `_dmarc` name almost says `v=DMARC1`: other letter case, something before or behind it.
    case invalidVersion = "invalid_version"
    case missingP = "missing_p"
    case invalidP = "invalid_p"
    case invalidSP = "invalid_sp"
    case invalidNP = "invalid_np"
    case invalidADKIM = "invalid_adkim"
    case invalidASPF = "invalid_aspf"
    case invalidPSD = "invalid_psd"
    case invalidT = "invalid_t"
    case invalidFO = "invalid_fo"
    /// `fo` stands without `ruf`, where it does not count (RFC 9989 §4.7 `fo`).
    case foWithoutRUF = "fo_without_ruf"
    /// An address of `rua` is no URI, or holds a bare `!`.
    case invalidRUA = "invalid_rua"
    /// An address of `ruf` is no URI, or holds a bare `!`.
    case invalidRUF = "invalid_ruf"
    /// A size limit stands behind a URI (`!10m`), which RFC 9989 §4.8 no longer has; it is dropped.
    case obsoleteSizeSuffix = "obsolete_size_suffix"
    /// A tag of RFC 7489 that RFC 9989 removed: `pct`, `rf`, `ri`.
    case legacyTag = "legacy_tag"
    case unknownTag = "unknown_tag"
    /// A tag stands twice, which makes the record invalid (RFC 6376 §3.2): it is discarded.
    case duplicateTag = "duplicate_tag"
    /// A part of the record is no `name=value`, or its value holds a byte that is no printing ASCII.
    case malformedTag = "malformed_tag"
}
