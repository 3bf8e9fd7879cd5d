// The facts of each gate with their types: the variables of conditions that are written in CEL.
//
// The names are those of `FactShape`, which a test compares; the types are those that `Facts` writes:
// times, spans and fractions are texts there and times, spans and numbers here. A part that may be
// absent or null is optional and nullable: `has(a.b)` asks for it. `pack` is the pack itself, `now` the time that the
// decision is made for. A tier that is no number ("prohibited") fits no condition, and what does not
// fit denies.

internal import CanonicalJSON
internal import Expressions

/// The variables of conditions.
enum GateEnvironment {
    /// The variables of a gate's conditions.
    static func of(_ gate: Gate) -> CELEnvironment { environments[gate] ?? CELEnvironment([]) }

    /// The values of the variables, bound once for all conditions of a decision; a fact that does
    /// not fit is an error of every condition that reads it.
    ///
    /// - Parameter wanted: places of the variables that conditions read; nil for all.
    static func bind(
        _ facts: JSON, of gate: Gate, pack: PolicyPack, now: Timestamp, only wanted: Set<Int>? = nil
    ) -> CELBinding {
        var members = facts.object ?? [:]
        members["now"] = .text(now)
        members["pack"] = [
            "name": .string(pack.name), "version": .integer(pack.version),
            "digest": .hex(pack.digest), "effectiveFrom": .text(pack.effectiveFrom),
        ]
        return CELBinding(each: .object(members), of(gate), only: wanted)
    }

    /// Variables that are no facts: the time, and the pack that decides.
    static let additions: Set<String> = ["now", "pack"]

    /// Dotted paths of the facts that a reason may name: those outside of lists.
    static func paths(of gate: Gate) -> Set<String> {
        Set(of(gate).variables.flatMap { paths(of: $0, below: "") })
    }

    private static func paths(of field: CELField, below prefix: String) -> [String] {
        let path = prefix + field.name
        guard case .record(let record) = present(field.type) else { return [path] }
        return record.fields.flatMap { paths(of: $0, below: path + ".") }
    }

    static func present(_ type: CELType) -> CELType {
        if case .nullable(let inner) = type { inner } else { type }
    }

    private static let environments: [Gate: CELEnvironment] = [
        .submit: environment([
            field("card", card), field("artifact", artifact),
            field("submitter", holder), field("policy", policy),
        ]),
        .approve: environment([
            CELField("version", .int), field("card", card), field("artifact", artifact),
            field("evidence", evidence), field("policy", policy), field("request", request),
            field("statement", statement), field("signer", signer),
            field("submitter", submitter), field("priorStatements", .list(prior)),
            field("tierDetermination", tierDetermination),
        ]),
        .deploy: environment([
            CELField("version", .int), field("environment", .string), field("use", .string),
            field("card", card), field("artifact", artifact), field("evidence", evidence),
            field("policy", policy), field("requester", holder), field("submitter", submitter),
            field("approvals", .list(approval)), field("evaluations", .list(evaluation)),
            field("restrictions", .list(restriction)), field("findings", .list(finding)),
            field("waivers", .list(waiver)), field("breakGlass", .list(breakGlass)),
            field("tierDetermination", tierDetermination),
            field("activeDeployments", .list(deployment)), field("fold", fold),
            field("legacy", legacy),
        ]),
        .retire: environment([
            CELField("version", .int), field("reason", .string), field("artifact", artifact),
            field("policy", policy), field("requester", holder),
            field("restrictions", .list(restriction)), field("waivers", .list(waiver)),
            field("activeDeployments", .list(deployment)), field("fold", fold),
            field("snapshots", .list(snapshot)),
        ]),
    ]

    private static func environment(_ more: [CELField]) -> CELEnvironment {
        CELEnvironment(
            [
                CELField("model", .string), CELField("now", .timestamp), CELField("pack", pack),
                field("tier", .int),
            ] + more)
    }

    /// A fact that may be absent or null.
    private static func field(_ name: String, _ type: CELType) -> CELField {
        CELField(name, .nullable(type), isOptional: true)
    }

    private static func record(_ name: String, _ fields: [CELField]) -> CELType {
        .record(CELRecordType(name, fields))
    }

    private static func strings(_ names: String...) -> [CELField] {
        names.map { CELField($0, .string) }
    }

    private static func lists(_ names: String...) -> [CELField] {
        names.map { CELField($0, .list(.string)) }
    }

    private static let pack = record(
        "pack",
        strings("name", "digest") + [
            CELField("version", .int), CELField("effectiveFrom", .timestamp),
        ])
    private static let evidence = record("evidence", strings("digest"))
    private static let digests = record(
        "digests", strings("card", "artifact", "evidence", "policy"))
    private static let holder = record("holder", strings("principal", "person") + lists("roles"))
    private static let submitter = record(
        "submitter", strings("principal", "person") + lists("linked"))
    private static let policy = record(
        "policy",
        strings("digest", "activeDigest")
            + [field("requestDigest", .string), CELField("signed", .bool)])
    private static let card = record(
        "card",
        strings("digest") + lists("missing", "findings") + [
            field(
                "fairness",
                record(
                    "fairness",
                    lists("attributes") + [
                        CELField(
                            "datasets",
                            .list(record("dataset", strings("sha256") + lists("sensitive"))))
                    ]))
        ])
    private static let artifact = record(
        "artifact",
        [
            field("approvedDigest", .string), field("presentedDigest", .string),
            field("digestSource", .string), field("digestStatement", .string),
            field(
                "signature",
                record(
                    "signature",
                    [
                        CELField("verified", .bool), field("signer", .string),
                        field("method", .string), field("trust", .string),
                        field("identity", .string), field("issuer", .string),
                        field("signedAt", .timestamp), field("timeSource", .string),
                        field("revocation", .string),
                    ] + lists("signerRoles", "findings"))),
            field("uncovered", .list(record("uncovered", strings("path", "reason")))),
            field(
                "contradictions",
                .list(record("contradiction", strings("field", "card", "header", "path")))),
        ])
    private static let fold = record(
        "fold", [CELField("healthy", .bool), CELField("lagEntries", .int)])
    private static let restriction = record(
        "restriction", strings("kind", "id", "source", "reason"))
    private static let finding = record(
        "finding",
        strings("id", "severity", "role", "owner", "source") + [
            CELField("blocking", .bool), CELField("dueAt", .timestamp),
        ])
    private static let deployment = record("deployment", strings("id", "environment"))
    private static let legacy = record(
        "legacy",
        strings("statement", "environment") + [CELField("dueAt", .timestamp)])
    private static let snapshot = record(
        "snapshot",
        strings("environment") + [
            field("takenAt", .timestamp), CELField("overdue", .bool), CELField("runs", .bool),
        ])
    private static let times = [
        CELField("signedAt", .timestamp), CELField("expiresAt", .timestamp),
    ]
    private static let waiver = record(
        "waiver",
        strings("digest", "rule", "policy", "principal", "person", "role") + lists("problems")
            + times)
    private static let breakGlass = record(
        "breakGlass",
        strings("digest", "environment", "artifact", "policy", "incident") + lists("problems")
            + times + [
                CELField(
                    "signers", .list(record("signer", strings("principal", "person", "role"))))
            ])
    private static let approval = record(
        "approval",
        strings("digest", "principal", "person", "role", "meaning")
            + lists("environments", "uses", "problems") + times
            + [
                CELField("digests", digests), CELField("valid", .bool), field("factor", .string),
                field("changes", .string), field("delegation", delegation),
                field(
                    "outdated",
                    .list(
                        record(
                            "due",
                            strings("trigger", "reason") + [CELField("since", .timestamp)]))),
            ])
    private static let delegation = record(
        "delegation", strings("digest", "delegator", "person"))
    private static let tierDetermination = record(
        "tierDetermination",
        [
            CELField("derived", .int), CELField("signed", .bool),
            field(
                "former",
                record("former", strings("version") + [CELField("tier", .int)])),
            field("statement", .string), field("determined", .int), field("reason", .string),
            field("signers", .list(record("signer", strings("principal", "role")))),
            field("problems", .list(.string)),
        ])
    private static let columns = record(
        "columns", strings("label", "prediction", "positive") + lists("groups"))
    private static let measure = record(
        "measure",
        strings("measure") + lists("columns") + [
            CELField("minimumGroupSize", .int), CELField("minimumDenominator", .int),
            field("value", .decimal), field("reason", .string),
        ])
    private static let evaluation = record(
        "evaluation",
        strings("digest", "kind", "artifactDigest") + lists("problems") + [
            CELField("verified", .bool), CELField("recomputed", .bool),
            CELField("evaluatedAt", .timestamp), field("dataset", .string),
            field("signer", .string), field("columns", columns),
            CELField("measures", .list(measure)),
        ])
    private static let request = record(
        "request",
        strings("id", "nonce")
            + [CELField("open", .bool), CELField("submittedAt", .timestamp)])
    private static let signer = record(
        "signer",
        [
            CELField(
                "roles",
                .list(record("role", strings("role") + [CELField("since", .timestamp)])))
        ])
    private static let prior = record("prior", strings("digest", "person", "meaning"))
    private static let statement = record(
        "statement",
        strings("request", "nonce", "version", "principal", "person", "role", "meaning")
            + lists("problems") + times + [
                CELField("verified", .bool), field("prior", .string),
                CELField("digests", digests), field("delegation", delegation),
            ])
}
