package import Ledger

/// What is known of ledgers outside their database, and does not go back with it. A store holds each ledger to it
/// before the first line that it writes over a new connection.
package protocol Fence: Sendable {
    /// The newest checkpoint that was signed; nil where none is known here, or can be read.
    func signedCheckpoint(of origin: Origin) -> Checkpoint?

    /// Why the ledger is halted, as far as is known here.
    func halt(of origin: Origin) -> Halt?

    /// Keeps that the ledger is halted. The first reason stays, and the larger tree.
    func remember(_ halt: Halt, of origin: Origin) throws

    /// Lets the ledger go on, as far as this place is concerned.
    func forgetHalt(of origin: Origin) throws
}
