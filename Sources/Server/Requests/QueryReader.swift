import Hummingbird
import Ledger

/// Takes the query parameters of a request apart, strictly: each has its rule, and one that nobody asked for is
/// refused. Refusals name the parameter and never its value.
struct QueryReader {
    /// The most values of one parameter that may be repeated.
    static let valuesMax = 50
    private static let partsMax = 1_000

    private var parameters: [(name: String, value: String)] = []
    private var taken: [String] = []

    /// The reader of what follows the "?" of a request.
    init(_ query: String?) throws(Refusal) {
        let parts = (query ?? "").split(separator: "&", maxSplits: Self.partsMax)
        guard parts.count <= Self.partsMax else {
            throw Refusal(.invalidParameter, "the query has more than \(Self.partsMax) parts", limit: Self.partsMax)
        }
        for part in parts {
            let name = part.prefix { $0 != "=" }
            let value = part.dropFirst(name.count + 1)
            guard let name = PercentEncoding.decode(name, plusIsSpace: true),
                let value = PercentEncoding.decode(value, plusIsSpace: true)
            else { throw Refusal(.invalidParameter, "the query is not percent-encoded UTF-8 without U+0000") }
            parameters.append((name, value))
        }
    }

    /// The reader of parameters that were taken apart already.
    init(parameters: [(name: String, value: String)]) {
        self.parameters = parameters
    }

    init(_ request: Request) throws(Refusal) {
        try self.init(request.uri.query)
    }

    /// What `body` makes of each value of `name`.
    mutating func all<Value>(
        _ name: String, _ body: (String) throws(Refusal) -> Value
    ) throws(Refusal) -> [Value] {
        taken.append(name)
        var values: [Value] = []
        for parameter in parameters where parameter.name == name {
            guard values.count < Self.valuesMax else {
                throw Refusal(
                    .invalidParameter, "the parameter '\(name)' stands more than \(Self.valuesMax) times",
                    limit: Self.valuesMax)
            }
            do throws(Refusal) {
                values.append(try body(parameter.value))
            } catch {
                throw Refusal(
                    .invalidParameter, "the parameter '\(name)' is not valid: \(error.reason)", limit: error.limit)
            }
        }
        return values
    }

    /// What `body` makes of the value of `name`, which may stand once.
    mutating func one<Value>(
        _ name: String, _ body: (String) throws(Refusal) -> Value
    ) throws(Refusal) -> Value? {
        guard parameters.count(where: { $0.name == name }) <= 1 else {
            throw Refusal(.invalidParameter, "the parameter '\(name)' stands more than once")
        }
        return try all(name, body).first
    }

    /// The value of `name` as one of the cases of `Choice`.
    mutating func choice<Choice: RawRepresentable & CaseIterable>(
        _ name: String, of type: Choice.Type
    ) throws(Refusal) -> Choice? where Choice.RawValue == String {
        try one(name) { (text) throws(Refusal) in try Self.choice(text, of: type) }
    }

    /// The value of `name` as cases of `Choice`, parted by commas, each once.
    mutating func choices<Choice: RawRepresentable & CaseIterable & Equatable>(
        _ name: String, of type: Choice.Type
    ) throws(Refusal) -> [Choice]? where Choice.RawValue == String {
        try one(name) { (text) throws(Refusal) in
            var choices: [Choice] = []
            for part in text.split(separator: ",", omittingEmptySubsequences: false) {
                let choice = try Self.choice(String(part), of: type)
                guard !choices.contains(choice) else { throw Refusal(.invalidParameter, "a word stands twice") }
                choices.append(choice)
            }
            return choices
        }
    }

    /// The value of `name` as a whole number of `range`.
    mutating func number(_ name: String, in range: ClosedRange<Int>) throws(Refusal) -> Int? {
        try one(name) { (text) throws(Refusal) in
            guard let number = WholeNumber.read(text, max: range.upperBound), range.contains(number) else {
                throw Refusal(
                    .invalidParameter, "expected a whole number from \(range.lowerBound) to \(range.upperBound)")
            }
            return number
        }
    }

    /// The value of `name`: `true` or `false`, which is also what absence means.
    mutating func flag(_ name: String) throws(Refusal) -> Bool {
        try one(name) { (text) throws(Refusal) in
            switch text {
            case "true": return true
            case "false": return false
            default: throw Refusal(.invalidParameter, "expected true or false")
            }
        } ?? false
    }

    /// The value of `name` as a moment.
    mutating func timestamp(_ name: String) throws(Refusal) -> Timestamp? {
        try one(name) { (text) throws(Refusal) in
            guard let moment = Timestamp(claimed: text) else { throw Refusal(.invalidParameter, Timestamp.claimRule) }
            return moment
        }
    }

    /// Refuses parameters that were never asked for.
    func requireNothingElse() throws(Refusal) {
        guard parameters.contains(where: { !taken.contains($0.name) }) else { return }
        let known = taken.isEmpty ? "takes none" : "takes \(taken.joined(separator: ", "))"
        throw Refusal(.invalidParameter, "a query parameter is not known here; this path \(known)")
    }

    /// The case of `Choice` that `text` spells.
    static func choice<Choice: RawRepresentable & CaseIterable>(
        _ text: String, of type: Choice.Type
    ) throws(Refusal) -> Choice where Choice.RawValue == String {
        guard let choice = Choice(rawValue: text) else {
            throw Refusal(
                .invalidParameter, "expected one of \(Choice.allCases.map(\.rawValue).joined(separator: ", "))")
        }
        return choice
    }
}
