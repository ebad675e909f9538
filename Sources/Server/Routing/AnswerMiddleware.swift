import HTTPTypes
import Hummingbird
import LedgerStore
import NIOHTTP1
import Observation

/// The outermost layer: turns what went wrong into a problem document, adds the headers that every answer has, and
/// tells the observer.
struct AnswerMiddleware: RouterMiddleware {
    typealias Context = CallContext

    let routes: [Route]
    let observer: any Observer

    @concurrent
    func handle(
        _ request: Request, context: CallContext,
        next: @concurrent (Request, CallContext) async throws -> Response
    ) async throws -> Response {
        var response: Response
        do {
            response = try await next(request, context)
        } catch let error as HTTPParserError {
            // The connection is beyond saving; the framework answers 400 and closes it.
            throw error
        } catch {
            response = answer(to: error, request, context)
        }
        Self.addHeaders(to: &response)
        if request.method == .head { response = response.createHeadResponse() }
        observer.observe(
            .requestAnswered(
                method: request.method.rawValue, route: context.endpointPath ?? Self.unknownRoute,
                status: response.status.code, seconds: (ContinuousClock.now - context.arrivedAt) / .seconds(1)))
        return response
    }

    /// Stands for every path that is no route: a caller's path is never a label.
    private static let unknownRoute = "unknown"

    private func answer(to error: any Error, _ request: Request, _ context: CallContext) -> Response {
        var problem: Problem
        if let error = error as? HTTPError, error.status == .notFound {
            problem = missing(request)
            context.coreContext.endpointPath.value = Self.unknownRoute
        } else {
            problem = Problem(error)
            // Whoever appends says what became of it; whatever fails before has written nothing.
            if problem.status == .serviceUnavailable, request.method != .get, problem.committed == nil {
                problem.committed = .no
            }
        }
        observer.observe(
            .requestRefused(route: context.endpointPath ?? Self.unknownRoute, code: problem.code))
        if problem.closesConnection { context.closeAfterAnswer() }
        return problem.response
    }

    /// No route has this path, or none with this method.
    private func missing(_ request: Request) -> Problem {
        // Two routes may share a path, where one has a name in place of the other's parameter.
        let methods = routes.filter { $0.matches(request.uri.path) }.reduce(into: [String]()) { methods, route in
            if !methods.contains(route.method.rawValue) { methods.append(route.method.rawValue) }
        }
        guard !methods.isEmpty else {
            return Problem(.notFound, "not_found", "there is no such path; GET /openapi.json lists them")
        }
        let allowed = methods.joined(separator: ", ")
        var problem = Problem(.methodNotAllowed, "method_not_allowed", "this path takes \(allowed)")
        problem.headers[.allow] = allowed
        return problem
    }

    /// Answers hold what only the caller may see: nothing keeps them, nothing but our own page shows them.
    private static func addHeaders(to response: inout Response) {
        response.headers[.xContentTypeOptions] = "nosniff"
        if response.headers[.cacheControl] == nil { response.headers[.cacheControl] = "no-store" }
        if response.headers[.contentSecurityPolicy] == nil {
            response.headers[.contentSecurityPolicy] = "default-src 'none'; frame-ancestors 'none'"
        }
    }
}
