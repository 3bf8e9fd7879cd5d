// What a card says that fairness is evaluated on: so that whoever evaluates cannot choose data and
// attributes on which a model looks fair.
//
// Data sets are those of `data.sets` whose role is not `train` and that have a SHA-256 digest;
// attributes are those that `evaluation.fairness` names. Both are names of columns of the predictions
// file, as `imprimatur evaluate fairness --group` takes them.

package import CanonicalJSON
package import Cryptography

/// Data sets and attributes that a card declares for the evaluation of fairness.
package struct DeclaredFairness: Sendable, Hashable {
    /// A data set that may be evaluated on.
    package struct DataSet: Sendable, Hashable {
        package let sha256: SHA256Digest
        /// Sensitive attributes that it contains.
        package let sensitive: [String]

        package init(sha256: SHA256Digest, sensitive: [String]) {
            self.sha256 = sha256
            self.sensitive = sensitive
        }
    }

    package let dataSets: [DataSet]
    /// Attributes that the card promises results for.
    package let attributes: [String]

    package init(dataSets: [DataSet], attributes: [String]) {
        self.dataSets = dataSets
        self.attributes = attributes
    }

    /// What a card declares.
    package init(_ card: JSON) {
        dataSets = (card["data"]?["sets"]?.array ?? []).compactMap { set in
            guard set["role"]?.string != "train",
                let digest = set["digests"]?["sha256"]?.string.flatMap({ SHA256Digest(hex: $0) })
            else { return nil }
            return DataSet(
                sha256: digest, sensitive: set["sensitive"]?.array?.compactMap(\.string) ?? [])
        }
        let named = (card["evaluation"]?["fairness"]?.array ?? []).compactMap {
            $0["attribute"]?.string
        }
        attributes = Set(named).sorted(by: bytesPrecede)
    }

    /// As a part of the facts document.
    package var json: JSON {
        [
            "attributes": .array(attributes.map(JSON.string)),
            "datasets": .array(
                dataSets.map {
                    ["sha256": .hex($0.sha256), "sensitive": .array($0.sensitive.map(JSON.string))]
                }),
        ]
    }
}
