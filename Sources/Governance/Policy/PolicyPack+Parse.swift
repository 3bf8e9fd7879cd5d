// From files to a pack, or to all findings at once.

internal import CanonicalJSON
internal import Cryptography

extension PolicyPack {
    /// Checks the files of a pack; throws every finding, each with file and place.
    package static func parse(_ files: [PackFile]) throws(PackFindings) -> PolicyPack {
        var parser = PackParser(files)
        let pack = parser.parse(digest: digest(of: files))
        let findings = parser.findings
        guard let pack, findings.isEmpty else { throw PackFindings(findings: findings) }
        return pack
    }
}

private struct PackParser {
    private let trees: [String: JSON]
    private(set) var findings: [PackFinding] = []

    init(_ files: [PackFile]) {
        var trees: [String: JSON] = [:]
        for file in files.sorted(by: { bytesPrecede($0.path, $1.path) }) {
            if !PolicyPack.paths.contains(file.path), !PolicyPack.optionalPaths.contains(file.path)
            {
                findings.append(
                    Self.finding(file.path, "unknown", "No file of a pack has this name."))
            } else if trees.updateValue(file.tree, forKey: file.path) != nil {
                findings.append(Self.finding(file.path, "duplicate", "This file is here twice."))
            }
        }
        self.trees = trees
    }

    mutating func parse(digest: SHA256Digest) -> PolicyPack? {
        let head = read("pack.yaml") { reader in
            (
                reader.parsed("name", as: "a name in small letters") {
                    NameSegment.isValid($0) ? $0 : nil
                },
                reader.integer("version", in: 1...999_999_999),
                reader.parsed("effective_from", as: "a time like 2026-01-01T00:00:00.000Z") {
                    Timestamp($0)
                },
                reader.string("description", length: 1...1_000),
                reader.optional("activation") { activation in
                    activation.object { $0.integer("signatures", in: 1...64) }
                } ?? 1
            )
        }
        let tiers = read("tiers.yaml", Self.readTiers)
        let fields = read("cards/required.yaml") { reader in
            reader.array("required", count: 1...500) { $0.object(RequiredField.read) }
        }
        let approvals = read("approvals.yaml") { reader in
            (
                tiers: Self.readApprovals(reader),
                delegation: reader.optional("delegation") { $0.object(DelegationRules.read) },
                review: ReviewRules.read(reader)
            )
        }
        let fairness = read("evaluations.yaml") { reader -> [FairnessDemand] in
            let demands = reader.array("measures", count: 0...100) {
                $0.object(FairnessDemand.read)
            }
            Self.refuseRepeats(demands.map(\.id), reader, "measures")
            return demands
        }
        let permits = read("permits.yaml") { reader in
            (
                deploy: reader.object("deploy") { $0.integer("lifetime_minutes", in: 1...1_440) },
                run: Self.readRunLifetimes(reader),
                snapshots: reader.optional("snapshots") { snapshots in
                    snapshots.object { $0.integer("maximum_age_hours", in: 1...8_760) }
                },
                legacy: reader.optional("legacy") { legacy in
                    legacy.object {
                        (
                            rule: $0.choice("redeploy", of: LegacyRule.self),
                            highest: PolicyPack.readHighestTier($0)
                        )
                    }
                },
                breakGlass: reader.optional("break_glass") { glass in
                    glass.object(BreakGlassRules.read)
                }
            )
        }
        let retention = read("retention.yaml", RetentionRules.read)
        let signers =
            trees[ArtifactSigners.path] == nil
            ? ArtifactSigners.none : read(ArtifactSigners.path, ArtifactSigners.read)
        let before = findings.count
        var rules: [Gate: [Rule]] = [:]
        for gate in Gate.allCases { rules[gate] = readGate(gate) }
        let isEveryRuleRead = findings.count == before
        let frameworks =
            trees["frameworks.yaml"] == nil ? [] : read("frameworks.yaml", Framework.readAll)
        // A rule that cannot be read may be the one that serves a control.
        if isEveryRuleRead, trees["frameworks.yaml"] != nil, let frameworks {
            refuseStrays(rules, frameworks)
        }
        if isEveryRuleRead, let glass = permits?.breakGlass {
            findings.append(contentsOf: glass.findings(in: rules[.deploy] ?? []))
        }
        refuseRepeatedRules(rules)
        findings.append(
            contentsOf: PackFloor.findings(in: rules, isWatching: permits?.snapshots != nil))
        findings.sort { ($0.file, $0.finding) < ($1.file, $1.finding) }

        guard let head, let name = head.0, let effectiveFrom = head.2, let tiers, let fields,
            let approvals, let fairness, let permits, let signers, let retention,
            let frameworks,
            let unknown = tiers.unknown
        else { return nil }
        return PolicyPack(
            name: name, version: head.1, effectiveFrom: effectiveFrom, description: head.3,
            activationSignatures: head.4, digest: digest, tiers: tiers.list,
            unknownCountsAs: unknown, tierRaises: tiers.raises,
            requiredFields: fields, approvals: approvals.tiers, delegation: approvals.delegation,
            reviewTriggers: approvals.review.triggers,
            jurisdictions: approvals.review.jurisdictions, fairness: fairness,
            permitLifetimeMinutes: permits.deploy, runLifetimeHours: permits.run,
            snapshotMaximumAgeHours: permits.snapshots, legacy: permits.legacy?.rule ?? .nowhere,
            legacyHighestTier: permits.legacy?.highest,
            breakGlass: permits.breakGlass, signers: signers,
            retention: retention, rules: rules, frameworks: frameworks)
    }

    private mutating func read<T>(_ file: String, _ body: (JSONReader) -> T) -> T? {
        guard let tree = trees[file] else {
            findings.append(Self.finding(file, "missing", "The pack lacks this file."))
            return nil
        }
        let reader = JSONReader(tree)
        let result = body(reader)
        let found = reader.finish()
        findings.append(contentsOf: found.map { PackFinding(file, $0) })
        return found.isEmpty ? result : nil
    }

    private mutating func readGate(_ gate: Gate) -> [Rule] {
        read("gates/\(gate.rawValue).yaml") { reader in
            reader.constant("gate", gate.rawValue)
            return reader.array("rules", count: 1...200) { item in
                item.object { Rule.read($0, gate: gate) }
            }
        } ?? []
    }

    private mutating func refuseRepeatedRules(_ rules: [Gate: [Rule]]) {
        var seen: Set<String> = []
        for gate in Gate.allCases {
            for rule in rules[gate] ?? [] where !seen.insert(rule.id).inserted {
                findings.append(
                    Self.finding(
                        "gates/\(gate.rawValue).yaml", "duplicate",
                        "The rule id \(rule.id) is used twice in this pack."))
            }
        }
    }

    /// A rule serves controls that the pack has, and every control has a rule or evidence.
    private mutating func refuseStrays(_ rules: [Gate: [Rule]], _ frameworks: [Framework]) {
        let known = Set(
            frameworks.flatMap { framework in
                framework.controls.map { "\(framework.id)/\($0.id)" }
            })
        var served: Set<String> = []
        for gate in Gate.allCases {
            for (index, rule) in (rules[gate] ?? []).enumerated() {
                served.formUnion(rule.controls)
                for control in rule.controls where !known.contains(control) {
                    let place = JSONPointer(["rules", String(index), "controls"])
                    let message = "frameworks.yaml has no control \(control)."
                    findings.append(
                        PackFinding(
                            "gates/\(gate.rawValue).yaml",
                            JSONFinding(place, "reference", message)))
                }
            }
        }
        for (index, framework) in frameworks.enumerated() {
            for (number, control) in framework.controls.enumerated()
            where control.evidence == nil && !served.contains("\(framework.id)/\(control.id)") {
                let place = JSONPointer([
                    "frameworks", String(index), "controls", String(number),
                ])
                let message = "No rule serves this control, and it has no evidence query."
                findings.append(
                    PackFinding("frameworks.yaml", JSONFinding(place, "reference", message)))
            }
        }
    }

    private static func readTiers(
        _ reader: JSONReader
    ) -> (unknown: Tier?, list: [TierDescription], raises: [TierRaise]) {
        let unknown = PolicyPack.readTier(reader, "unknown_counts_as")
        let list = reader.array("tiers", count: 3...3) { $0.object(TierDescription.read) }
        if list.count == 3, list.map(\.tier) != Tier.usable {
            reader.refuse("tiers", JSONFinding.Code.value, "Describe tiers 1, 2 and 3 in order.")
        }
        reader.object("prohibited") { _ = $0.string("description", length: 1...500) }
        let raises = reader.array("raised_by", count: 0...100) { $0.object(TierRaise.read) }
        if let unknown, unknown != .high {
            reader.refuse(
                "unknown_counts_as", "floor", "What is not known counts as the highest tier.")
        }
        return (unknown, list, raises)
    }

    private static func readRunLifetimes(_ reader: JSONReader) -> [Tier: Int64] {
        let list =
            reader.optional("run") { run in
                run.array(count: 3...3) { item -> (Tier, Int64)? in
                    item.object { lifetime in
                        let tier = PolicyPack.readTier(lifetime, "tier")
                        let hours = lifetime.integer("lifetime_hours", in: 1...720)
                        return tier.map { ($0, hours) }
                    }
                }
            } ?? []
        if list.count == 3, list.map(\.0) != Tier.usable {
            reader.refuse("run", JSONFinding.Code.value, "State tiers 1, 2 and 3 in order.")
        }
        return Dictionary(list) { first, _ in first }
    }

    private static func readApprovals(_ reader: JSONReader) -> [Tier: ApprovalRule] {
        let list = reader.array("tiers", count: 3...3) { $0.object(ApprovalRule.read) }
        if list.count == 3, list.map(\.tier) != Tier.usable {
            reader.refuse("tiers", JSONFinding.Code.value, "State tiers 1, 2 and 3 in order.")
        }
        return Dictionary(list.map { ($0.tier, $0) }, uniquingKeysWith: { first, _ in first })
    }

    private static func refuseRepeats(_ ids: [String], _ reader: JSONReader, _ member: String) {
        guard Set(ids).count != ids.count else { return }
        reader.refuse(member, JSONFinding.Code.duplicate, "An id is used twice.")
    }

    private static func finding(_ file: String, _ code: String, _ message: String) -> PackFinding {
        PackFinding(file, JSONFinding(.root, code, message))
    }
}
