import HTTPTypes
import Hummingbird
import NIOHTTP1
import Observation
import Witness

/// The outermost layer of a witness: answers what went wrong with one sentence of plain text, and tells the observer.
struct PlainAnswerMiddleware: RouterMiddleware {
    typealias Context = CallContext

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
            let problem = Self.problem(error)
            if problem.closesConnection { context.closeAfterAnswer() }
            response = Self.response(problem)
        }
        response.headers[.xContentTypeOptions] = "nosniff"
        response.headers[.cacheControl] = "no-store"
        if request.method == .head { response = response.createHeadResponse() }
        observer.observe(
            .requestAnswered(
                method: request.method.rawValue, route: context.endpointPath ?? Self.unknownRoute,
                status: response.status.code, seconds: (ContinuousClock.now - context.arrivedAt) / .seconds(1)))
        return response
    }

    /// Stands for every path that is no route: a caller's path is never a label.
    private static let unknownRoute = "unknown"

    private static func problem(_ error: any Error) -> Problem {
        switch error {
        case let error as HTTPError where error.status == .notFound:
            return Problem(.notFound, "not_found", "there is nothing here")
        case let error as WitnessError:
            // The operator's log says why; the caller may ask again.
            var problem = Problem(.serviceUnavailable, error.code.rawValue, "this witness cannot answer now")
            problem.headers[.retryAfter] = "5"
            return problem
        default: return Problem(error)
        }
    }

    private static func response(_ problem: Problem) -> Response {
        var response = Response(
            status: problem.status, body: ResponseBody(byteBuffer: ByteBuffer(string: problem.detail + "\n")))
        response.headers[.contentType] = "text/plain; charset=utf-8"
        for field in problem.headers { response.headers[field.name] = field.value }
        if problem.closesConnection { response.headers[.connection] = "close" }
        return response
    }
}
