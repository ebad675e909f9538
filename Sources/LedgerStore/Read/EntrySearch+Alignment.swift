import Postgres

/// The filter `alignment`: how what was sent was verified.
extension EntrySearch {
    /// Whether the entry `e` is a `send` whose message was checked by the service with one of `outcomes` as the last
    /// word, or whose sender's identity stood so when it was recorded: the address's last check before it, or else the
    /// domain's.
    ///
    /// Checks that a producer claims do not count, nor does a check of what came in: anybody can send us a mail with
    /// the message ID of one of ours.
    func isAligned(as outcomes: [String]) -> Statement {
        """
        e.kind = 'send' AND (
            (
                SELECT v.outcome FROM countersign.entries v
                WHERE v.ledger_id = \(ledger.id) AND v.message_id = e.message_id AND v.seq < span.size
                    AND (v.kind = 'verification' AND v.line::json->'data'->>'event' = 'message.verified'
                        AND v.line::json->'data'->>'phase' <> 'inbound'
                        AND v.line::json->'reporter'->>'via' IN ('service', 'operator', 'gate')) IS TRUE
                ORDER BY v.seq DESC LIMIT 1
            ) = ANY(\(outcomes))
            OR coalesce(
                \(fragment: assessment(of: "e.sender")), \(fragment: assessment(of: "split_part(e.sender, '@', 2)"))
            ) = ANY(\(outcomes))
        )
        """
    }

    private func assessment(of identity: Statement) -> Statement {
        """
        (SELECT assessment FROM countersign.identity_verifications
            WHERE ledger_id = \(ledger.id) AND identity = \(fragment: identity) AND seq < e.seq
            ORDER BY seq DESC LIMIT 1)
        """
    }
}
