/// Why a witness does not cosign (C2SP tlog-witness), in the order in which it looks.
package struct WitnessRefusal: Error, Hashable, Sendable {
    package enum Reason: Hashable, Sendable {
        /// Longer than ``AddCheckpointRequest/sizeMax``.
        case tooLarge
        /// No request, or its note is no checkpoint.
        case unreadable(NoteFault)
        /// No key of this origin is known.
        case unknownOrigin
        /// No known key of the origin signed, or what names one is not by it.
        case notSigned
        /// The request's old size is above that of its checkpoint.
        case oldSizeTooLarge
        /// The request does not start where the witness is: its size is told.
        case conflict(size: Int)
        /// A tree without leaves whose root is not the SHA-256 of nothing.
        case wrongEmptyRoot
        /// The tree is not shown to continue the one that the witness knows.
        case inconsistent(ConsistencyProof.Verdict)
        /// Nothing is to be proved, for the old tree is empty, and yet there is a proof.
        case proofOfNothing
    }

    package let reason: Reason
    /// The log that is meant; nil unless it is known.
    package let origin: KeyName?

    package init(_ reason: Reason, of origin: KeyName? = nil) {
        self.reason = reason
        self.origin = origin
    }

    /// Whether the log has signed what no honest log signs: two trees of one size, or leaves in a tree without any.
    /// A proof that does not hold shows nothing of the kind, since anybody may send one.
    package var provesFork: Bool {
        switch reason {
        case .wrongEmptyRoot, .inconsistent(.rootsDiffer): true
        default: false
        }
    }

    /// The status of the HTTP answer.
    package var status: Int {
        switch reason {
        case .tooLarge: 413
        case .unreadable, .oldSizeTooLarge: 400
        case .unknownOrigin: 404
        case .notSigned: 403
        case .conflict: 409
        case .wrongEmptyRoot, .inconsistent, .proofOfNothing: 422
        }
    }

    /// What the sender is told, without a capital and a period; it repeats nothing of the request.
    package var sentence: String {
        switch reason {
        case .tooLarge: "a request has at most \(AddCheckpointRequest.sizeMax) bytes"
        case .unreadable(let fault): "the request cannot be read: \(fault.rawValue)"
        case .unknownOrigin: "this witness does not know the log"
        case .notSigned: "the checkpoint is not signed by a known key of its log"
        case .oldSizeTooLarge: "the old size is above that of the checkpoint"
        case .conflict(let size): "the last checkpoint cosigned here has size \(size)"
        case .wrongEmptyRoot: "an empty tree has another root"
        case .inconsistent(.rootsDiffer): "a checkpoint of this size with another root was cosigned here"
        case .inconsistent: "the proof does not show that the checkpoint continues the last one"
        case .proofOfNothing: "from size 0 there is nothing to prove"
        }
    }
}
