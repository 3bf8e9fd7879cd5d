// What the web room needs besides use cases: request ids, an early check, errors in the caller's terms.

internal import CanonicalJSON
internal import Cryptography
internal import Database
internal import Governance
package import Attestation

extension Registry {
    /// An id for a request that came without one.
    package static func makeRequestID() -> String { makeID("q-") }

    /// Refuses a key assignment that would not count, before anything is recorded for it.
    package func checkKeyAssignment(_ envelope: Envelope, by caller: Caller) throws(Refusal) {
        try requireAdministrator(caller)
        guard let read = IdentityBook.read(envelope.canonicalBytes),
            case .key(let key) = read.assignment
        else {
            throw Refusal(
                .unprocessable, "not-a-key-assignment", "The envelope holds no key assignment.")
        }
        try requireAdministrator(caller, of: key.principal)
        let problems = follower.snapshot.identities.problems(
            of: read.assignment, in: envelope, at: clock())
        guard problems.isEmpty else {
            throw Refusal(
                .unprocessable, "assignment-not-entitled",
                "The statement does not count: "
                    + problems.map(\.rawValue).joined(separator: ", ") + ".",
                findings: problems.map { JSONFinding(.root, $0.rawValue, "\($0)") },
                offence: .statementInvalid)
        }
    }
}

extension Refusal {
    /// What a caller can make of an error of the database; nil when it is none of the caller's business.
    package init?(classifying error: any Error) {
        if let error = error as? TransactionError {
            self.init(classifying: error.body)
            return
        }
        if let error = error as? CryptographyError, [.token, .wrongPassphrase].contains(error.code)
        {
            self.init(
                .busy, "key-unavailable",
                "The token that keeps a key of this service does not sign; nothing was done.",
                hint: "The service's log says why; it goes on when the token does.")
            return
        }
        guard let error = error as? DatabaseError else { return nil }
        switch error.kind {
        case .busy, .timeout:
            self.init(.busy, "busy", "The database has no capacity now; nothing was done.")
        case .connection, .cancelled:
            self.init(
                .busy, "database-unreachable", "The database does not answer; nothing was done.")
        case .commitUnknown:
            self.init(
                .busy, "outcome-unknown", "The database went away while it was writing.",
                hint:
                    "Send the same request with the same Idempotency-Key: it is done at most once.")
        case .server, .rolledBack:
            guard let state = error.state?.rawValue else { return nil }
            switch state.prefix(2) {
            case "22":
                self.init(
                    .unprocessable, "value-unacceptable", "A value cannot be stored as it is.")
            case "23":
                self.init(
                    .conflict, "state-conflict",
                    "This does not fit what is recorded (\(error.constraint ?? "constraint")).")
            case "08", "53", "57":
                self.init(
                    .busy, "database-unreachable",
                    "The database cannot answer now; nothing was done.")
            default: return nil
            }
        case .configuration, .decoding, .rowCount, .usage, .migration: return nil
        }
    }
}
