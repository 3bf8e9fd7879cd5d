// Fields, elements, lists, maps and macros.

extension CELEvaluator {
    mutating func field(
        _ base: CELStep, _ index: Int, _ name: String, _ step: CELStep
    ) throws(CELError) -> CELLocated {
        let base = try locate(base)
        guard case .record(let record) = base.value else { throw mismatch(step) }
        let path = base.path.map { CELPath.field($0, name) }
        guard let value = record.values[index] else { throw absent(path?.text ?? name, step) }
        return CELLocated(value: value, path: path)
    }

    mutating func element(
        _ base: CELStep, _ index: CELStep, _ step: CELStep
    ) throws(CELError) -> CELLocated {
        let base = try locate(base)
        let index = try evaluate(index)
        switch (base.value, index) {
        case (.list(let elements), .int(let position)):
            guard let position = Int(exactly: position), elements.indices.contains(position) else {
                throw CELError(
                    code: .outOfBounds, position: step.position,
                    message: "The list has \(elements.count) elements; none is at \(position).")
            }
            return CELLocated(value: elements[position], path: base.path(ofElement: position))
        case (.map(let entries), let key):
            guard key != .null else { throw mismatch(step) }
            try charge(key.size, at: step.position)
            guard let value = entries[key] else {
                throw CELError(
                    code: .noSuchKey, position: step.position,
                    message: "The map has no key \(key.words).")
            }
            return CELLocated(value: value, path: base.path.map { .key($0, key) })
        default: throw mismatch(step)
        }
    }

    mutating func has(
        _ base: CELStep, _ index: Int, _ name: String, _ step: CELStep
    ) throws(CELError) -> CELValue {
        let base = try locate(base)
        guard case .record(let record) = base.value else { throw mismatch(step) }
        let value = record.values[index]
        let answer = CELValue.bool(value != nil && value != .null)
        note(base.path.map { .has($0, name) }, answer)
        return answer
    }

    mutating func has(
        _ base: CELStep, _ key: CELValue, _ step: CELStep
    ) throws(CELError) -> CELValue {
        let base = try locate(base)
        guard case .map(let entries) = base.value else { throw mismatch(step) }
        try charge(key.size, at: step.position)
        let answer = CELValue.bool(entries[key] != nil)
        note(base.path.map { .has($0, key.words) }, answer)
        return answer
    }

    mutating func list(_ elements: [CELStep], _ step: CELStep) throws(CELError) -> CELValue {
        var values: [CELValue] = []
        for element in elements { try values.append(evaluate(element)) }
        return .list(values)
    }

    mutating func map(
        _ entries: [(key: CELStep, value: CELStep)], _ step: CELStep
    ) throws(CELError) -> CELValue {
        var values: [CELValue: CELValue] = [:]
        for entry in entries {
            let key = try evaluate(entry.key)
            guard key != .null else { throw mismatch(entry.key) }
            try charge(key.size, at: step.position)
            guard try values.updateValue(evaluate(entry.value), forKey: key) == nil else {
                throw CELError(
                    code: .duplicateKey, position: entry.key.position,
                    message: "The key \(key.words) is there twice.")
            }
        }
        return .map(values)
    }

    // MARK: Macros

    /// The elements of a list or the sorted keys of a map, and where they come from; its size is
    /// noted, since it decides how often a condition is asked.
    private mutating func elements(
        of range: CELStep, _ step: CELStep
    ) throws(CELError) -> [CELLocated] {
        let range = try locate(range)
        switch range.value {
        case .list(let elements):
            try charge(elements.count, at: step.position)
            noteSize(of: range, elements.count)
            return elements.enumerated().map { index, element in
                CELLocated(value: element, path: range.path(ofElement: index))
            }
        case .map(let entries):
            try charge(range.value.size, at: step.position)
            noteSize(of: range, entries.count)
            // Keys have no place of their own: the whole map is what was read.
            if range.path != nil { note(range.path, range.value) }
            return entries.keys.sorted(by: CELOrder.precedes).map { CELLocated(value: $0) }
        default: throw mismatch(step)
        }
    }

    private mutating func noteSize(of range: CELLocated, _ count: Int) {
        note(range.path.map(CELPath.size), .int(Int64(count)))
    }

    private mutating func with<T>(
        _ element: CELLocated, at position: CELPosition,
        _ body: (inout CELEvaluator) throws(CELError) -> T
    ) throws(CELError) -> T {
        try charge(1, at: position)
        locals.append(element)
        defer { locals.removeLast() }
        return try body(&self)
    }

    mutating func filter(
        _ range: CELStep, _ body: CELStep, _ step: CELStep
    ) throws(CELError) -> CELLocated {
        var kept: [CELLocated] = []
        for element in try elements(of: range, step) {
            let keeps = try with(element, at: step.position) { evaluator throws(CELError) in
                try evaluator.truth(body)
            }
            if keeps { kept.append(element) }
        }
        return CELLocated(value: .list(kept.map(\.value)), elements: kept.map(\.path))
    }

    mutating func macro(
        _ macro: CELMacro, _ range: CELStep, _ filter: CELStep?, _ body: CELStep, _ step: CELStep
    ) throws(CELError) -> CELValue {
        let elements = try elements(of: range, step)
        switch macro {
        case .all: return .bool(try any(elements, body, is: false, step) == false)
        case .exists: return .bool(try any(elements, body, is: true, step))
        case .existsOne:
            var count = 0
            for element in elements {
                let holds = try with(element, at: step.position) { evaluator throws(CELError) in
                    try evaluator.truth(body)
                }
                count += holds ? 1 : 0
            }
            return .bool(count == 1)
        case .filter, .map:
            var values: [CELValue] = []
            for element in elements {
                let value = try with(element, at: step.position) {
                    evaluator throws(CELError) -> CELValue? in
                    if let filter, try !evaluator.truth(filter) { return nil }
                    return try evaluator.evaluate(body)
                }
                if let value { values.append(value) }
            }
            return .list(values)
        }
    }

    /// Whether the condition comes to `decisive` for any element; errors count only if it does not.
    private mutating func any(
        _ elements: [CELLocated], _ body: CELStep, is decisive: Bool, _ step: CELStep
    ) throws(CELError) -> Bool {
        var first: CELError?
        for element in elements {
            do {
                let holds = try with(element, at: step.position) { evaluator throws(CELError) in
                    try evaluator.truth(body)
                }
                if holds == decisive { return true }
            } catch {
                guard error.code != .cost else { throw error }
                first = first ?? error
            }
        }
        if let first { throw first }
        return false
    }
}
