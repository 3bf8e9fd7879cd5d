// What every request brings besides its content: who asks, under which id, as which retry.

internal import Cryptography
package import Governance

/// The authenticated origin of a request.
package struct Caller: Sendable, Hashable {
    /// The principal whose token it was.
    package let principal: PrincipalID
    /// The natural person behind the principal.
    package let person: PrincipalID
    /// A person or a service.
    package let kind: PrincipalKind
    /// The token's public id.
    package let token: String

    package init(principal: PrincipalID, person: PrincipalID, kind: PrincipalKind, token: String) {
        self.principal = principal
        self.person = person
        self.kind = kind
        self.token = token
    }
}

/// One request, as use cases see it.
package struct Request: Sendable {
    /// Who asks; nil for what the service does itself.
    package let caller: Caller?
    /// Correlates the entry with the service's log lines.
    package let id: String
    /// The retry key, when the caller sent one.
    package let idempotency: Entry.Idempotency?

    package init(caller: Caller?, id: String, idempotency: Entry.Idempotency? = nil) {
        self.caller = caller
        self.id = id
        self.idempotency = idempotency
    }

    /// The same without its retry key: for questions, which change nothing and are asked anew each time.
    var withoutRetry: Request { Request(caller: caller, id: id) }

    /// The retry key of a request: a key is bound to its principal, a body to its method and path.
    package static func idempotency(
        key: String, principal: PrincipalID, method: String, path: String, body: [UInt8]
    ) -> Entry.Idempotency {
        Entry.Idempotency(
            key: SHA256.hash(Array("\(principal)\n\(key)".utf8)),
            body: SHA256.hash(Array("\(method)\n\(path)\n".utf8) + body))
    }
}
