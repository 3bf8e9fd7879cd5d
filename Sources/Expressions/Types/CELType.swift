// The types of values: what is known before anything is evaluated.
//
// Specification: cel-spec, doc/langdef.md, "Gradual Type Checking", without its gradual part: there
// is no `dyn`, so every expression has one type when the pack is loaded and none can meet a value of
// another type later. `nullable(T)` is CEL's wrapper type: a T or null, usable where a T is wanted;
// a null that turns up there is an error when it happens.

/// A type.
package indirect enum CELType: Sendable, Hashable, CustomStringConvertible {
    case bool
    case int
    case decimal
    case string
    case timestamp
    case duration
    case null
    case list(CELType)
    case map(CELType, CELType)
    case record(CELRecordType)
    case nullable(CELType)
    /// The type of the elements of `[]`: it fits everywhere.
    case nothing

    /// The type as CEL writes it.
    package var description: String {
        switch self {
        case .bool: "bool"
        case .int: "int"
        case .decimal: "decimal"
        case .string: "string"
        case .timestamp: "timestamp"
        case .duration: "duration"
        case .null: "null"
        case .list(let element): "list(\(element))"
        case .map(let key, let value): "map(\(key), \(value))"
        case .record(let record): record.name
        case .nullable(let type): "nullable(\(type))"
        case .nothing: "nothing"
        }
    }

    /// The type without a null.
    var present: CELType {
        if case .nullable(let type) = self { type } else { self }
    }

    /// Whether values of the type are ordered.
    var isOrdered: Bool {
        switch self {
        case .bool, .int, .decimal, .string, .timestamp, .duration: true
        case .null, .list, .map, .record, .nullable, .nothing: false
        }
    }

    /// Whether values of the type are lists.
    package var isList: Bool {
        if case .list = self { true } else { false }
    }

    /// Whether a map may have keys of the type.
    var isKey: Bool {
        switch self {
        case .bool, .int, .string, .nothing: true
        case .decimal, .timestamp, .duration, .null, .list, .map, .record, .nullable: false
        }
    }

    /// The least type that both fit; nil when there is none.
    func joined(with other: CELType) -> CELType? {
        switch (self, other) {
        case _ where self == other: return self
        case (.nothing, _): return other
        case (_, .nothing): return self
        case (.nullable(let left), .nullable(let right)):
            return left.joined(with: right).map(CELType.nullable)
        case (.nullable(let inner), .null), (.null, .nullable(let inner)): return .nullable(inner)
        case (.nullable(let inner), let plain), (let plain, .nullable(let inner)):
            return inner.joined(with: plain).map(CELType.nullable)
        case (.null, let plain), (let plain, .null): return .nullable(plain)
        case (.list(let left), .list(let right)): return left.joined(with: right).map(CELType.list)
        case (.map(let leftKey, let leftValue), .map(let rightKey, let rightValue)):
            guard let key = leftKey.joined(with: rightKey),
                let value = leftValue.joined(with: rightValue)
            else { return nil }
            return .map(key, value)
        default: return nil
        }
    }

    /// Whether values of the two types may be compared for equality.
    func isComparable(with other: CELType) -> Bool {
        switch (self, other) {
        case (.null, .null), (.nullable, .null), (.null, .nullable): true
        // Where a null can never stand, asking for it is a mistake of the author.
        case (.null, _), (_, .null): false
        default: joined(with: other) != nil
        }
    }
}

/// A set of facts with names and types of their own, like a message of CEL.
package struct CELRecordType: Sendable, Hashable {
    package let name: String
    /// In the order of their names.
    package let fields: [CELField]

    /// A record type; names of fields must differ.
    package init(_ name: String, _ fields: [CELField]) {
        self.name = name
        self.fields = fields.sorted { $0.name < $1.name }
    }

    /// The position of a field among the fields; nil when there is none of that name.
    func index(of name: String) -> Int? { fields.firstIndex { $0.name == name } }
}

/// One field of a record.
package struct CELField: Sendable, Hashable {
    package let name: String
    package let type: CELType
    /// Whether facts may lack it; reading it where it lacks is an error, `has` asks first.
    package let isOptional: Bool

    package init(_ name: String, _ type: CELType, isOptional: Bool = false) {
        self.name = name
        self.type = type
        self.isOptional = isOptional
    }
}

/// The variables that expressions of one place may name.
package struct CELEnvironment: Sendable, Hashable {
    /// In the order in which values are bound.
    package let variables: [CELField]

    /// Declares variables; a variable may be optional like a field.
    package init(_ variables: [CELField]) { self.variables = variables }
}
