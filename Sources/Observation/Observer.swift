/// Somebody who wants to know what happens.
package protocol Observer: Sendable {
    /// Called on the thread where it happened; must be quick and must not throw.
    func observe(_ observation: Observation)
}
