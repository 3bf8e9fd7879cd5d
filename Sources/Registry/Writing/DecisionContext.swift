// What influences decisions and lives outside the log: each entry names it by digest (I11).

package import Cryptography
package import Governance
internal import Synchronization

/// The service's clock; passed in so that tests can hold it.
package typealias Clock = @Sendable () -> Timestamp

/// Configuration and policy in force, as every entry of this instance names them.
package final class DecisionContext: Sendable {
    private let state: Mutex<State>

    private struct State {
        var configuration: SHA256Digest?
        var policyDigest: SHA256Digest?
    }

    package init(configuration: SHA256Digest? = nil, policyDigest: SHA256Digest? = nil) {
        state = Mutex(State(configuration: configuration, policyDigest: policyDigest))
    }

    /// Digest of the effective configuration; nil before the first `service.started`.
    package var configuration: SHA256Digest? { state.withLock(\.configuration) }
    /// Digest of the policy pack in force; nil before the first activation.
    package var policyDigest: SHA256Digest? { state.withLock(\.policyDigest) }

    /// Says what is in force from now on.
    package func set(configuration: SHA256Digest) {
        state.withLock { $0.configuration = configuration }
    }

    /// Says what is in force from now on.
    package func set(policyDigest: SHA256Digest) {
        state.withLock { $0.policyDigest = policyDigest }
    }
}
