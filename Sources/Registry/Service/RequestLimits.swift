// How much one caller may ask of the service.

package import CanonicalJSON

/// Bounds on requests of one principal, and on credentials that do not hold of one address.
package struct RequestLimits: Sendable, Hashable {
    /// Requests a second, in the long run, of one principal.
    package var perSecond: Int64
    /// Requests at once, after a pause.
    package var burst: Int64
    /// Failed credentials a second, in the long run, of one network address.
    package var failuresPerSecond: Int64
    /// Failed credentials at once, after a pause.
    package var failureBurst: Int64

    package init(perSecond: Int64, burst: Int64, failuresPerSecond: Int64, failureBurst: Int64) {
        self.perSecond = perSecond
        self.burst = burst
        self.failuresPerSecond = failuresPerSecond
        self.failureBurst = failureBurst
    }

    /// Far above what people and pipelines do, and below what would crowd out others.
    package static let usual = RequestLimits(
        perSecond: 2_000, burst: 8_000, failuresPerSecond: 10, failureBurst: 1_000)

    /// The limits as JSON.
    package var json: JSON {
        [
            "perSecond": .integer(perSecond), "burst": .integer(burst),
            "failuresPerSecond": .integer(failuresPerSecond),
            "failureBurst": .integer(failureBurst),
        ]
    }

    /// Reads the limits; findings go to the reader.
    package init(reading reader: JSONReader) {
        let range: ClosedRange<Int64> = 1...1_000_000
        self.init(
            perSecond: reader.integer("perSecond", in: range),
            burst: reader.integer("burst", in: range),
            failuresPerSecond: reader.integer("failuresPerSecond", in: range),
            failureBurst: reader.integer("failureBurst", in: range))
    }
}
