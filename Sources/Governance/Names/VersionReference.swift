// How one version of a model is called: `namespace/name@3`; the number is assigned by the registry.

/// A version of a model, such as `credit/scorecard@3`.
package struct VersionReference: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// The model.
    package let model: ModelName
    /// The registry's number, 1 to 999,999,999, without gaps.
    package let number: Int64

    /// Largest version number; nine digits keep every reference short.
    package static let maximumNumber: Int64 = 999_999_999

    /// Names version `number` of `model`; nil when the number is outside 1…999,999,999.
    package init?(model: ModelName, number: Int64) {
        guard (1...Self.maximumNumber).contains(number) else { return nil }
        self.model = model
        self.number = number
    }

    /// Reads `credit/scorecard@3`; no leading zeros, no sign, nil for anything else.
    package init?(_ text: String) {
        let parts = text.split(separator: "@", omittingEmptySubsequences: false)
        guard parts.count == 2, let model = ModelName(String(parts[0])),
            let number = Int64(parts[1]), String(number) == parts[1]
        else { return nil }
        self.init(model: model, number: number)
    }

    /// `credit/scorecard@3`.
    package var description: String { "\(model)@\(number)" }

    /// By model, then by number.
    package static func < (left: VersionReference, right: VersionReference) -> Bool {
        left.model == right.model ? left.number < right.number : left.model < right.model
    }
}
