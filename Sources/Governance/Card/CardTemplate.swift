// The card that `imprimatur card new` writes: YAML with every field that a tier requires.
//
// It is made from the schema (what a field is) and the policy pack (which fields a tier requires),
// so it cannot fall behind either. Every open field holds a placeholder, a text that starts with
// `<fill in`, which `ModelCard` refuses anywhere: a template that nobody edited is never a card.

import CanonicalJSON
package import Schema

/// Writes templates of cards.
package enum CardTemplate {
    /// How every placeholder starts.
    package static let placeholder = "<fill in"

    /// The template for a tier, as commented YAML.
    package static func yaml(
        schema: JSONSchema, fields: [RequiredField], tier: Tier
    ) -> String {
        var wanted = WantedFields()
        for field in fields where field.from <= tier && field.when == nil {
            guard let pointer = try? JSONPointer(parsing: field.pattern.description) else {
                continue
            }
            wanted.add(pointer.tokens[...])
        }
        var writer = TemplateWriter(schema: schema)
        writer.lines = [
            "# A model card for Imprimatur. Replace every \"\(placeholder)…\"; until then the card is",
            "# refused. These are the fields that tier \(tier) requires; more fields, and what they",
            "# mean, are in docs/reference/model-card.md. Check with: imprimatur card check FILE",
            "# Decimals are written in quotes, such as \"0.85\". Names and contacts of people are",
            "# personal data: the signed card holds only commitments to them.",
        ]
        writer.writeMembers(of: schema.resolved(0), wanted, indent: "")
        return writer.lines.joined(separator: "\n") + "\n"
    }
}

/// The fields to write, as a tree in the order in which they were asked for.
private struct WantedFields {
    private(set) var members: [(name: String, fields: WantedFields)] = []

    mutating func add(_ tokens: ArraySlice<String>) {
        guard let token = tokens.first else { return }
        if !members.contains(where: { $0.name == token }) { members.append((token, .init())) }
        for index in members.indices where members[index].name == token {
            members[index].fields.add(tokens.dropFirst())
        }
    }

    subscript(name: String) -> WantedFields {
        members.first { $0.name == name }?.fields ?? .init()
    }
}

private struct TemplateWriter {
    let schema: JSONSchema
    var lines: [String] = []

    mutating func writeMembers(
        of node: JSONSchema.Node, _ wanted: WantedFields, indent: String
    ) {
        var names = node.required.filter { name in
            !wanted.members.contains { $0.name == name }
        }
        names += wanted.members.map(\.name)
        // A person's name and contact are not required anywhere, but they are why the field exists.
        names += node.properties.filter { schema.resolved($0.value).isPersonal }.map(\.key).sorted()
            .filter { !names.contains($0) }
        if names.isEmpty { names = node.properties.keys.sorted() }
        for name in names {
            guard let index = schema.child(name, of: node) else { continue }
            write(name, schema.resolved(index), wanted[name], indent: indent)
        }
        if names.isEmpty, case .schema(let index) = node.additional {
            write("example_name", schema.resolved(index), .init(), indent: indent)
        }
    }

    private mutating func write(
        _ name: String, _ node: JSONSchema.Node, _ wanted: WantedFields, indent: String
    ) {
        if let scalar = scalar(node) {
            lines.append("\(indent)\(name): \(scalar)")
            return
        }
        if indent.isEmpty { lines.append("") }
        if !node.summary.isEmpty { lines.append("\(indent)# \(node.summary)") }
        lines.append("\(indent)\(name):")
        guard let items = node.items else {
            writeMembers(of: node, wanted, indent: indent + "  ")
            return
        }
        let item = schema.resolved(items)
        if let scalar = scalar(item, summary: node.summary) {
            lines.append("\(indent)  - \(scalar)")
            return
        }
        let start = lines.count
        writeMembers(of: item, wanted["*"], indent: indent + "    ")
        // The first member of an entry stands on the line of its dash.
        if let first = lines.indices.dropFirst(start).first {
            lines[first] = "\(indent)  - " + lines[first].dropFirst(indent.utf8.count + 4)
        }
    }

    /// The value of a field that is no object and no list; nil for those.
    private func scalar(_ node: JSONSchema.Node, summary: String? = nil) -> String? {
        if let value = node.fallback { return quote(value) }
        if let values = node.values {
            if let only = values.first, values.count == 1 { return quote(only) }
            let list = values.map { $0.string ?? quote($0) }.joined(separator: ", ")
            return quote(.string("\(CardTemplate.placeholder): \(node.summary) One of \(list).>"))
        }
        if node.types?.isDisjoint(with: [.object, .array]) == false, !node.isPersonal {
            return nil
        }
        return quote(.string("\(CardTemplate.placeholder): \(summary ?? node.summary)>"))
    }

    /// JSON scalars are YAML scalars.
    private func quote(_ value: JSON) -> String {
        String(decoding: value.canonicalBytes, as: UTF8.self)
    }
}
