// A model card that is well-formed: the only way to have one is to parse it.
//
// Three things are checked at once: the published schema; every text for characters that would show
// as something else (`TextHygiene`); and the placeholder of the template, so that an unedited
// template is never a card. What a tier requires beyond that is the policy pack's.

package import CanonicalJSON
package import Cryptography
package import Schema

/// A well-formed model card.
package struct ModelCard: Sendable, Hashable {
    /// The predicate type of a signed card.
    package static let predicateType = "https://imprimatur.dev/predicate/model-card/v1"
    /// Longest card in canonical bytes; larger things belong into documents that a card names.
    package static let mostBytes = 1 << 20
    /// Deepest nesting of a card, foreign leftovers included.
    package static let mostDepth = 32

    /// The card as JSON.
    package let json: JSON

    /// Checks a card; throws everything that is wrong with it, in order of place.
    package init(
        parsing json: JSON, schema: JSONSchema, at place: JSONPointer = .root
    ) throws(JSONFindings) {
        var texts = CardTexts()
        texts.visit(json, at: place, depth: 0)
        guard !texts.isTooDeep else {
            throw JSONFindings(findings: [
                place.finding("depth", "The card is nested deeper than \(Self.mostDepth) levels.")
            ])
        }
        // A placeholder breaks the form of its field too: one finding for it is enough.
        let unfilled = Set(texts.findings.filter { $0.code == "placeholder" }.map(\.pointer))
        var findings = schema.findings(in: json, at: place)
            .filter { !unfilled.contains($0.pointer) }
        findings += texts.findings
        if json.canonicalBytes.count > Self.mostBytes {
            findings.append(
                place.finding("size", "The card is larger than \(Self.mostBytes) bytes."))
        }
        guard findings.isEmpty else { throw JSONFindings(findings: findings) }
        self.json = json
    }

    /// Keeps the form of a card that is already checked.
    init(uncheckedReplacing json: JSON) {
        self.json = json
    }

    /// SHA-256 of the canonical bytes, the digest that approvals name.
    package var digest: SHA256Digest { SHA256.hash(json.canonicalBytes) }

    /// The model's name in the registry, `namespace/name`; nil when the card leaves it out.
    package var modelName: String? { json["model"]?["name"]?.string }

    /// The tier that the card states; nil for "unknown".
    package var statedTier: Tier? { json["risk"]?["tier"].flatMap { Tier(json: $0) } }

    /// The tier whose requirements apply before a policy raises it: unknown counts as high.
    package var tier: Tier { statedTier ?? .high }

    /// The fields that a tier requires and the card lacks, each once, with a sentence.
    package func missing(
        for tier: Tier, of fields: [RequiredField], schema: JSONSchema,
        at place: JSONPointer = .root
    ) -> [JSONFinding] {
        var seen: Set<JSONPointer> = []
        return
            fields
            .filter { $0.from <= tier && ($0.when?.holds(in: json) ?? true) }
            .flatMap { $0.pattern.missing(in: json) }
            .filter { seen.insert($0).inserted }
            .map { pointer in
                let summary = schema.summary(at: pointer) ?? ""
                return JSONPointer(place.tokens + pointer.tokens).finding(
                    JSONFinding.Code.missing,
                    "\(pointer.path) is required in tier \(tier) and missing"
                        + (summary.isEmpty ? "." : ": \(summary)"))
            }
    }
}

extension JSONSchema {
    /// The description of the field at a place, `*` and indices standing for list elements.
    package func summary(at pointer: JSONPointer) -> String? {
        node(at: pointer).map(\.summary)
    }

    /// The node that applies at a place; nil where the schema knows nothing.
    func node(at pointer: JSONPointer) -> Node? {
        var node = resolved(0)
        for token in pointer.tokens {
            let isElement = token == "*" || (node.items != nil && Int(token) != nil)
            guard let index = isElement ? node.items : child(token, of: node) else { return nil }
            node = resolved(index)
        }
        return node
    }
}

/// Visits every text of a card.
private struct CardTexts {
    var findings: [JSONFinding] = []
    var isTooDeep = false

    mutating func visit(_ value: JSON, at place: JSONPointer, depth: Int) {
        guard depth <= ModelCard.mostDepth else {
            isTooDeep = true
            return
        }
        guard findings.count < 500 else { return }
        switch value {
        case .null, .bool, .integer, .double: return
        case .string(let text): check(text, at: place)
        case .array(let elements):
            for (index, element) in elements.enumerated() {
                visit(element, at: place.appending(index), depth: depth + 1)
            }
        case .object(let members):
            for (name, member) in members {
                check(name, at: place.appending(name))
                visit(member, at: place.appending(name), depth: depth + 1)
            }
        }
    }

    private mutating func check(_ text: String, at place: JSONPointer) {
        if text.utf8.starts(with: CardTemplate.placeholder.utf8) {
            findings.append(
                place.finding(
                    "placeholder", "\(place.path) still has the placeholder of the template."))
        } else if let fault = TextHygiene.fault(in: text) {
            findings.append(place.finding("text", "\(place.path) contains \(fault)."))
        }
    }
}
