// Judging a value by a schema: all findings at once, each a sentence with the field's name.

package import CanonicalJSON

extension JSONSchema {
    /// Most findings that one evaluation reports; a hostile document must not make a huge answer.
    private static let mostFindings = 500

    /// Everything in the value that the schema does not allow, in order of place; empty when valid.
    package func findings(in value: JSON, at place: JSONPointer = .root) -> [JSONFinding] {
        var findings: [JSONFinding] = []
        judge(value, by: 0, at: place, &findings)
        return findings.sorted()
    }

    private func judge(
        _ value: JSON, by index: Int, at place: JSONPointer, _ findings: inout [JSONFinding]
    ) {
        guard findings.count < Self.mostFindings else { return }
        let node = resolved(index)
        if let types = node.types, !types.contains(where: { $0.holds(value) }) {
            let wanted = ValueType.allCases.filter(types.contains).map(\.words)
            findings.append(
                place.finding(
                    JSONFinding.Code.type,
                    "\(place.path) must be \(wanted.joined(separator: " or ")), "
                        + "not \(value.kind)."))
            return
        }
        if let values = node.values, !values.contains(value) {
            let list = values.map(Self.words).joined(separator: ", ")
            findings.append(
                place.finding(JSONFinding.Code.value, "\(place.path) must be one of: \(list)."))
        }
        switch value {
        case .null, .bool, .double: return
        case .integer(let number): judge(number, node, place, &findings)
        case .string(let text): judge(text, node, place, &findings)
        case .array(let elements): judge(elements, node, place, &findings)
        case .object(let members): judge(members, node, place, &findings)
        }
    }

    private func judge(
        _ number: Int64, _ node: Node, _ place: JSONPointer, _ findings: inout [JSONFinding]
    ) {
        let (least, most) = (node.counts[.minimum], node.counts[.maximum])
        if number < Int64(least ?? .min) || number > Int64(most ?? .max) {
            findings.append(
                place.finding(
                    JSONFinding.Code.range, "\(place.path) must be \(Self.bounds(least, most))."))
        }
    }

    private func judge(
        _ text: String, _ node: Node, _ place: JSONPointer, _ findings: inout [JSONFinding]
    ) {
        let length = text.unicodeScalars.count
        let (least, most) = (node.counts[.minLength], node.counts[.maxLength])
        if length < least ?? 0 || length > most ?? .max {
            findings.append(
                place.finding(
                    JSONFinding.Code.length,
                    "\(place.path) must have \(Self.bounds(least, most)) characters, not \(length)."
                )
            )
        } else if let pattern = node.pattern, !pattern.matches(text) {
            findings.append(
                place.finding(
                    JSONFinding.Code.format,
                    "\(place.path) does not have the form \(pattern.text)."))
        }
    }

    private func judge(
        _ elements: [JSON], _ node: Node, _ place: JSONPointer, _ findings: inout [JSONFinding]
    ) {
        let (least, most) = (node.counts[.minItems], node.counts[.maxItems])
        if elements.count < least ?? 0 || elements.count > most ?? .max {
            findings.append(
                place.finding(
                    JSONFinding.Code.length,
                    "\(place.path) must have \(Self.bounds(least, most)) entries, "
                        + "not \(elements.count)."))
        }
        if node.isUnique {
            var seen: Set<[UInt8]> = []
            for (index, element) in elements.enumerated()
            where !seen.insert(element.canonicalBytes).inserted {
                let place = place.appending(index)
                findings.append(
                    place.finding(JSONFinding.Code.duplicate, "\(place.path) is there twice."))
            }
        }
        guard let items = node.items else { return }
        for (index, element) in elements.prefix(most ?? elements.count).enumerated() {
            judge(element, by: items, at: place.appending(index), &findings)
        }
    }

    private func judge(
        _ members: [String: JSON], _ node: Node, _ place: JSONPointer,
        _ findings: inout [JSONFinding]
    ) {
        let (least, most) = (node.counts[.minProperties], node.counts[.maxProperties])
        if members.count < least ?? 0 || members.count > most ?? .max {
            findings.append(
                place.finding(
                    JSONFinding.Code.length,
                    "\(place.path) must have \(Self.bounds(least, most)) members, "
                        + "not \(members.count)."))
        }
        for name in node.required where members[name] == nil {
            let place = place.appending(name)
            let summary = node.properties[name].map { resolved($0).summary } ?? ""
            findings.append(
                place.finding(
                    JSONFinding.Code.missing,
                    "\(place.path) is missing\(summary.isEmpty ? "." : ": \(summary)")"))
        }
        for (name, value) in members.sorted(by: { $0.key < $1.key }) {
            let inner = place.appending(name)
            if let names = node.propertyNames {
                judge(.string(name), by: names, at: inner, &findings)
            }
            if let index = child(name, of: node) {
                judge(value, by: index, at: inner, &findings)
            } else if case .refused = node.additional {
                findings.append(
                    inner.finding(
                        JSONFinding.Code.unknown, "\(inner.path) is not a field of the format."))
            }
        }
    }

    private static func words(_ value: JSON) -> String {
        if let text = value.string { return text }
        return String(decoding: value.canonicalBytes, as: UTF8.self)
    }

    private static func bounds(_ least: Int?, _ most: Int?) -> String {
        switch (least, most) {
        case (let least?, let most?): least == most ? "exactly \(least)" : "\(least) to \(most)"
        case (let least?, nil): "at least \(least)"
        case (nil, let most?): "at most \(most)"
        case (nil, nil): "any number of"
        }
    }
}
