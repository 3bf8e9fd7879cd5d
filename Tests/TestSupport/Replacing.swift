// One place in a document changed, for tests that alter what is signed or stored.

package import CanonicalJSON

/// The document with the value at a path changed; nil removes a member.
package func replace(
    _ value: JSON, _ tokens: ArraySlice<String>, _ change: (JSON) -> JSON?
) -> JSON {
    guard let token = tokens.first else { return change(value) ?? .null }
    switch value {
    case .object(var members):
        guard tokens.count > 1 else {
            members[token] = change(members[token] ?? .null)
            return .object(members)
        }
        members[token] = replace(members[token] ?? .null, tokens.dropFirst(), change)
        return .object(members)
    case .array(var elements):
        guard let index = Int(token), elements.indices.contains(index) else { return value }
        elements[index] = replace(elements[index], tokens.dropFirst(), change)
        return .array(elements)
    default: return value
    }
}
