// What influences decisions and lives outside the log: each entry names it by digest (I11).

package import Cryptography
package import Governance
internal import Synchronization

/// The service's clock; passed in so that tests can hold it.
package typealias Clock = @Sendable () -> Timestamp

/// The configuration of this process, as every entry of this instance names it. It never changes while
/// the process lives; the policy pack may, so an act that a pack decides brings the pack's digest itself.
package final class DecisionContext: Sendable {
    private let state: Mutex<SHA256Digest?>

    package init(configuration: SHA256Digest? = nil) {
        state = Mutex(configuration)
    }

    /// Digest of the effective configuration; nil before the first `service.started`.
    package var configuration: SHA256Digest? { state.withLock { $0 } }

    /// Says what is in force from now on.
    package func set(configuration: SHA256Digest) {
        state.withLock { $0 = configuration }
    }
}
