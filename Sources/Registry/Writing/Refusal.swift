// Why a request was not carried out: an answer for the caller, with a stable code.

package import CanonicalJSON
package import Cryptography
package import Governance

/// A request that the service will not carry out, explained.
package struct Refusal: Error, Sendable, Hashable {
    /// What went wrong, in classes that HTTP and exit codes are derived from.
    package enum Kind: Sendable, Hashable, CaseIterable {
        /// The request itself is malformed.
        case malformed
        /// Nobody is known to have asked.
        case unauthenticated
        /// The caller may not do this.
        case forbidden
        /// The thing asked for does not exist, or the caller may not know that it does.
        case notFound
        /// The state of things does not allow it.
        case conflict
        /// Well-formed, but what it says is not acceptable; `findings` say all of it.
        case unprocessable
        /// The request is larger than its limit.
        case tooLarge
        /// The service has no capacity now; nothing was done.
        case busy
        /// The service refuses to write: its log does not agree with what is pinned.
        case halted
    }

    /// The class of refusal.
    package let kind: Kind
    /// Stable, for programs: `version-unknown`.
    package let code: String
    /// A sentence naming what and why.
    package let message: String
    /// Every fault found in what was sent.
    package let findings: [JSONFinding]
    /// What to do about it.
    package let hint: String?
    /// Leaf hash of the log entry that records the refusal; nil for what is not recorded.
    package let entry: SHA256Digest?
    /// What the caller presented or lacked, when it is one of the refusals that the log tells.
    package let offence: AccessRefused.Cause?

    package init(
        _ kind: Kind, _ code: String, _ message: String, findings: [JSONFinding] = [],
        hint: String? = nil, entry: SHA256Digest? = nil, offence: AccessRefused.Cause? = nil
    ) {
        self.kind = kind
        self.code = code
        self.message = message
        self.findings = findings
        self.hint = hint
        self.entry = entry
        self.offence = offence
    }
}
