// Who asks, in the type: a handler that takes `Authenticated` cannot run for a stranger.

internal import Hummingbird
internal import Logging
internal import NIOCore
internal import Registry
internal import Synchronization

/// What is known of every request.
struct Guest: RequestContext {
    var coreContext: CoreRequestContextStorage
    /// Correlates answers, log lines and entries.
    var requestID = ""
    /// Who the token speaks for; nil without one.
    var caller: Caller?
    /// The network address that the request came from.
    let address: String
    /// What the access log will say.
    let trace = Trace()

    init(source: ApplicationRequestContextSource) {
        coreContext = CoreRequestContextStorage(source: source)
        address = source.channel.remoteAddress?.ipAddress ?? "unknown"
    }
}

/// A request whose caller is known.
struct Authenticated: ChildRequestContext {
    var coreContext: CoreRequestContextStorage
    let requestID: String
    let caller: Caller

    /// Throws 401 when nobody is known to ask.
    init(context: Guest) throws {
        guard let caller = context.caller else { throw Problem.unauthenticated }
        coreContext = context.coreContext
        requestID = context.requestID
        self.caller = caller
    }
}

/// What later stages tell the access log.
final class Trace: Sendable {
    private let principal = Mutex<String?>(nil)

    /// The pseudonym of the caller, once known.
    var caller: String? {
        get { principal.withLock { $0 } }
        set { principal.withLock { $0 = newValue } }
    }
}
