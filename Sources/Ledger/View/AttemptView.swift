/// What the observations of one attempt say together: a view, never stored.
package struct AttemptView: Sendable {
    package let engine: String
    package let scope: String?
    package let runID: String
    package let runAttempt: Int
    package let stepID: String?
    package let stepIndex: Int
    package let attempt: Int
    /// The reported outcome, or `unknown`, `running` or `called`.
    package let state: String
    /// Whether two finished reports disagree.
    package let isConflicting: Bool
    /// The observations, in order.
    package let seqs: [Int]

    /// The attempts that `entries` observe, in the order of their first observation. A later attempt, or the end of the
    /// run, turns an attempt without an end into `unknown`: it crashed, or its answer was lost.
    package static func views(of entries: [Entry]) -> [AttemptView] {
        var order: [Identity] = []
        var groups: [Identity: [Entry]] = [:]
        let observations = entries.filter { $0.kind == Kind.stepAttempt.rawValue }
        let named = observations.filter { $0.json["workflow"]?["step_id"] != nil }
        let byDispatch = Dictionary(
            named.compactMap { entry in dispatch(of: entry).map { ($0, Identity(entry)) } },
            uniquingKeysWith: { first, _ in first })
        for entry in observations {
            // A report without a step is joined by the dispatch that it came from.
            let isNamed = entry.json["workflow"]?["step_id"] != nil
            let joined = isNamed ? nil : dispatch(of: entry).flatMap { byDispatch[$0] ?? nil }
            guard let identity = joined ?? Identity(entry) else { continue }
            if groups[identity] == nil { order.append(identity) }
            groups[identity, default: []].append(entry)
        }
        let endedRuns = Set(entries.filter { $0.kind == Kind.runOutcome.rawValue }.compactMap(\.runID))
        return order.map { identity in
            let isOver =
                endedRuns.contains(identity.runID)
                || order.contains { $0.isLater(than: identity) }
            return AttemptView(identity, groups[identity] ?? [], isOver: isOver)
        }
    }

    private static func dispatch(of entry: Entry) -> String? {
        guard let dispatch = entry.json["workflow"]?["dispatch_id"]?.text, let runID = entry.runID else { return nil }
        return "\(runID)\n\(dispatch)"
    }

    private init(_ identity: Identity, _ entries: [Entry], isOver: Bool) {
        engine = identity.engine
        scope = identity.scope.isEmpty ? nil : identity.scope
        runID = identity.runID
        runAttempt = identity.runAttempt
        stepID = identity.stepID.isEmpty ? nil : identity.stepID
        stepIndex = identity.stepIndex
        attempt = identity.attempt
        seqs = entries.map(\.seq)
        let finished = entries.map(\.outcome).filter { !["started", "called"].contains($0) }
            // A planned or waiting step reports again when it has really ended.
            .filter { $0 != "waiting" }
        let isWaiting = entries.contains { $0.outcome == "waiting" }
        isConflicting = Set(finished).count > 1
        let isReported = entries.contains { $0.json["data"]?["source"]?.text != StepAttempt.Source.apiHeader.rawValue }
        state = finished.first ?? (isWaiting ? "waiting" : !isReported ? "called" : isOver ? "unknown" : "running")
    }

    /// What makes observations those of one attempt.
    private struct Identity: Hashable {
        let engine: String
        let scope: String
        let runID: String
        let runAttempt: Int
        let stepID: String
        let stepIndex: Int
        let attempt: Int

        init?(_ entry: Entry) {
            guard let workflow = entry.json["workflow"], let engine = workflow["engine"]?.text,
                let runID = workflow["run_id"]?.text
            else { return nil }
            self.engine = engine
            self.runID = runID
            scope = workflow["scope"]?.text ?? ""
            runAttempt = workflow["run_attempt"]?.number ?? 0
            stepID = workflow["step_id"]?.text ?? ""
            stepIndex = workflow["step_index"]?.number ?? 0
            attempt = workflow["attempt"]?.number ?? 0
        }

        func isLater(than other: Identity) -> Bool {
            engine == other.engine && scope == other.scope && runID == other.runID && stepID == other.stepID
                && stepIndex == other.stepIndex
                && (runAttempt, attempt) > (other.runAttempt, other.attempt)
        }
    }
}
