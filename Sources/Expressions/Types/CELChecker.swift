// Types are checked when a pack is loaded: what passes here cannot meet a value of a wrong type.
//
// What can still go wrong is in the values: overflow, division by nought, an index or field that is
// not there, a null where `nullable(T)` allows one, a text that is no number or time, too much work.

/// Checks one expression against the declared variables.
struct CELChecker {
    let environment: CELEnvironment
    let file: String?
    private var locals: [(name: String, type: CELType)] = []
    /// The places of the variables that were met.
    private(set) var variables: Set<Int> = []

    init(_ environment: CELEnvironment, file: String?) {
        self.environment = environment
        self.file = file
    }

    func fault(
        _ code: CELFault.Code, at position: CELPosition, _ message: String
    ) -> CELFault {
        CELFault(code: code, file: file, position: position, message: message)
    }

    mutating func check(_ syntax: CELSyntax) throws(CELFault) -> CELStep {
        let position = syntax.position
        switch syntax.kind {
        case .literal(let literal):
            let (value, type) = literal.value
            return CELStep(.constant(value), type, at: position)
        case .name(let name): return try variable(name, at: position)
        case .list(let elements): return try list(elements, at: position)
        case .map(let entries): return try map(entries, at: position)
        case .select(let base, let name): return try select(name, of: base, at: position)
        case .has(let base, let name): return try has(name, in: base, at: position)
        case .index(let base, let index):
            return try self.index(check(base), check(index), at: position)
        case .unary(let sign, let operand): return try unary(sign, operand, at: position)
        case .binary(let sign, let left, let right):
            return try binary(sign, check(left), check(right), at: position)
        case .conditional(let condition, let then, let otherwise):
            return try conditional(condition, then, otherwise, at: position)
        case .call(let name, let receiver, let arguments):
            return try call(name, receiver, arguments, at: position)
        case .macro(let macro, let range, let variable, let filter, let body):
            return try self.macro(
                macro, check(range), binding: variable, filter, body, at: position)
        }
    }

    // MARK: Names and parts

    private mutating func variable(
        _ name: String, at position: CELPosition
    ) throws(CELFault) -> CELStep {
        if let index = locals.lastIndex(where: { $0.name == name }) {
            return CELStep(.local(index), locals[index].type, at: position)
        }
        if let index = environment.variables.firstIndex(where: { $0.name == name }) {
            variables.insert(index)
            return CELStep(.variable(index), environment.variables[index].type, at: position)
        }
        let known = environment.variables.map(\.name) + locals.map(\.name)
        throw fault(
            .name, at: position,
            "There is no variable “\(name)”\(Self.hint(name, among: known)).")
    }

    private mutating func select(
        _ name: String, of base: CELSyntax, at position: CELPosition
    ) throws(CELFault) -> CELStep {
        let base = try check(base)
        switch base.type.present {
        case .record(let record):
            let index = try field(name, of: record, at: position)
            return CELStep(.field(base, index, name), record.fields[index].type, at: position)
        case .map(let key, _) where key == .string || key == .nothing:
            let key = CELStep(.constant(.string(CELText(name))), .string, at: position)
            return try index(base, key, at: position)
        default:
            throw fault(.type, at: position, "A value of type \(base.type) has no fields.")
        }
    }

    private mutating func has(
        _ name: String, in base: CELSyntax, at position: CELPosition
    ) throws(CELFault) -> CELStep {
        let base = try check(base)
        switch base.type.present {
        case .record(let record):
            let index = try field(name, of: record, at: position)
            return CELStep(.hasField(base, index, name), .bool, at: position)
        case .map(let key, _) where key == .string || key == .nothing:
            return CELStep(.hasKey(base, .string(CELText(name))), .bool, at: position)
        default:
            throw fault(.type, at: position, "A value of type \(base.type) has no fields.")
        }
    }

    private func field(
        _ name: String, of record: CELRecordType, at position: CELPosition
    ) throws(CELFault) -> Int {
        if let index = record.index(of: name) { return index }
        let hint = Self.hint(name, among: record.fields.map(\.name))
        throw fault(.name, at: position, "\(record.name) has no field “\(name)”\(hint).")
    }

    /// " (did you mean “tier”?)" when a known name differs in little.
    private static func hint(_ name: String, among known: [String]) -> String {
        let near = known.filter { distance($0, name) <= (name.utf8.count < 4 ? 1 : 2) }.sorted()
        return near.first.map { " (did you mean “\($0)”?)" } ?? ""
    }

    private static func distance(_ left: String, _ right: String) -> Int {
        let right = Array(right.utf8)
        var row = Array(0...right.count)
        for (i, byte) in left.utf8.enumerated() {
            var next = [i + 1]
            for j in right.indices {
                let replaced = row[j] + (byte == right[j] ? 0 : 1)
                next.append(min(replaced, row[j + 1] + 1, next[j] + 1))
            }
            row = next
        }
        return row[right.count]
    }

    func index(
        _ base: CELStep, _ index: CELStep, at position: CELPosition
    ) throws(CELFault) -> CELStep {
        switch base.type.present {
        case .list(let element):
            guard index.type.present == .int else {
                throw fault(
                    .type, at: index.position, "A list is indexed by int, not \(index.type).")
            }
            return CELStep(.index(base, index), element, at: position)
        case .map(let key, let value):
            guard index.type.present.joined(with: key) != nil else {
                throw fault(
                    .type, at: index.position, "This map is indexed by \(key), not \(index.type).")
            }
            return CELStep(.index(base, index), value, at: position)
        default:
            throw fault(.type, at: position, "A value of type \(base.type) cannot be indexed.")
        }
    }

    private mutating func list(
        _ elements: [CELSyntax], at position: CELPosition
    ) throws(CELFault) -> CELStep {
        var steps: [CELStep] = []
        var type = CELType.nothing
        for element in elements {
            let step = try check(element)
            type = try join(type, step, "The elements of a list have one type")
            steps.append(step)
        }
        return CELStep(.list(steps), .list(type), at: position)
    }

    private mutating func map(
        _ entries: [CELMapEntry], at position: CELPosition
    ) throws(CELFault) -> CELStep {
        var steps: [(key: CELStep, value: CELStep)] = []
        var (keys, values) = (CELType.nothing, CELType.nothing)
        for entry in entries {
            let step = try (key: check(entry.key), value: check(entry.value))
            guard step.key.type.present.isKey else {
                throw fault(
                    .type, at: step.key.position,
                    "A key is bool, int or string, not \(step.key.type).")
            }
            keys = try join(keys, step.key, "The keys of a map have one type")
            values = try join(values, step.value, "The values of a map have one type")
            steps.append(step)
        }
        return CELStep(.map(steps), .map(keys, values), at: position)
    }

    private func join(
        _ type: CELType, _ step: CELStep, _ demand: String
    ) throws(CELFault) -> CELType {
        guard let joined = type.joined(with: step.type) else {
            throw fault(.type, at: step.position, "\(demand): \(type), not \(step.type).")
        }
        return joined
    }

    // MARK: Macros

    private mutating func macro(
        _ macro: CELMacro, _ range: CELStep, binding name: String, _ filter: CELSyntax?,
        _ body: CELSyntax, at position: CELPosition
    ) throws(CELFault) -> CELStep {
        let element: CELType
        switch range.type.present {
        case .list(let type): element = type
        case .map(let key, _): element = key
        default:
            throw fault(
                .type, at: position,
                "\(macro.rawValue) runs over a list or the keys of a map, not \(range.type).")
        }
        locals.append((name, element))
        defer { locals.removeLast() }
        let test = try filter.map { filter throws(CELFault) in try condition(filter) }
        let step = macro == .map ? try check(body) : try condition(body)
        let type: CELType =
            switch macro {
            case .all, .exists, .existsOne: .bool
            case .filter: .list(element)
            case .map: .list(step.type)
            }
        return CELStep(.macro(macro, range, filter: test, body: step), type, at: position)
    }

    mutating func condition(_ syntax: CELSyntax) throws(CELFault) -> CELStep {
        let step = try check(syntax)
        guard step.type.present.joined(with: .bool) == .bool else {
            throw fault(.type, at: step.position, "A condition is bool, not \(step.type).")
        }
        return step
    }
}

extension CELLiteral {
    /// The literal's value and its type.
    var value: (CELValue, CELType) {
        switch self {
        case .null: (.null, .null)
        case .bool(let value): (.bool(value), .bool)
        case .int(let value): (.int(value), .int)
        case .decimal(let value): (.decimal(value), .decimal)
        case .string(let text): (.string(text), .string)
        }
    }
}
