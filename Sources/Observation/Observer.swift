/// Who is told of events. Called from anywhere, at once and often: it must not block.
package protocol Observer: Sendable {
    func observe(_ observation: Observation)
}

/// Tells each of several observers, in order.
package struct ObserverGroup: Observer {
    private let observers: [any Observer]

    /// With no observers at all, nobody is told.
    package init(_ observers: any Observer...) { self.observers = observers }

    package func observe(_ observation: Observation) {
        for observer in observers { observer.observe(observation) }
    }
}
