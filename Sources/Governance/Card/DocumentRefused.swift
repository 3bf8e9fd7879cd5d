// All that is wrong with a card or an evaluation, as an error.

package import CanonicalJSON

/// A document was refused; the findings say everything that is wrong, never nothing.
package struct DocumentRefused: Error, Sendable, Hashable {
    /// The findings in order of place.
    package let findings: [JSONFinding]

    init(_ findings: [JSONFinding]) {
        precondition(!findings.isEmpty, "a refusal says why")
        self.findings = findings.sorted()
    }
}
