/// The addresses of a field such as From, To or Cc (RFC 5322 §3.4), by the grammar with its obsolete forms (§4.4).
///
/// A part that cannot be read is kept as an ``UnusableAddress``; reading goes on behind the next comma. Nothing is
/// guessed: an address is what the grammar says, or it is unusable.
package struct AddressList: Hashable, Sendable {
    /// The longest body that is read, in bytes: above all that mail hosts let through.
    package static let sizeMax = 1_000_000
    /// So many addresses and groups are read. The rest is left, with a finding.
    package static let addressesMax = 100_000

    /// One place of the list.
    package enum Entry: Hashable, Sendable {
        case mailbox(Mailbox)
        case unusable(UnusableAddress)
    }

    /// A named group (RFC 5322 §3.4).
    package struct Group: Hashable, Sendable {
        package let displayName: String
        /// Where its members stand in ``AddressList/entries``; empty for a group without any.
        package let members: Range<Int>
    }

    /// What is out of the ordinary and leaves the addresses clear, apart from the two limits.
    package enum Finding: String, Hashable, Sendable, CaseIterable {
        /// Nothing was read, for the body is longer than ``AddressList/sizeMax``.
        case tooLong = "too_long"
        /// The list was cut at ``AddressList/addressesMax``.
        case tooManyAddresses = "too_many_addresses"
        /// A comma with nothing before or behind it (§4.4, obs-addr-list).
        case emptyElement = "empty_element"
        /// A source route (§4.4, obs-route), which is passed over.
        case obsoleteRoute = "obsolete_route"
        /// White space or comments around dots, or quoted words in a dotted local part (§4.4).
        case obsoleteSpacing = "obsolete_spacing"
        /// A dot in a display name without quotes (§4.1, obs-phrase).
        case obsoletePhrase = "obsolete_phrase"
        /// A group without its semicolon.
        case unclosedGroup = "unclosed_group"
        /// A local part with a dot at its start or end, or two in a row. The domain is clear all the same.
        case localPartDots = "local_part_dots"
        /// More than 64 octets (RFC 5321 §4.5.3.1.1).
        case localPartTooLong = "local_part_too_long"
        /// A display name holds controls, which were left out, or octets that are not UTF-8, which were replaced.
        case displayNameBytes = "display_name_bytes"
    }

    /// The addresses in their order, those in groups as well.
    package let entries: [Entry]
    package let groups: [Group]
    /// Each at most once, in the order of their declaration.
    package let findings: [Finding]

    /// The list in the body of a field, folds and all. Any bytes give a list.
    package init(_ body: ArraySlice<UInt8>) {
        guard body.count <= Self.sizeMax else {
            (entries, groups, findings) = ([], [], [.tooLong])
            return
        }
        var parser = AddressParser(body)
        parser.parse(atMost: Self.addressesMax)
        entries = parser.entries
        groups = parser.groups
        findings = Finding.allCases.filter(parser.findings.contains)
    }

    /// Whether all of the body was read.
    package var isComplete: Bool { !findings.contains(.tooLong) && !findings.contains(.tooManyAddresses) }

    /// The usable addresses in their order.
    package var mailboxes: [Mailbox] {
        entries.compactMap { entry in
            guard case .mailbox(let mailbox) = entry else { return nil }
            return mailbox
        }
    }

    /// The parts that name no mailbox, in their order.
    package var unusable: [UnusableAddress] {
        entries.compactMap { entry in
            guard case .unusable(let unusable) = entry else { return nil }
            return unusable
        }
    }
}
