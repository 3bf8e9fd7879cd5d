// How much harm a model can do: the tier decides how much evidence and how many eyes it needs.

package import CanonicalJSON

/// A risk tier; later cases demand more.
package enum Tier: Int64, Sendable, Hashable, Comparable, CaseIterable, CustomStringConvertible {
    case minimal = 1
    case limited = 2
    case high = 3
    /// Not to be built or used: cannot be submitted.
    case prohibited = 4

    /// Tiers that a version can be deployed in.
    package static let usable: [Tier] = [.minimal, .limited, .high]

    /// Reads 1, 2, 3 or "prohibited"; nil for anything else, "unknown" included.
    package init?(json: JSON) {
        switch json {
        case .integer(1): self = .minimal
        case .integer(2): self = .limited
        case .integer(3): self = .high
        case .string("prohibited"): self = .prohibited
        case .null, .bool, .integer, .double, .string, .array, .object: return nil
        }
    }

    /// 1, 2, 3 or "prohibited", as cards and facts write it.
    package var json: JSON { self == .prohibited ? "prohibited" : .integer(rawValue) }

    /// `1`, `2`, `3` or `prohibited`.
    package var description: String { self == .prohibited ? "prohibited" : String(rawValue) }

    /// A lower tier demands less.
    package static func < (left: Tier, right: Tier) -> Bool { left.rawValue < right.rawValue }
}
