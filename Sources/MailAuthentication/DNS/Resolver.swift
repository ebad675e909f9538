/// Who answers questions to the name system: the live one, or evidence that was kept of it.
///
/// Within one evaluation the same question has the same answer, or the evaluation could not be repeated.
package protocol Resolver: Sendable {
    /// The answer; it comes within the resolver's own deadline, whatever the name system does.
    func answer(to question: Question) async -> Answer
}
