// The weakest pack that whoever activates packs could put in force: every demand that a pack is free to
// make is dropped, and what remains is the floor.
//
// One person approves, whatever the tier; no fact raises a tier; no measure is demanded; whatever may be
// waived can be, by anybody who can waive; every role is delegable; where the pack lets the glass be broken, whoever judges
// can, and legacy is tolerated, both in every tier; the pack after it takes the custodians' threshold. It is read by
// the same reader as every pack, so nothing is in it that the floor forbids.

internal import CanonicalJSON
internal import Cryptography

/// Makes a pack as weak as the floor lets it be.
package enum WeakestPack {
    /// The weakest successor of a pack; throws when even that cannot be read.
    package static func after(_ files: [PackFile]) throws(PackFindings) -> PolicyPack {
        try PolicyPack.parse(
            files.filter { $0.path != "frameworks.yaml" }.map { file in
                let tree = weaken(file)
                return PackFile(path: file.path, bytes: tree.canonicalBytes, tree: tree)
            })
    }

    private static func weaken(_ file: PackFile) -> JSON {
        guard var members = file.tree.object else { return file.tree }
        switch file.path {
        case "pack.yaml":
            members["version"] = .integer((members["version"]?.integer ?? 1) + 1)
            members["activation"] = nil
        case "approvals.yaml":
            members["tiers"] = (members["tiers"]?.array).map { tiers in
                .array(
                    tiers.map { tier in
                        var tier = tier.object ?? [:]
                        tier["quorum"] = [["role": "validator", "count": 1]]
                        return .object(tier)
                    })
            }
            members["delegation"] = [
                "roles": .array(Delegation.roles.sorted().map { .text($0) }), "maximum_days": 366,
            ]
        case "tiers.yaml": members["raised_by"] = []
        case "permits.yaml":
            members["legacy"] = ["redeploy": "same-place"]
            if var glass = members["break_glass"]?.object {
                glass["roles"] = .array(BreakGlass.roles.sorted().map { .text($0) })
                glass["highest_tier"] = nil
                members["break_glass"] = .object(glass)
            }
        case "evaluations.yaml": members["measures"] = []
        default:
            guard file.path.hasPrefix("gates/"),
                let gate = members["gate"]?.string.flatMap({ Gate(rawValue: $0) })
            else { return file.tree }
            members["rules"] = (members["rules"]?.array).map { rules in
                .array(rules.map { weaken($0, at: gate) })
            }
        }
        return .object(members)
    }

    private static func weaken(_ rule: JSON, at gate: Gate) -> JSON {
        guard var members = rule.object else { return rule }
        members["controls"] = nil
        let reader = JSONReader(rule)
        let read = Rule.read(reader, gate: gate)
        let floor = Set(PackFloor.every(gate))
        guard let read, Set(read.made).isDisjoint(with: floor) else { return .object(members) }
        members["waivable"] = true
        members["waivable_by"] = .array(Waiver.roles.sorted().map { .text($0) })
        return .object(members)
    }
}
