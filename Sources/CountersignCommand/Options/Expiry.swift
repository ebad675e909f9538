import Ledger

/// When a token ends, from the two ways to say it.
struct Expiry {
    let moment: Timestamp?

    init(at time: String?, in span: TimeSpan?, now: Timestamp) throws(Complaint) {
        guard time == nil || span == nil else {
            throw Complaint(
                "--expires-at and --expires-in are both given", next: "leave one of them out", status: .usage)
        }
        if let time {
            guard let end = Timestamp(claimed: time) else {
                throw Complaint(
                    "--expires-at is not valid: \(Timestamp.claimRule)", next: "write it so", status: .usage)
            }
            moment = end
        } else {
            moment = span.map { now + $0.duration }
        }
        if let moment, moment <= now {
            throw Complaint("the token would have ended already", next: "give a later time", status: .usage)
        }
    }
}
