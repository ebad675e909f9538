import Hummingbird
import Observation

extension Router where Context == CallContext {
    /// The router of `routes`: what goes wrong in one becomes a problem, and every answer gets its security headers.
    convenience init(_ routes: [Route], authenticator: Authenticator, observer: any Observer) {
        self.init(context: CallContext.self)
        add(middleware: AnswerMiddleware(routes: routes, observer: observer))
        for route in routes {
            on(RouterPath(route.path), method: route.method) { request, context in
                // To read thousands of entries takes long: not on the thread that other connections wait for.
                let executor = route.method == .get ? nil : globalConcurrentExecutor
                return try await withTaskExecutorPreference(executor) {
                    switch route.access {
                    case .open(let respond): return try await respond(request, context)
                    case .scoped(let scope, let respond):
                        let caller = try await authenticator.caller(of: request, wanting: scope)
                        return try await respond(request, context, caller)
                    }
                }
            }
        }
    }
}
