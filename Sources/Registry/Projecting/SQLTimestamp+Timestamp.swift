// Times of ours as PostgreSQL keeps them.

package import Database
package import Governance

extension SQLTimestamp {
    /// A time of ours as PostgreSQL keeps it.
    package init(_ time: Timestamp) {
        self.init(microsecondsSince1970: time.milliseconds * 1000)
    }
}
