// How a value was reached from the variables.

/// The way to a fact.
indirect enum CELPath: Sendable {
    case variable(String)
    case field(CELPath, String)
    case element(CELPath, Int)
    case key(CELPath, CELValue)
    case size(CELPath)
    case has(CELPath, String)

    /// The path as an expression would write it.
    var text: String {
        switch self {
        case .variable(let name): name
        case .field(let base, let name): "\(base.text).\(name)"
        case .element(let base, let index): "\(base.text)[\(index)]"
        case .key(let base, .string(let key)): "\(base.text)[\(CELLiteral.string(key))]"
        case .key(let base, let key): "\(base.text)[\(key.words)]"
        case .size(let base): "size(\(base.text))"
        case .has(let base, let name): "has(\(base.text).\(name))"
        }
    }
}

/// A value, and where it comes from if it is a fact.
struct CELLocated {
    let value: CELValue
    var path: CELPath?
    /// For a list that is a choice among facts: where each element comes from.
    var elements: [CELPath?]?

    /// Where the element at a position comes from.
    func path(ofElement index: Int) -> CELPath? {
        if let elements { return elements[index] }
        return path.map { .element($0, index) }
    }
}
