// swift-format-ignore-file: NeverForceUnwrap, NeverUseForceTry
import CanonicalJSON
import Cryptography
import Governance
import Testing

/// The smallest change to a case that a gate allows, and the one rule that it breaks.
struct Change: Sendable, CustomTestStringConvertible {
    let gate: Gate
    let rule: String
    let name: String
    let pointer: String
    let value: JSON?

    init(_ gate: Gate, _ rule: String, _ name: String, _ pointer: String, _ value: JSON?) {
        self.gate = gate
        self.rule = rule
        self.name = name
        self.pointer = pointer
        self.value = value
    }

    var testDescription: String { "\(rule) \(name)" }
}

@Suite struct `A decision` {
    static func facts(_ gate: Gate, _ pack: PolicyPack) -> JSON {
        switch gate {
        case .submit: SampleFacts.submit(pack).json
        case .approve: SampleFacts.approve(pack).json
        case .deploy: SampleFacts.deploy(pack).json
        case .retire: SampleFacts.retire(pack).json
        }
    }

    static func decide(_ gate: Gate, _ facts: JSON, _ pack: PolicyPack) -> Decision {
        let subject: DecisionSubject =
            gate == .submit ? .model(SampleFacts.version.model) : SampleFacts.subject
        return pack.decide(gate: gate, subject: subject, facts: facts, now: SampleFacts.now)
    }

    @Test(arguments: Gate.allCases)
    func `of the base case is to allow, by every rule`(gate: Gate) throws {
        let pack = try ShippedPack.pack()
        let decision = Self.decide(gate, Self.facts(gate, pack), pack)
        #expect(decision.verdict == .allow)
        #expect(decision.rules.allSatisfy { $0.result == .pass })
        #expect(decision.missing.isEmpty)
        #expect(decision.rules.count == (pack.rules[gate]?.count ?? 0) + 1)
    }

    static let other = JSON.string(SampleFacts.digest("other").hex)
    static let suspension: JSON = [
        "kind": "suspension", "id": "s-1", "source": "log", "reason": "drift",
    ]
    static let retirement: JSON = [
        "kind": "retirement", "id": "c-1", "source": "both", "reason": "replaced",
    ]
    static let submitter = JSON.string(SampleFacts.principal(11).description)

    static let deploy: [Change] = [
        Change(.deploy, "DEP-001", "altered bytes", "/artifact/presentedDigest", other),
        Change(.deploy, "DEP-002", "bad signature", "/artifact/signature/verified", false),
        Change(.deploy, "DEP-002", "finding", "/artifact/signature/findings/-", "extra-file"),
        Change(.deploy, "DEP-002", "wrong signer", "/artifact/signature/signerRoles", ["deployer"]),
        Change(
            .deploy, "DEP-004", "uncovered file", "/artifact/uncovered",
            [["path": "hooks/run.sh", "reason": "signature"]]),
        Change(
            .deploy, "DEP-004", "unsigned file", "/artifact/uncovered",
            [["path": "model.sig", "reason": "symbolic-link"]]),
        Change(
            .deploy, "DEP-005", "header says otherwise", "/artifact/contradictions",
            [["field": "licences", "card": "MIT", "header": "x", "path": "w.gguf"]]),
        Change(.deploy, "DEP-003", "card field", "/card/missing/-", "/model/task"),
        Change(.deploy, "DEP-101", "approval gone", "/approvals/0", nil),
        Change(.deploy, "DEP-101", "no approvals", "/approvals", []),
        Change(
            .deploy, "DEP-101", "two roles, one person", "/approvals/1/person",
            .string(SampleFacts.principal(12).description)),
        Change(.deploy, "DEP-101", "same role twice", "/approvals/1/role", "validator"),
        Change(.deploy, "DEP-102", "not entitled", "/approvals/1/valid", false),
        Change(.deploy, "DEP-102", "problem", "/approvals/1/problems/-", "revoked"),
        Change(.deploy, "DEP-103", "author approves", "/approvals/2/person", submitter),
        Change(
            .deploy, "DEP-103", "linked person approves", "/submitter/linked/0",
            .string(SampleFacts.principal(14).description)),
        Change(.deploy, "DEP-104", "card changed", "/card/digest", other),
        Change(
            .deploy, "DEP-104", "other artifact approved", "/approvals/0/digests/artifact", other),
        Change(.deploy, "DEP-104", "evidence changed", "/evidence/digest", other),
        Change(.deploy, "DEP-104", "other pack", "/policy/requestDigest", other),
        Change(
            .deploy, "DEP-104", "drifted since", "/approvals/0/outdated/-",
            [
                "trigger": "drift", "since": .string(SampleFacts.days(-1).description),
                "reason": "psi 0.31 beyond 0.25",
            ]),
        Change(
            .deploy, "DEP-107", "nobody signed for the tier", "/tierDetermination/signed", false),
        Change(
            .deploy, "DEP-107", "signed for another tier", "/tierDetermination/determined", 2),
        Change(.deploy, "DEP-105", "environment", "/environment", "staging"),
        Change(.deploy, "DEP-105", "use", "/approvals/0/uses", ["marketing"]),
        Change(
            .deploy, "DEP-106", "expired", "/approvals/0/expiresAt",
            .string(SampleFacts.now.description)),
        Change(
            .deploy, "DEP-106", "too old for the tier", "/approvals/0/signedAt",
            .string(SampleFacts.days(-90).description)),
        Change(
            .deploy, "DEP-106", "signed in the future", "/approvals/0/signedAt",
            .string(SampleFacts.now.adding(seconds: 301).description)),
        Change(.deploy, "DEP-201", "no evaluation", "/evaluations", []),
        Change(.deploy, "DEP-201", "not verified", "/evaluations/0/verified", false),
        Change(.deploy, "DEP-201", "not recomputed", "/evaluations/0/recomputed", false),
        Change(.deploy, "DEP-201", "other artifact", "/evaluations/0/artifactDigest", other),
        Change(.deploy, "DEP-201", "problem", "/evaluations/0/problems/-", "x"),
        Change(.deploy, "DEP-201", "own minima", "/evaluations/0/measures/0/minimumGroupSize", 1),
        Change(
            .deploy, "DEP-202", "stale", "/evaluations/0/evaluatedAt",
            .string(SampleFacts.days(-180).description)),
        Change(
            .deploy, "DEP-202", "from the future", "/evaluations/0/evaluatedAt",
            .string(SampleFacts.now.adding(seconds: 301).description)),
        Change(
            .deploy, "DEP-203", "just below", "/evaluations/0/measures/0/value",
            "799999999999999999/1000000000000000000"),
        Change(.deploy, "DEP-204", "other data set", "/evaluations/0/dataset", other),
        Change(.deploy, "DEP-204", "other attribute", "/evaluations/0/columns/groups", ["age"]),
        Change(.deploy, "DEP-204", "nothing declared", "/card/fairness/datasets", []),
        Change(.deploy, "DEP-204", "promised attribute", "/card/fairness/attributes/-", "age"),
        Change(
            .deploy, "DEP-204", "sensitive attribute", "/card/fairness/datasets/0/sensitive/-",
            "age"
        ),
        Change(.deploy, "DEP-203", "undefined", "/evaluations/0/measures/0/value", .null),
        Change(.deploy, "DEP-203", "just above", "/evaluations/0/measures/1/value", "11/109"),
        Change(.deploy, "DEP-301", "suspended", "/restrictions/-", suspension),
        Change(
            .deploy, "DEP-301", "rejected", "/approvals/-",
            try! SampleFacts.approval(7, .validator)  // facts are objects, which can be set
                .json.setting("/meaning", "reject")),
        Change(
            .deploy, "DEP-301", "changes requested", "/approvals/-",
            try! SampleFacts.approval(7, .validator)  // facts are objects, which can be set
                .json.setting("/meaning", "request-changes").setting("/changes", "say why")),
        Change(.deploy, "DEP-302", "retired", "/restrictions/-", retirement),
        Change(
            .deploy, "DEP-303", "critical finding", "/findings/-",
            FindingFact(
                id: "f-1", severity: .critical, blocking: false, role: .validator,
                owner: SampleFacts.principal(1), dueAt: SampleFacts.days(3), source: .log
            ).json),
        Change(
            .deploy, "DEP-301", "blocking finding", "/restrictions/-",
            ["kind": "finding", "id": "f-1", "source": "log", "reason": "bias"]),
        Change(
            .deploy, "DEP-401", "not a deployer", "/requester/roles", ["owner", "administrator"]),
        Change(.deploy, "DEP-501", "fold lags", "/fold/lagEntries", 1_001),
        Change(.deploy, "DEP-501", "fold ill", "/fold/healthy", false),
        Change(.deploy, "DEP-502", "other pack active", "/policy/activeDigest", other),
        Change(.deploy, "DEP-502", "unsigned pack", "/policy/signed", false),
        Change(.deploy, "FCT-000", "unknown fact", "/waived", true),
        Change(.deploy, "FCT-000", "unknown inner fact", "/artifact/signature/trusted", true),
        Change(.deploy, "FCT-000", "other version", "/version", 4),
    ]

    static let others: [Change] = [
        Change(.submit, "SUB-001", "unsigned pack", "/policy/signed", false),
        Change(.submit, "SUB-002", "card field", "/card/missing/-", "/model/task"),
        Change(.submit, "SUB-003", "card finding", "/card/findings/-", "bidi /model/name"),
        Change(.submit, "SUB-004", "bad signature", "/artifact/signature/verified", false),
        Change(.submit, "SUB-005", "not an owner", "/submitter/roles", ["validator"]),
        Change(.submit, "SUB-006", "prohibited", "/tier", "prohibited"),
        Change(.approve, "APP-001", "not entitled", "/statement/verified", false),
        Change(.approve, "APP-001", "problem", "/statement/problems/-", "revoked"),
        Change(.approve, "APP-002", "closed", "/request/open", false),
        Change(.approve, "APP-003", "other nonce", "/statement/nonce", "ffffffffffffffff"),
        Change(.approve, "APP-003", "other version", "/statement/version", "credit/scorecard@4"),
        Change(.approve, "APP-004", "author", "/statement/person", submitter),
        Change(
            .approve, "APP-004", "linked", "/submitter/linked/-",
            .string(SampleFacts.principal(22).description)),
        Change(
            .approve, "APP-005", "role gained later", "/signer/roles/0/since",
            .string(SampleFacts.days(-20).description)),
        Change(.approve, "APP-005", "role not held", "/signer/roles", []),
        Change(.approve, "APP-006", "role not asked", "/tier", 1),
        Change(.approve, "APP-007", "card changed", "/card/digest", other),
        Change(
            .approve, "APP-008", "twice", "/priorStatements/-",
            [
                "digest": other, "person": .string(SampleFacts.principal(22).description),
                "meaning": "approve",
            ]),
        Change(.approve, "APP-008", "withdraws nothing", "/statement/meaning", "withdraw"),
        Change(
            .approve, "APP-009", "expired", "/statement/expiresAt",
            .string(SampleFacts.now.description)),
        Change(
            .approve, "APP-009", "future", "/statement/signedAt",
            .string(SampleFacts.now.adding(seconds: 301).description)),
        Change(.approve, "APP-010", "other pack active", "/policy/activeDigest", other),
        Change(
            .approve, "APP-011", "signed by one whose key was revoked",
            "/tierDetermination/problems", ["revoked"]),
        Change(.retire, "RET-001", "other bytes", "/artifact/presentedDigest", other),
        Change(.retire, "RET-002", "bad signature", "/artifact/signature/verified", false),
        Change(
            .retire, "RET-003", "active", "/activeDeployments/-",
            ["id": "d-1", "environment": "production"]),
        Change(.retire, "RET-004", "retired", "/restrictions/-", retirement),
        Change(.retire, "RET-005", "deployer", "/requester/roles", ["deployer"]),
        Change(.retire, "RET-006", "blank reason", "/reason", "          \n     "),
        Change(.retire, "RET-007", "fold lags", "/fold/lagEntries", 5_000),
        Change(.retire, "RET-008", "unsigned pack", "/policy/signed", false),
        Change(
            .retire, "RET-009", "nobody looks", "/snapshots/-",
            ["environment": "production", "overdue": true, "runs": false]),
        Change(
            .retire, "RET-010", "seen running", "/snapshots/-",
            ["environment": "production", "overdue": false, "runs": true]),
    ]

    @Test(arguments: deploy + others)
    func `denies for exactly the rule that a change breaks`(change: Change) throws {
        let pack = try ShippedPack.pack()
        var facts = try Self.facts(change.gate, pack).setting(change.pointer, change.value)
        // In tier 1 nobody asks a fairness reviewer; the statement must then be by one.
        if change.rule == "APP-006" {
            facts = try facts.setting("/statement/role", "fairness-reviewer")
                .setting("/signer/roles/0/role", "fairness-reviewer")
        }
        let decision = Self.decide(change.gate, facts, pack)
        #expect(decision.verdict == .deny)
        #expect(decision.denials.map(\.id) == [change.rule])
        #expect(decision.denials.first?.reason?.contains("{") == false)
        #expect(decision.denials.first?.reason?.isEmpty == false)
        let replayed = Decision.replay(document: decision.document, facts: facts, pack: pack)
        #expect(replayed == [])
    }

    @Test func `has the verdict that is asked for alone`() throws {
        let pack = try ShippedPack.pack()
        var verdicts: Set<Verdict> = []
        for test in try ShippedPack.tests() {
            let decision = test.decide(pack)
            let verdict = pack.verdict(
                gate: test.gate, subject: test.subject, facts: test.facts(for: pack), now: test.now)
            #expect(verdict == decision.verdict, "\(test.name)")
            verdicts.insert(verdict)
        }
        #expect(verdicts == [.allow, .deny])
    }

    @Test func `covers every rule of the shipped pack by a change`() throws {
        let pack = try ShippedPack.pack()
        let tested = Set((Self.deploy + Self.others).map(\.rule))
        let rules = Set(pack.rules.values.joined().map(\.id)).union([PolicyPack.factsRule])
        #expect(rules.subtracting(tested).sorted() == [])
    }

    @Test(arguments: Gate.allCases)
    func `denies with the name of any fact that is missing`(gate: Gate) throws {
        let pack = try ShippedPack.pack()
        let base = Self.facts(gate, pack)
        var unread: Set<String> = []
        for pointer in Self.members(of: base) {
            let facts = try base.setting(pointer.description, nil)
            let decision = Self.decide(gate, facts, pack)
            let name = pointer.tokens.joined(separator: ".")
            if decision.verdict == .allow {
                unread.insert(
                    name.split(separator: ".").filter { Int($0) == nil }
                        .joined(separator: "."))
            } else {
                let errors = decision.rules.filter { $0.result == .error }
                #expect(!errors.isEmpty, "\(name)")
                let named = errors.contains { $0.reason?.contains(name) == true }
                #expect(named || ["model", "version"].contains(name), "\(name)")
            }
        }
        #expect(unread.sorted() == (Self.informative[gate] ?? []).sorted())
    }

    /// What is recorded for people, so that its absence changes nothing. What conditions read is
    /// wanted whole.
    static let informative: [Gate: [String]] = [
        .submit: [
            "artifact.approvedDigest", "artifact.presentedDigest", "card.fairness",
            "policy.requestDigest",
        ],
        .approve: [
            "artifact.presentedDigest", "artifact.signature", "artifact.signature.signer",
            "card.fairness", "tierDetermination.derived", "tierDetermination.reason",
            "tierDetermination.statement",
        ],
        .deploy: [
            "activeDeployments", "approvals.principal", "evaluations.columns.label",
            "evaluations.columns.positive", "evaluations.columns.prediction", "evaluations.kind",
            "evaluations.signer", "submitter.principal", "tierDetermination.derived",
            "tierDetermination.reason", "tierDetermination.statement", "use",
        ],
        .retire: ["policy.requestDigest", "tier"],
    ]

    static func members(of json: JSON, at place: JSONPointer = .root) -> [JSONPointer] {
        switch json {
        case .object(let members):
            members.flatMap { name, value in
                [place.appending(name)] + Self.members(of: value, at: place.appending(name))
            }
        case .array(let elements):
            elements.enumerated().flatMap { Self.members(of: $1, at: place.appending($0)) }
                .filter { !$0.tokens.isEmpty }
        case .null, .bool, .integer, .double, .string: []
        }
    }
}
