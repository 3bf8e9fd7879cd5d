// What changes when one pack takes the place of another, as rules and numbers and not as lines.

package import CanonicalJSON
internal import Expressions

/// One difference between two packs.
package struct PackDifference: Sendable, Hashable {
    /// Which way it goes for somebody who asks a gate.
    package enum Direction: String, Sendable, Hashable {
        /// Less is allowed than before.
        case stricter
        /// More is allowed than before.
        case looser
        /// Neither can be said of it.
        case other
    }

    package let direction: Direction
    /// A rule's id or a file's name with a part.
    package let place: String
    package let message: String

    /// `{"direction","message","place"}`.
    package var json: JSON {
        [
            "direction": .string(direction.rawValue), "place": .string(place),
            "message": .string(message),
        ]
    }

    /// `stricter  DEP-501: …`.
    package var line: String {
        let mark = [Direction.stricter: "stricter", .looser: "looser  ", .other: "other   "]
        return "\(mark[direction] ?? "")  \(place): \(message)"
    }
}

extension PolicyPack {
    /// Everything that another pack does otherwise, in the order of the files.
    package func differences(to new: PolicyPack) -> [PackDifference] {
        var list = PackDifferences()
        for gate in Gate.allCases { list.compare(rules[gate] ?? [], new.rules[gate] ?? [], gate) }
        list.number(
            "pack.yaml", "custodians who sign the next pack", activationSignatures,
            new.activationSignatures, moreIs: .stricter)
        list.compareApprovals(self, new)
        list.compareDelegation(delegation, new.delegation)
        list.compareReview(self, new)
        list.compareFairness(fairness, new.fairness)
        list.compareFields(requiredFields, new.requiredFields)
        list.compareTiers(tierRaises, new.tierRaises)
        list.number(
            "permits.yaml", "the lifetime of a deploy permit in minutes", permitLifetimeMinutes,
            new.permitLifetimeMinutes, moreIs: .looser)
        list.compareRuns(self, new)
        list.compareSnapshots(snapshotMaximumAgeHours, new.snapshotMaximumAgeHours)
        list.compareLegacy(self, new)
        list.compareBreakGlass(breakGlass, new.breakGlass)
        list.compareRetention(self, new)
        list.compareSigners(self, new)
        return list.found
    }
}

struct PackDifferences {
    private(set) var found: [PackDifference] = []

    mutating func add(
        _ direction: PackDifference.Direction, _ place: String, _ message: String
    ) {
        found.append(PackDifference(direction: direction, place: place, message: message))
    }

    mutating func number(
        _ place: String, _ what: String, _ old: Int64, _ new: Int64,
        moreIs more: PackDifference.Direction
    ) {
        guard old != new else { return }
        let less: PackDifference.Direction =
            more == .looser ? .stricter : more == .stricter ? .looser : .other
        add(new > old ? more : less, place, "\(what): \(old) → \(new)")
    }

    // MARK: rules

    mutating func compare(_ old: [Rule], _ new: [Rule], _ gate: Gate) {
        for rule in old {
            guard let other = new.first(where: { $0.id == rule.id }) else {
                let direction: PackDifference.Direction = rule.mode == .enforce ? .looser : .other
                add(direction, rule.id, "removed from the gate \(gate.rawValue): \(rule.title)")
                continue
            }
            compare(rule, other)
        }
        for rule in new where !old.contains(where: { $0.id == rule.id }) {
            let direction: PackDifference.Direction = rule.mode == .enforce ? .stricter : .other
            add(
                direction, rule.id,
                "new at the gate \(gate.rawValue) (\(rule.mode.rawValue)): \(rule.title)")
        }
    }

    private mutating func compare(_ old: Rule, _ new: Rule) {
        if old.mode != new.mode {
            let direction: PackDifference.Direction =
                new.mode == .enforce ? .stricter : old.mode == .enforce ? .looser : .other
            add(direction, old.id, "mode: \(old.mode.rawValue) → \(new.mode.rawValue)")
        }
        if old.waivable != new.waivable {
            add(
                new.waivable ? .looser : .stricter, old.id,
                new.waivable ? "may now be waived" : "may no longer be waived")
        } else if old.waivableBy != new.waivableBy {
            add(
                .other, old.id,
                "may be waived by: \(Self.roles(old.waivableBy)) → \(Self.roles(new.waivableBy))")
        }
        if old.when?.syntax != new.when?.syntax {
            let direction: PackDifference.Direction =
                new.when == nil ? .stricter : old.when == nil ? .looser : .other
            add(
                direction, old.id,
                "applies when: \(Self.text(old.when)) → \(Self.text(new.when))")
        }
        compareConditions(old, new)
        if old.controls != new.controls {
            add(
                .other, old.id,
                "serves: \(Self.names(old.controls)) → \(Self.names(new.controls))")
        }
    }

    private mutating func compareConditions(_ old: Rule, _ new: Rule) {
        switch (old.condition, new.condition) {
        case (.check(let check, let parameters), .check(let other, let others)):
            guard check.name == other.name else {
                return add(.other, old.id, "check: \(check.name) → \(other.name)")
            }
            for parameter in check.parameters where parameters[parameter] != others[parameter] {
                compare(parameter, parameters[parameter], others[parameter], old.id)
            }
        case (.expression(let program), .expression(let other)):
            compare(program.syntax, other.syntax, old.id)
        case (.check(let check, _), .expression(let program)):
            let same = new.made.contains(check.name)
            add(
                .other, old.id,
                "check \(check.name) → condition"
                    + (same ? " that makes this check: " : ": ") + program.syntax.description)
        case (.expression(let program), .check(let check, _)):
            add(.other, old.id, "condition \(program.syntax) → check \(check.name)")
        }
    }

    private mutating func compare(
        _ parameter: CheckParameter, _ old: JSON?, _ new: JSON?, _ id: String
    ) {
        switch parameter {
        case .clockSkewSeconds, .maximumLagEntries, .fromTier:
            number(
                id, parameter.rawValue, old?.integer ?? 0, new?.integer ?? 0, moreIs: .looser)
        case .minimumLength:
            number(
                id, parameter.rawValue, old?.integer ?? 0, new?.integer ?? 0, moreIs: .stricter)
        case .roles, .allowedPaths:
            let before = Set(old?.array?.compactMap(\.string) ?? [])
            let after = Set(new?.array?.compactMap(\.string) ?? [])
            let direction: PackDifference.Direction =
                after.isStrictSubset(of: before)
                ? .stricter : before.isStrictSubset(of: after) ? .looser : .other
            add(
                direction, id,
                "\(parameter.rawValue): \(Self.names(before)) → \(Self.names(after))")
        }
    }

    /// A conjunction with more parts is stricter, one with fewer looser; a single number in a comparison
    /// says itself which way it goes.
    private mutating func compare(_ old: CELSyntax, _ new: CELSyntax, _ id: String) {
        guard old != new else { return }
        let before = old.conjuncts
        let after = new.conjuncts
        let gone = before.filter { !after.contains($0) }
        let came = after.filter { !before.contains($0) }
        if gone.isEmpty, came.isEmpty { return }
        if gone.isEmpty {
            return add(.stricter, id, "also demands: \(Self.joined(came))")
        }
        if came.isEmpty {
            return add(.looser, id, "no longer demands: \(Self.joined(gone))")
        }
        let direction =
            gone.count == 1 && came.count == 1
            ? Self.direction(gone[0], came[0]) : PackDifference.Direction.other
        add(direction, id, "demands: \(Self.joined(gone)) → \(Self.joined(came))")
    }

    /// Of `a <= 5` and `a <= 9` the second is looser.
    private static func direction(
        _ old: CELSyntax, _ new: CELSyntax
    ) -> PackDifference.Direction {
        guard case .binary(let sign, let left, let right) = old.kind,
            case .binary(sign, left, let other) = new.kind
        else { return .other }
        let grows: Bool
        switch (right.kind, other.kind) {
        case (.literal(.int(let before)), .literal(.int(let after))): grows = after > before
        case (.literal(.decimal(let before)), .literal(.decimal(let after))):
            grows = after > before
        default: return .other
        }
        return switch sign {
        case .less, .lessOrEqual: grows ? .looser : .stricter
        case .greater, .greaterOrEqual: grows ? .stricter : .looser
        default: .other
        }
    }

    // MARK: words

    private static func joined(_ parts: [CELSyntax]) -> String {
        parts.map(\.description).joined(separator: " && ")
    }

    private static func text(_ program: CELProgram?) -> String {
        program?.syntax.description ?? "always"
    }

    private static func roles(_ roles: [Role]) -> String { names(roles.map(\.rawValue)) }

    private static func names(_ names: some Collection<String>) -> String {
        names.isEmpty ? "none" : names.sorted(by: bytesPrecede).joined(separator: ", ")
    }
}
