// What expressions compute with.

package import CanonicalJSON

/// A value.
package enum CELValue: Sendable, Hashable {
    case null
    case bool(Bool)
    case int(Int64)
    case decimal(CELDecimal)
    case string(CELText)
    case timestamp(CELMoment)
    case duration(CELSpan)
    case list([CELValue])
    case map([CELValue: CELValue])
    case record(CELRecord)

    /// How much work it is to look at all of the value: parts, and a part for every eight bytes.
    var size: Int {
        switch self {
        case .null, .bool, .int, .decimal, .timestamp, .duration: 1
        case .string(let text): 1 + text.bytes / 8
        case .list(let elements): elements.reduce(1) { $0 + $1.size }
        case .map(let entries): entries.reduce(1) { $0 + $1.key.size + $1.value.size }
        case .record(let record): record.values.reduce(1) { $0 + ($1?.size ?? 1) }
        }
    }

    /// The value as documents show it: integers beyond 2^53, decimals and times are texts.
    package var json: JSON {
        switch self {
        case .null: .null
        case .bool(let value): .bool(value)
        case .int(let value):
            value.magnitude < 1 << 53 ? .integer(value) : .string("\(value)")
        case .decimal(let value): .string("\(value)")
        case .string(let text): .string(text.string)
        case .timestamp(let moment): .string("\(moment)")
        case .duration(let span): .string("\(span)")
        case .list(let elements): .array(elements.map(\.json))
        case .map(let entries):
            .object(Dictionary(entries.map { ($0.key.words, $0.value.json) }) { first, _ in first })
        case .record(let record):
            .object(
                Dictionary(
                    zip(record.type.fields, record.values).compactMap { field, value in
                        value.map { (field.name, $0.json) }
                    }
                ) { first, _ in first })
        }
    }

    /// The value as a message or a path shows it.
    var words: String {
        switch self {
        case .string(let text): text.string
        case .null, .bool, .int, .decimal, .timestamp, .duration, .list, .map, .record:
            json.string ?? String(decoding: json.canonicalBytes, as: UTF8.self)
        }
    }
}

/// The values of a record's fields, in the order of the type's fields; nil for what is absent.
package struct CELRecord: Sendable, Hashable {
    package let type: CELRecordType
    package let values: [CELValue?]
}
