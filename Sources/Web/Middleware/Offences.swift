// Has the log tell which known callers presented statements that do not count, or lacked the role.

internal import HTTPTypes
internal import Hummingbird
internal import Registry

/// Notes refusals on their way out.
struct Offences: RouterMiddleware {
    typealias Context = Guest
    let registry: Registry

    func handle(
        _ request: WebRequest, context: Guest,
        next: (WebRequest, Guest) async throws -> Response
    ) async throws -> Response {
        do {
            return try await next(request, context)
        } catch let refusal as Refusal {
            if let caller = context.caller {
                registry.noteRefusal(refusal, of: caller, path: request.uri.path)
            }
            throw refusal
        }
    }
}
