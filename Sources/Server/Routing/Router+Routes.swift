import Hummingbird
import Observation

extension Router where Context == CallContext {
    /// The router of `routes`: what goes wrong in one becomes a problem, and every answer gets its security headers.
    convenience init(_ routes: [Route], authenticator: Authenticator, observer: any Observer) {
        self.init(context: CallContext.self)
        add(middleware: AnswerMiddleware(routes: routes, observer: observer))
        for route in routes {
            on(RouterPath(route.pattern), method: route.method) { request, context in
                switch route.access {
                case .open(let respond): return try await respond(request, context)
                case .scoped(let scope, let respond):
                    let caller = try await authenticator.caller(of: request, wanting: scope)
                    return try await respond(request, context, caller)
                case .publicOr(let scope, let respond):
                    let hasToken = request.headers[.authorization] != nil
                    let caller = hasToken ? try await authenticator.caller(of: request, wanting: scope) : nil
                    return try await respond(request, context, caller)
                }
            }
        }
    }
}
