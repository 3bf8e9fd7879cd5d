// From facts to values: every fact has the type that its place declares, or there is no evaluation.
//
// Facts are one JSON object whose members are the variables. Times, spans and decimals are strings in
// JSON and read by their declared type, a decimal also from an integer. A member that is not
// declared, that lacks without being optional, or that has another type is a finding.

package import CanonicalJSON

/// The values of all variables of an environment.
package struct CELBinding: Sendable, Hashable {
    let values: [CELValue?]
    /// Why a variable has no value though there is a fact; reading it is an error.
    let faults: [Int: JSONFinding]

    /// Binds facts to the variables; throws everything that does not fit.
    package init(_ facts: JSON, _ environment: CELEnvironment) throws(JSONFindings) {
        var findings: [JSONFinding] = []
        let facts = facts.object ?? [:]
        values = Self.members(of: facts, environment.variables, at: .root, &findings)
        faults = [:]
        guard findings.isEmpty else { throw JSONFindings(findings: findings) }
    }

    /// Binds each variable by itself: one whose fact does not fit has no value, and an expression
    /// that reads it is an error with the fact's name. Members that are not declared stay unread.
    ///
    /// - Parameter wanted: places of the variables that will be read; nil for all.
    package init(each facts: JSON, _ environment: CELEnvironment, only wanted: Set<Int>? = nil) {
        var faults: [Int: JSONFinding] = [:]
        let facts = facts.object ?? [:]
        values = environment.variables.enumerated().map { index, variable in
            guard wanted?.contains(index) ?? true, let fact = facts[variable.name] else {
                return nil
            }
            var findings: [JSONFinding] = []
            let place = JSONPointer.root.appending(variable.name)
            let value = Self.value(fact, variable.type, at: place, &findings)
            let fault = findings.first { $0.code != JSONFinding.Code.unknown }
            guard let fault else { return value }
            faults[index] = fault
            return nil
        }
        self.faults = faults
    }

    private static func members(
        of members: [String: JSON], _ fields: [CELField], at place: JSONPointer,
        _ findings: inout [JSONFinding]
    ) -> [CELValue?] {
        let known = Set(fields.map(\.name))
        for name in members.keys where !known.contains(name) {
            findings.append(
                place.appending(name).finding(
                    JSONFinding.Code.unknown, "No variable or field of this name is declared."))
        }
        return fields.map { field in
            let place = place.appending(field.name)
            if let member = members[field.name] {
                return value(member, field.type, at: place, &findings)
            }
            if !field.isOptional {
                findings.append(
                    place.finding(JSONFinding.Code.missing, "This fact is missing."))
            }
            return nil
        }
    }

    private static func value(
        _ json: JSON, _ type: CELType, at place: JSONPointer, _ findings: inout [JSONFinding]
    ) -> CELValue {
        switch (type, json) {
        case (.nullable, .null), (.null, .null): return .null
        case (.nullable(let inner), _): return value(json, inner, at: place, &findings)
        case (.list(let element), .array(let elements)):
            return .list(
                elements.enumerated().map { index, json in
                    value(json, element, at: place.appending(index), &findings)
                })
        case (.map(.string, let inner), .object(let members)):
            return .map(
                Dictionary(
                    members.map { name, json in
                        (
                            .string(CELText(name)),
                            value(json, inner, at: place.appending(name), &findings)
                        )
                    }
                ) { first, _ in first })
        case (.record(let record), .object(let members)):
            return .record(
                CELRecord(
                    type: record,
                    values: Self.members(of: members, record.fields, at: place, &findings)))
        default:
            if let value = scalar(json, type) { return value }
            findings.append(
                place.finding(JSONFinding.Code.type, "This must be \(type), not \(json.kind)."))
            return .null
        }
    }

    private static func scalar(_ json: JSON, _ type: CELType) -> CELValue? {
        switch (type, json) {
        case (.bool, .bool(let value)): .bool(value)
        case (.int, .integer(let value)): .int(value)
        case (.decimal, .integer(let value)): .decimal(CELDecimal(value))
        case (.decimal, .string(let text)): CELDecimal(text).map(CELValue.decimal)
        case (.string, .string(let text)): .string(CELText(text))
        case (.timestamp, .string(let text)): CELMoment(text).map(CELValue.timestamp)
        case (.duration, .string(let text)): CELSpan(text).map(CELValue.duration)
        default: nil
        }
    }
}
