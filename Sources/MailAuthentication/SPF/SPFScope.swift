/// Which name of the SMTP dialogue was checked (RFC 7208 §2.3, §2.4).
///
/// It is part of each result, for only ``mfrom`` may count for DMARC.
package enum SPFScope: String, Sendable, Hashable, CaseIterable {
    /// The domain of MAIL FROM; for the null path that of HELO, with the mailbox `postmaster`.
    case mfrom
    /// The domain of HELO or EHLO.
    case helo
}
