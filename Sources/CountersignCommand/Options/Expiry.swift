import Ledger

/// When a token ends, from the two ways to say it.
struct Expiry {
    let moment: Timestamp?

    private static let secondsOfUnit: [Character: Int64] = ["m": 60, "h": 3600, "d": 86_400, "w": 604_800]

    init(at time: String?, in duration: String?, now: Timestamp) throws(Complaint) {
        switch (time, duration) {
        case (nil, nil): moment = nil
        case (let time?, nil):
            guard let end = Timestamp(time) else {
                throw Complaint("--expires-at is no date-time", next: "write 2026-11-22T10:00:00Z", status: .usage)
            }
            moment = end
        case (nil, let duration?):
            guard let unit = duration.last, let seconds = Self.secondsOfUnit[unit],
                let count = Int64(duration.dropLast()), (1...100_000).contains(count)
            else {
                throw Complaint(
                    "--expires-in is no duration", next: "write a number and m, h, d or w, such as 90d", status: .usage)
            }
            moment = Timestamp(microseconds: now.microseconds + count * seconds * 1_000_000)
        case (_?, _?):
            throw Complaint(
                "--expires-at and --expires-in are both given", next: "leave one of them out", status: .usage)
        }
        if let moment, moment <= now {
            throw Complaint("the token would have expired already", next: "give a later time", status: .usage)
        }
    }
}
