// A JSON Schema evaluator for exactly the keywords that our own schema uses.
//
// Specification: JSON Schema 2020-12 (Core and Validation). Implemented: type, properties, required,
// additionalProperties, items, minItems, maxItems, uniqueItems, minProperties, maxProperties,
// propertyNames, minLength, maxLength (in code points), pattern (see `SchemaPattern`), minimum,
// maximum (integers), enum, const, and $ref into #/$defs. Annotations: $schema, $id, $comment,
// title, description, default, $defs and our own x-personal. A keyword only judges values of its
// type: maxLength says nothing about an integer. Any other keyword is refused when the schema is
// loaded: what is not understood must not be skipped.
//
// Worked example: {"type": "object", "required": ["name"], "properties": {"name": {"type": "string",
// "maxLength": 3}}, "additionalProperties": false} finds in {"nam": "x"} that /name is missing and
// that /nam is unknown: all findings at once.

package import CanonicalJSON

/// Why a schema cannot be used.
package struct JSONSchemaError: Error, Sendable, Hashable {
    /// Where in the schema, and what.
    package let findings: [JSONFinding]
}

/// A loaded schema.
package struct JSONSchema: Sendable {
    /// One schema object.
    ///
    /// `$ref` is followed at load time through `reference`.
    package struct Node: Sendable {
        /// Where `$ref` leads.
        var reference: Int?
        /// The types that a value may have; nil for any.
        package var types: Set<ValueType>?
        /// The nodes of named members.
        package var properties: [String: Int] = [:]
        /// Members that must be there.
        package var required: [String] = []
        /// What other members may be.
        package var additional: Additional = .allowed
        var propertyNames: Int?
        /// The node of a list's elements.
        package var items: Int?
        var counts: [Keyword: Int] = [:]
        var isUnique = false
        var pattern: SchemaPattern?
        /// The only values allowed (`enum`, `const`).
        package var values: [JSON]?
        /// `default`.
        package var fallback: JSON?
        /// `description`.
        package var summary = ""
        /// Whether the value is personal (`x-personal`).
        package var isPersonal = false
    }

    /// What members that are not named may be.
    package enum Additional: Sendable { case allowed, refused, schema(Int) }

    /// The keywords that are one whole number.
    enum Keyword: String, Sendable, CaseIterable {
        case minItems, maxItems, minProperties, maxProperties, minLength, maxLength
        case minimum, maximum
    }

    /// The types of JSON Schema.
    package enum ValueType: String, Sendable, CaseIterable {
        case null, boolean, integer, number, string, array, object

        /// The type in a sentence.
        var words: String {
            switch self {
            case .null: "null"
            case .boolean: "true or false"
            case .integer: "a whole number"
            case .number: "a number"
            case .string: "a text"
            case .array: "a list"
            case .object: "an object"
            }
        }

        /// Whether a value is of this type.
        ///
        /// 1.0 is an integer (Core, 4.2.3): the parser says so.
        func holds(_ json: JSON) -> Bool {
            switch (self, json) {
            case (.null, .null), (.boolean, .bool), (.integer, .integer), (.number, .integer),
                (.number, .double), (.string, .string), (.array, .array), (.object, .object):
                true
            default: false
            }
        }
    }

    let nodes: [Node]
    /// The schema's own `$id`.
    package let identifier: String

    /// Reads a schema; throws everything in it that this evaluator does not implement.
    package init(loading bytes: [UInt8]) throws(JSONSchemaError) {
        let json: JSON
        do throws(JSONError) {
            json = try JSON(parsing: bytes, limits: .default)
        } catch {
            throw JSONSchemaError(
                findings: [JSONPointer.root.finding("syntax", error.description)])
        }
        try self.init(json)
    }

    /// Reads a schema that is already parsed.
    package init(_ json: JSON) throws(JSONSchemaError) {
        var loader = SchemaLoader(document: json)
        _ = loader.load(json, at: .root)
        loader.resolveReferences()
        guard loader.findings.isEmpty else {
            throw JSONSchemaError(findings: loader.findings.sorted())
        }
        nodes = loader.nodes
        identifier = json["$id"]?.string ?? ""
    }

    /// The schema that really applies at a node: `$ref` followed, the summary and mark of the place
    /// that refers kept.
    package func resolved(_ index: Int) -> Node {
        let node = nodes[index]
        guard let reference = node.reference else { return node }
        var target = resolved(reference)
        if !node.summary.isEmpty { target.summary = node.summary }
        if node.isPersonal { target.isPersonal = true }
        if node.fallback != nil { target.fallback = node.fallback }
        return target
    }

    /// The node for the member of an object, nil where the schema knows none.
    package func child(_ name: String, of node: Node) -> Int? {
        if let index = node.properties[name] { return index }
        if case .schema(let index) = node.additional { return index }
        return nil
    }
}
