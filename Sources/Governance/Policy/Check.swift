// A check is the condition of a rule, one of a fixed set that is written in Swift; beside them stand
// conditions written in CEL. Both read facts by name, say which values they used, and answer pass,
// fail or (checks) not-applicable; neither can do anything else.

package import CanonicalJSON
internal import Expressions

/// What a check answered.
package enum CheckOutcome: Sendable, Hashable {
    case pass
    case fail
    case notApplicable
}

/// Something whose presence would help to turn a denial into an allowance.
package struct Need: Sendable, Hashable {
    /// What kind of thing, such as `approval`, `fact`, `card-field` or `lift`.
    package let kind: String
    /// Which one.
    package let detail: JSON

    package init(_ kind: String, _ detail: JSON) {
        self.kind = kind
        self.detail = detail
    }

    /// `{"detail": …, "kind": …}`.
    package var json: JSON { ["kind": .string(kind), "detail": detail] }
}

/// A condition written in Swift that rules refer to by name.
package struct Check: Sendable {
    /// The name that rules use.
    package let name: String
    /// The gates whose facts it understands.
    package let gates: Set<Gate>
    /// What a rule must state under `with`, all of it and nothing else.
    package let parameters: [CheckParameter]
    /// The names of the values it yields, parameters apart; reasons may refer to them.
    package let values: Set<String>
    let evaluate: @Sendable (inout CheckContext) throws(UnknownFact) -> CheckOutcome

    init(
        _ name: String, gates: Set<Gate>, parameters: [CheckParameter] = [], values: Set<String>,
        _ evaluate: @escaping @Sendable (inout CheckContext) throws(UnknownFact) -> CheckOutcome
    ) {
        self.name = name
        self.gates = gates
        self.parameters = parameters
        self.values = values
        self.evaluate = evaluate
    }

    /// Every check there is, by name.
    package static let builtIn: [String: Check] = Dictionary(
        uniqueKeysWithValues: (artifactChecks + accessChecks + approvalChecks + evaluationChecks
            + restrictionChecks + runningChecks + statementChecks + tierChecks).map {
                ($0.name, $0)
            })
}

/// A number or list that a rule hands to its check.
package enum CheckParameter: String, Sendable, Hashable, CaseIterable {
    /// Roles of which one must be held.
    case roles
    /// How far a claimed time may lie in the future, 0 to 3,600 seconds.
    case clockSkewSeconds = "clock_skew_seconds"
    /// How many log entries the gate may be behind, 0 to 100,000.
    case maximumLagEntries = "maximum_lag_entries"
    /// Fewest characters of a text, 1 to 1,000.
    case minimumLength = "minimum_length"
    /// Paths that no signature needs to cover, 100 at most; `*` stands for any characters but "/", and
    /// a pattern without "/" is for the last part of a path.
    case allowedPaths = "allowed_paths"
    /// The least tier that the rule is about.
    case fromTier = "from_tier"

    /// Reads the parameter's value from a rule's `with`.
    func read(from reader: JSONReader) -> JSON {
        switch self {
        case .roles:
            let roles = reader.set(rawValue, count: 1...9) { $0.choice(of: Role.self) }
            return .array(roles.sorted().map { .string($0.rawValue) })
        case .clockSkewSeconds: return .integer(reader.integer(rawValue, in: 0...3_600))
        case .maximumLagEntries: return .integer(reader.integer(rawValue, in: 0...100_000))
        case .minimumLength: return .integer(reader.integer(rawValue, in: 1...1_000))
        case .fromTier: return .integer(reader.integer(rawValue, in: 1...3))
        case .allowedPaths:
            return .array(
                reader.array(rawValue, count: 0...100) { JSON.string($0.string(length: 1...200)) })
        }
    }
}

/// What a check may see, and where it leaves the values that it used.
package struct CheckContext {
    let facts: FactReader
    let parameters: [CheckParameter: JSON]
    let pack: PolicyPack
    let now: Timestamp
    /// Checks that rules of this gate enforce; a later step may rely on an earlier one denying.
    let enforced: Set<String>
    /// The same facts as values of CEL, with `now` and `pack`; nil where no rule has a condition.
    let binding: CELBinding?
    /// What the facts say on fairness, shared by the rules of a decision.
    let measures: TrustedMeasures
    /// The approvals that count, step by step, shared likewise.
    let funnel: ApprovalFunnel
    /// The values used so far, by name.
    private(set) var values: [String: JSON] = [:]
    /// What would help.
    private(set) var needs: [Need] = []

    init(
        facts: FactReader, parameters: [CheckParameter: JSON], pack: PolicyPack, now: Timestamp,
        enforced: Set<String>, binding: CELBinding?, measures: TrustedMeasures,
        funnel: ApprovalFunnel
    ) {
        self.facts = facts
        self.measures = measures
        self.funnel = funnel
        self.parameters = parameters
        self.pack = pack
        self.now = now
        self.enforced = enforced
        self.binding = binding
        for (parameter, value) in parameters { values[parameter.rawValue] = value }
    }

    /// The fact at a dotted path, noted among the values used.
    mutating func use(_ name: String) throws(UnknownFact) -> FactReader {
        let fact = try facts.fact(name)
        values[name] = fact.value
        return fact
    }

    /// Notes a derived value.
    mutating func note(_ name: String, _ value: JSON) { values[name] = value }

    /// Notes a derived list of texts.
    mutating func note(_ name: String, _ texts: [String]) {
        values[name] = .array(texts.map(JSON.string))
    }

    /// Notes what would help.
    mutating func need(_ kind: String, _ detail: JSON) { needs.append(Need(kind, detail)) }

    /// The roles that the rule names.
    var roles: [String] { parameters[.roles]?.array?.compactMap(\.string) ?? [] }
    /// The least tier that the rule is about.
    var fromTier: Int64 { parameters[.fromTier]?.integer ?? 0 }
    /// The tolerance that the rule names, in seconds.
    var clockSkewSeconds: Int64 { parameters[.clockSkewSeconds]?.integer ?? 0 }
    /// The moment after which a claimed time lies in the future.
    var latestClaim: Timestamp { now.adding(seconds: clockSkewSeconds) }
}
