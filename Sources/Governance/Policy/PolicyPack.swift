// The pack: everything the gates know about what is demanded, as one checked value.
//
// A pack is the set of YAML files that `PolicyPack.paths` lists, no more and no less but for those of
// `PolicyPack.optionalPaths`. It is
// prepared once, with every finding reported then; afterwards decisions are total. Its digest is
// the artifact digest over its files: SHA-256 of the RFC 8785 list of {"path","sha256","size"} in
// byte order of the paths. Worked example: the pack of the one file a.yaml with the bytes "a: 1\n"
// has the digest of [{"path":"a.yaml","sha256":"<SHA-256 of a: 1\n>","size":5}].

package import CanonicalJSON
package import Cryptography

/// A file of a pack: its bytes, which are hashed, and the tree that they parse to.
package struct PackFile: Sendable {
    /// Path below the pack's folder, with `/` between parts.
    package let path: String
    /// The bytes as stored.
    package let bytes: [UInt8]
    /// What the strict YAML reader made of the bytes.
    package let tree: JSON

    package init(path: String, bytes: [UInt8], tree: JSON) {
        self.path = path
        self.bytes = bytes
        self.tree = tree
    }
}

/// A checked policy pack.
package struct PolicyPack: Sendable {
    /// Name of the pack.
    package let name: String
    /// Version; a later pack of the same name has a higher one.
    package let version: Int64
    /// The pack denies before this moment.
    package private(set) var effectiveFrom: Timestamp
    /// What the pack is for.
    package let description: String
    /// How many custodians sign the pack that comes after this one.
    package let activationSignatures: Int64
    /// Digest over the files, which statements and decisions name.
    package let digest: SHA256Digest
    /// The usable tiers, lowest first.
    package let tiers: [TierDescription]
    /// What a card counts as when it states no readable tier.
    package let unknownCountsAs: Tier
    /// Facts that raise a card's tier.
    package let tierRaises: [TierRaise]
    /// Fields that cards must have.
    package let requiredFields: [RequiredField]
    /// What approvals each tier demands.
    package let approvals: [Tier: ApprovalRule]
    /// Who may let others approve; nil for nobody.
    package let delegation: DelegationRules?
    /// What makes approvals that were given before it stop counting.
    package let reviewTriggers: Set<ReviewTrigger>
    /// Under which laws environments are, as far as the pack says.
    package let jurisdictions: [EnvironmentName: Set<String>]
    /// What fairness measures are demanded.
    package let fairness: [FairnessDemand]
    /// How long a deploy permit may be used, in minutes.
    package let permitLifetimeMinutes: Int64
    /// How long a permit to start a deployment again holds, in hours, by tier; empty for none.
    package let runLifetimeHours: [Tier: Int64]
    /// How old the last snapshot of an environment may be, in hours; nil in a pack that watches none.
    package let snapshotMaximumAgeHours: Int64?
    /// How far what was imported as legacy is tolerated.
    package let legacy: LegacyRule
    /// The highest tier in which it is tolerated; nil for any.
    package let legacyHighestTier: Tier?
    /// What may be done in an emergency; nil for nothing.
    package let breakGlass: BreakGlassRules?
    /// Who may sign artifacts by certificate.
    package let signers: ArtifactSigners
    /// How long what belongs to a version is kept.
    package let retention: RetentionRules
    /// The rules of each gate, in the order of the pack.
    package private(set) var rules: [Gate: [Rule]]
    /// Laws and standards as data; empty in a pack without that file.
    package let frameworks: [Framework]

    /// The same pack, in effect from an earlier or later moment; its digest stays.
    func inEffect(from moment: Timestamp) -> PolicyPack {
        var pack = self
        pack.effectiveFrom = moment
        return pack
    }

    /// The same pack with other rules, for tests of its tests.
    package func replacing(_ rules: [Gate: [Rule]]) -> PolicyPack {
        var pack = self
        pack.rules = rules
        return pack
    }

    /// By when the next snapshot is due where the pack does not say: a day.
    package static let usualSnapshotAgeHours: Int64 = 24

    /// Every file that a pack must have.
    package static let paths =
        [
            "approvals.yaml", "cards/required.yaml", "evaluations.yaml", "pack.yaml",
            "permits.yaml", "retention.yaml", "tiers.yaml",
        ] + Gate.allCases.map { "gates/\($0.rawValue).yaml" }

    /// Files that a pack may have beside those; packs without them keep their digest. What lies below
    /// `tests/` is no part of a pack.
    package static let optionalPaths = ["frameworks.yaml", ArtifactSigners.path]

    /// Whether a rule of a gate makes a check.
    package func makes(_ check: String, at gate: Gate) -> Bool {
        rules[gate]?.contains { $0.made.contains(check) || $0.condition.checkName == check }
            ?? false
    }

    /// The demands on fairness that apply in a tier.
    package func fairness(in tier: Tier) -> [FairnessDemand] {
        fairness.filter { $0.from <= tier }
    }

    /// The digest of a list of files.
    package static func digest(of files: [PackFile]) -> SHA256Digest {
        let records = files.sorted { bytesPrecede($0.path, $1.path) }.map { file -> JSON in
            [
                "path": .string(file.path), "sha256": .string(SHA256.hash(file.bytes).hex),
                "size": .integer(Int64(file.bytes.count)),
            ]
        }
        return SHA256.hash(JSON.array(records).canonicalBytes)
    }

    /// What speaks against so many custodians putting another pack in the place of this one; nil when
    /// nothing does.
    ///
    /// The pack in force asks for more than the trust root's threshold where two who may replace the
    /// root shall not be able to replace the rules too. A root for development asks for nothing: what is
    /// decided under it counts nowhere.
    package func problem(
        withActivationBy signatures: Int, threshold: Int, development: Bool
    ) -> String? {
        let wanted = development ? threshold : max(threshold, Int(activationSignatures))
        guard signatures < wanted else { return nil }
        return "\(signatures) custodians signed the pack, not \(wanted)"
    }

    /// What speaks against this pack being in force under a root; nil when nothing does. One that asks for
    /// more custodians than there are could never be replaced.
    package func problem(under root: TrustRoot) -> String? {
        guard !root.development, root.custodians.count < activationSignatures else { return nil }
        return
            "the policy pack \(name) asks for \(activationSignatures) custodians to sign the one "
            + "after it, and the trust root has \(root.custodians.count)"
    }

    /// Ids of outcomes that no pack states; a pack in force from before they were must stay readable.
    private static let reservedRules = [
        factsRule, LegacyTolerance.rule, BreakGlassOverride.rule,
    ]

    /// What speaks against this pack coming into force because of its rules' names; nil when nothing does.
    package var problemOfNames: String? {
        let taken = rules.values.joined().map(\.id).filter(Self.reservedRules.contains).sorted()
        guard !taken.isEmpty else { return nil }
        return "\(taken.joined(separator: ", ")): every decision adds outcomes of that name itself"
    }

    /// Reads up to which tier something that needs no quorum is possible; nil where that is not stated.
    static func readHighestTier(_ reader: JSONReader) -> Tier? {
        reader.optional("highest_tier") { Tier(json: .integer($0.integer(in: 1...3))) }
    }

    /// Whether a tier is no higher than the highest that is stated; what is unknown is higher.
    static func isWithin(_ tier: Tier?, _ highest: Tier?) -> Bool {
        guard let highest else { return true }
        return tier.map { $0 <= highest } ?? false
    }

    static func readTier(_ reader: JSONReader, _ name: String) -> Tier? {
        Tier(json: .integer(reader.integer(name, in: 1...3)))
    }
}

/// Something wrong in a pack: which file, where in it, and what.
package struct PackFinding: Sendable, Hashable, CustomStringConvertible {
    /// The file's path in the pack.
    package let file: String
    /// Where in the file, which kind, and a sentence.
    package let finding: JSONFinding

    package init(_ file: String, _ finding: JSONFinding) {
        self.file = file
        self.finding = finding
    }

    /// File, pointer and sentence: `gates/deploy.yaml#/rules/3/check: Expected a name.`.
    package var description: String {
        "\(file)#\(finding.pointer.description): \(finding.message)"
    }

    /// `{"code","file","message","pointer"}`.
    package var json: JSON {
        [
            "file": .string(file), "pointer": .string(finding.pointer.description),
            "code": .string(finding.code), "message": .string(finding.message),
        ]
    }
}

/// All that is wrong in a pack, in order of files and places; never empty.
package struct PackFindings: Error, Sendable, Hashable {
    /// The findings.
    package let findings: [PackFinding]
}
