// Turns a schema document into nodes, refusing every keyword that is not implemented.

import CanonicalJSON

/// Collects nodes and findings while a schema is loaded.
struct SchemaLoader {
    let document: JSON
    var nodes: [JSONSchema.Node] = []
    var findings: [JSONFinding] = []
    private var definitions: [String: Int] = [:]
    private var references: [(node: Int, target: String, place: JSONPointer)] = []

    init(document: JSON) {
        self.document = document
    }

    private static let annotations: Set<String> = [
        "$schema", "$id", "$comment", "title", "description", "default", "$defs", "x-personal",
    ]

    /// Loads one schema object and everything in it; gives its node.
    mutating func load(_ json: JSON, at place: JSONPointer) -> Int {
        let index = nodes.count
        nodes.append(.init())
        guard let members = json.object else {
            refuse(place, "A schema is an object here; true and false are not supported.")
            return index
        }
        var node = JSONSchema.Node()
        node.summary = json["description"]?.string ?? ""
        node.isPersonal = json["x-personal"] == .bool(true)
        node.fallback = json["default"]
        for (name, value) in members.sorted(by: { $0.key < $1.key }) {
            take(name, value, at: place.appending(name), node: index, into: &node)
        }
        if node.types == nil, node.values == nil, members["$ref"] == nil {
            refuse(place, "A schema here says its type, its values or a $ref.")
        }
        nodes[index] = node
        return index
    }

    /// Connects `$ref` with `$defs` and refuses references that lead nowhere or in a circle.
    mutating func resolveReferences() {
        for (node, target, place) in references {
            if let definition = definitions[target] {
                nodes[node].reference = definition
            } else {
                refuse(place, "There is no such definition.")
            }
        }
        for (node, _, place) in references {
            var (current, steps) = (node, 0)
            while let next = nodes[current].reference, steps <= nodes.count {
                (current, steps) = (next, steps + 1)
            }
            if steps > nodes.count {
                refuse(place, "The reference leads back to itself.")
                nodes[node].reference = nil
            }
        }
    }

    private mutating func refuse(_ place: JSONPointer, _ message: String) {
        findings.append(place.finding("schema", message))
    }

    private mutating func take(
        _ name: String, _ value: JSON, at place: JSONPointer, node index: Int,
        into node: inout JSONSchema.Node
    ) {
        if let keyword = JSONSchema.Keyword(rawValue: name) {
            guard let number = value.integer else {
                return refuse(place, "The keyword takes a whole number.")
            }
            node.counts[keyword] = Int(number)
            return
        }
        switch name {
        case "type": node.types = types(value, at: place)
        case "properties": node.properties = children(value, at: place)
        case "required":
            node.required = value.array?.compactMap(\.string) ?? []
            if node.required.isEmpty { refuse(place, "required is a list of names.") }
        case "additionalProperties":
            if value == .bool(false) {
                node.additional = .refused
            } else if value != .bool(true) {
                node.additional = .schema(load(value, at: place))
            }
        case "propertyNames": node.propertyNames = load(value, at: place)
        case "items": node.items = load(value, at: place)
        case "uniqueItems": node.isUnique = value == .bool(true)
        case "pattern":
            node.pattern = value.string.flatMap { SchemaPattern($0) }
            if node.pattern == nil { refuse(place, "The pattern is outside the supported subset.") }
        case "enum":
            node.values = value.array
            if value.array?.isEmpty != false { refuse(place, "enum is a list of values.") }
        case "const": node.values = [value]
        case "$ref":
            let prefix = "#/$defs/"
            guard let text = value.string, text.hasPrefix(prefix) else {
                return refuse(place, "$ref leads into #/$defs here.")
            }
            references.append((index, String(text.dropFirst(prefix.count)), place))
        case "$defs":
            guard place.tokens.count == 1 else {
                return refuse(place, "$defs stands at the root here.")
            }
            definitions = children(value, at: place)
        default:
            if !Self.annotations.contains(name) {
                refuse(place, "The keyword is not supported.")
            }
        }
    }

    private mutating func types(_ value: JSON, at place: JSONPointer) -> Set<JSONSchema.ValueType> {
        let names = value.array?.compactMap(\.string) ?? (value.string.map { [$0] } ?? [])
        let types = names.compactMap { JSONSchema.ValueType(rawValue: $0) }
        if types.isEmpty || types.count != (value.array?.count ?? 1) {
            refuse(place, "type is one of the seven types, or a list of them.")
        }
        return Set(types)
    }

    private mutating func children(_ value: JSON, at place: JSONPointer) -> [String: Int] {
        guard let members = value.object else {
            refuse(place, "The keyword takes an object of schemas.")
            return [:]
        }
        var result: [String: Int] = [:]
        for (name, schema) in members.sorted(by: { $0.key < $1.key }) {
            result[name] = load(schema, at: place.appending(name))
        }
        return result
    }
}
