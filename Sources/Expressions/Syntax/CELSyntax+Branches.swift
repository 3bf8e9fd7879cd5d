// The questions that a condition asks: every part of it that is true or false, as an expression of
// its own, so that one can see whether tests have met both answers.
//
// A part inside of a macro is asked of every element: in `roles.exists(r, r == "owner" && …)` the part
// `r == "owner"` becomes `roles.exists(r, r == "owner")`, and its denial
// `roles.exists(r, !(r == "owner"))`: "was there an element for which it was so?"

/// One part of a condition that is true or false.
package struct CELBranch: Sendable {
    /// The part as it stands in the condition.
    package let part: CELSyntax
    /// True where the part was true, of some element where it stands in a macro.
    package let holds: CELProgram
    /// True where the part was false, of some element where it stands in a macro.
    package let fails: CELProgram
}

extension CELProgram {
    /// Every part that is true or false and no combination of such, in order, each once; then the whole.
    package var branches: [CELBranch] {
        var found: [CELBranch] = []
        var seen: Set<String> = []
        func add(_ part: CELSyntax, _ around: [Turn]) {
            guard
                let holds = try? CELProgram.condition(
                    Self.asked(part, around).description, in: environment),
                let fails = try? CELProgram.condition(
                    Self.asked(CELSyntax(.unary(.not, part), at: part.position), around)
                        .description, in: environment),
                seen.insert(holds.syntax.description).inserted
            else { return }
            found.append(CELBranch(part: part, holds: holds, fails: fails))
        }
        func walk(_ part: CELSyntax, _ around: [Turn]) {
            switch part.kind {
            case .literal: return
            case .binary(.and, _, _), .binary(.or, _, _), .unary(.not, _), .conditional: break
            default: add(part, around)
            }
            guard case .macro(_, let range, let variable, let filter, let body) = part.kind else {
                for inner in part.parts { walk(inner, around) }
                return
            }
            walk(range, around)
            let inside = around + [Turn(range: range, variable: variable)]
            if let filter { walk(filter, inside) }
            walk(body, inside)
        }
        walk(syntax, [])
        add(syntax, [])
        return found
    }

    /// A macro around a part: what it runs over, and the name of the element.
    private struct Turn {
        let range: CELSyntax
        let variable: String
    }

    private static func asked(_ part: CELSyntax, _ around: [Turn]) -> CELSyntax {
        around.reversed().reduce(part) { inner, turn in
            CELSyntax(
                .macro(.exists, turn.range, variable: turn.variable, filter: nil, body: inner),
                at: inner.position)
        }
    }
}

extension CELSyntax {
    /// The facts that an expression names, as dotted paths from the variables, each once, in order;
    /// parts of elements below `[]`.
    package var facts: [String] {
        var found: [String] = []
        collect(&found, [:])
        return found
    }

    private func collect(_ found: inout [String], _ locals: [String: String]) {
        if let path = path(locals) {
            if !found.contains(path) { found.append(path) }
            return
        }
        guard case .macro(_, let range, let variable, let filter, let body) = kind else {
            for part in parts { part.collect(&found, locals) }
            return
        }
        range.collect(&found, locals)
        var inner = locals
        inner[variable] = range.path(locals).map { $0 + "[]" } ?? ""
        for part in [filter, body].compactMap({ $0 }) { part.collect(&found, inner) }
        found.removeAll(where: \.isEmpty)
    }

    /// The path of a fact; nil for what is computed.
    private func path(_ locals: [String: String]) -> String? {
        switch kind {
        case .name(let name): locals[name] ?? name
        case .select(let base, let field), .has(let base, let field):
            base.path(locals).map { $0.isEmpty ? "" : "\($0).\(field)" }
        default: nil
        }
    }
}
