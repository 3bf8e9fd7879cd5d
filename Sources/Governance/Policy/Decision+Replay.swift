// Evaluating a recorded decision again (I9).

package import CanonicalJSON
internal import Cryptography

/// A place where a recorded decision and its replay differ.
package struct ReplayDifference: Sendable, Hashable, CustomStringConvertible {
    /// Where in the decision document; the root when the record itself is unusable.
    package let pointer: JSONPointer
    /// What differs.
    package let message: String

    /// The place, then what differs.
    package var description: String { "\(pointer): \(message)" }
}

extension Decision {
    /// Decides again from the recorded facts and pack, and names every difference but prose.
    ///
    /// An empty answer means that gate, subject, time, policy, facts, verdict, and each rule's id,
    /// mode, result and values are the same bytes.
    package static func replay(
        document: JSON, facts: JSON, pack: PolicyPack
    ) -> [ReplayDifference] {
        remake(document: document, facts: facts, pack: pack).differences
    }

    /// The same, with the decision that was made again; nil when the record is unusable.
    static func remake(
        document: JSON, facts: JSON, pack: PolicyPack
    ) -> (decision: Decision?, differences: [ReplayDifference]) {
        guard document["type"] == .string(type),
            let gate = document["gate"]?.string.flatMap({ Gate(rawValue: $0) }),
            let now = document["now"]?.string.flatMap({ Timestamp($0) }),
            let subject = document["subject"]?.string.flatMap({ DecisionSubject($0) })
        else { return (nil, [ReplayDifference(pointer: .root, message: "This is no decision.")]) }
        let again = pack.decide(gate: gate, subject: subject, facts: facts, now: now)
        var differences: [ReplayDifference] = []
        compare(
            withoutProse(document), withoutProse(again.document), at: .root, into: &differences)
        return (again, differences)
    }

    private static func withoutProse(_ document: JSON) -> JSON {
        guard var members = document.object else { return document }
        members["rules"] =
            members["rules"]?.array.map { rules in
                .array(
                    rules.map { rule in
                        guard var parts = rule.object else { return rule }
                        parts["title"] = nil
                        parts["reason"] = nil
                        return .object(parts)
                    })
            } ?? members["rules"]
        return .object(members)
    }

    private static func compare(
        _ recorded: JSON, _ again: JSON, at place: JSONPointer,
        into differences: inout [ReplayDifference]
    ) {
        switch (recorded, again) {
        case (.object(let left), .object(let right)):
            for name in Set(left.keys).union(right.keys).sorted(by: bytesPrecede) {
                guard let recorded = left[name], let again = right[name] else {
                    let message = left[name] == nil ? "Not recorded." : "Not in the replay."
                    differences.append(
                        ReplayDifference(pointer: place.appending(name), message: message))
                    continue
                }
                compare(recorded, again, at: place.appending(name), into: &differences)
            }
        case (.array(let left), .array(let right)) where left.count == right.count:
            for (index, pair) in zip(left, right).enumerated() {
                compare(pair.0, pair.1, at: place.appending(index), into: &differences)
            }
        default:
            guard recorded.canonicalBytes != again.canonicalBytes else { return }
            differences.append(
                ReplayDifference(
                    pointer: place, message: "Recorded \(text(recorded)), replayed \(text(again)).")
            )
        }
    }

    private static func text(_ json: JSON) -> String {
        let text = String(decoding: json.canonicalBytes, as: UTF8.self)
        return text.count > 200 ? String(text.prefix(200)) + "…" : text
    }
}
