// What runs in an environment against what may run there.
//
// Each thing that runs is looked for among the deployments that are permitted: by the deployment that it
// names; else by its version; else by its artifact's digest; else by an image that is a file of the
// artifact. A target has to agree where both sides name one. Then
//
//     running-not-permitted   nothing permits it
//     digest-differs          something permits it, and for other bytes
//     permitted-not-running   a deployment was confirmed to run, and nothing there is it
//
// Worked example: permitted is d-1, confirmed, of credit/scorecard@3 with the digest aa…; there run
// credit/scorecard@3 with bb… and something with the digest cc…. The first is digest-differs, the second
// running-not-permitted, and d-1 is not missing: it was found, with the wrong bytes.

package import CanonicalJSON
package import Cryptography

/// The differences between what runs and what may.
package struct EnvironmentComparison: Sendable, Hashable {
    /// A deployment that may run.
    package struct Permitted: Sendable, Hashable {
        package let deployment: String
        package let version: VersionReference
        package let target: String
        /// The artifact that was permitted.
        package let artifact: SHA256Digest
        /// Digests of the artifact's files.
        package let files: Set<SHA256Digest>
        /// Payload digest of the permit; nil when the log does not say.
        package let permit: SHA256Digest?
        /// Whether it was confirmed to run and not said to have ended.
        package let runs: Bool

        package init(
            deployment: String, version: VersionReference, target: String,
            artifact: SHA256Digest, files: Set<SHA256Digest>, permit: SHA256Digest?, runs: Bool
        ) {
            self.deployment = deployment
            self.version = version
            self.target = target
            self.artifact = artifact
            self.files = files
            self.permit = permit
            self.runs = runs
        }
    }

    /// One disagreement.
    package struct Difference: Sendable, Hashable {
        package enum Kind: String, Sendable, Hashable, CaseIterable {
            case runningNotPermitted = "running-not-permitted"
            case permittedNotRunning = "permitted-not-running"
            case digestDiffers = "digest-differs"
        }

        package let kind: Kind
        /// What the agent calls it; empty for what it did not find.
        package let name: String
        /// Nil for something that nothing here is known of.
        package let version: VersionReference?
        package let target: String
        /// The digest of what runs; nil when it is not known, or nothing runs.
        package let found: SHA256Digest?
        /// Who computed it; nil when there is none.
        package let source: EnvironmentSnapshot.DigestSource?
        package let images: [SHA256Digest]
        /// The digest that is permitted; nil when nothing is.
        package let permitted: SHA256Digest?
        package let deployment: String?
        package let permit: SHA256Digest?

        /// `{"artifact","deployment","digest","images","kind","name","permit",…}`.
        package var json: JSON {
            [
                "kind": .string(kind.rawValue), "name": .string(name),
                "version": version.map(JSON.text) ?? .null,
                "target": .string(target), "artifact": .digest(found),
                "digest": source.map { .string($0.rawValue) } ?? .null,
                "images": .array(images.map { .string($0.hex) }), "permitted": .digest(permitted),
                "deployment": deployment.map(JSON.string) ?? .null, "permit": .digest(permit),
            ]
        }
    }

    /// In the order of the snapshot, then of the deployments.
    package private(set) var differences: [Difference] = []
    /// Every submitted version of which something runs there, permitted or not, in order.
    package private(set) var running: [VersionReference] = []

    /// Whether nothing differs.
    package var agrees: Bool { differences.isEmpty }

    /// How many differences of a kind there are.
    package func count(_ kind: Difference.Kind) -> Int64 {
        Int64(differences.count { $0.kind == kind })
    }

    /// Compares.
    ///
    /// - Parameters:
    ///   - items: what the agent found.
    ///   - permitted: every deployment that may run there, in order of ids.
    ///   - known: the versions with a digest, whether permitted or not.
    ///   - submitted: those of the versions that things say to be which there are.
    package init(
        of items: [EnvironmentSnapshot.Item], with permitted: [Permitted],
        known: [SHA256Digest: [VersionReference]], submitted: Set<VersionReference>
    ) {
        var seen: Set<String> = []
        var versions: Set<VersionReference> = []
        for item in items where item.state == .running {
            let candidates = Self.candidates(for: item, in: permitted)
            // What says to be a version, or has its bytes, counts as that version running.
            if let version = item.version, submitted.contains(version) { versions.insert(version) }
            versions.formUnion(item.artifact.flatMap { known[$0] } ?? [])
            versions.formUnion(candidates.map(\.version))
            seen.formUnion(candidates.map(\.deployment))
            guard let first = candidates.first else {
                let version = item.version ?? item.artifact.flatMap { known[$0]?.first }
                differences.append(.init(.runningNotPermitted, item, version: version, nil))
                continue
            }
            if let found = item.artifact, !candidates.contains(where: { $0.artifact == found }) {
                differences.append(.init(.digestDiffers, item, version: first.version, first))
            }
        }
        for deployment in permitted where deployment.runs && !seen.contains(deployment.deployment) {
            differences.append(.init(missing: deployment))
        }
        running = versions.sorted { $0.description < $1.description }
    }

    private static func candidates(
        for item: EnvironmentSnapshot.Item, in permitted: [Permitted]
    ) -> [Permitted] {
        permitted.filter { one in
            guard item.target.isEmpty || one.target.isEmpty || item.target == one.target else {
                return false
            }
            if let version = item.version, version != one.version { return false }
            if let deployment = item.deployment { return deployment == one.deployment }
            if item.version != nil { return true }
            if let artifact = item.artifact { return artifact == one.artifact }
            return !one.files.isDisjoint(with: item.images)
        }
    }

    /// The record of a comparison: which statement was compared, and what came of it.
    package func document(
        of snapshot: EnvironmentSnapshot, statement: SHA256Digest, dueAt: Timestamp
    ) -> JSON {
        [
            "agrees": .bool(agrees), "namespace": .text(snapshot.namespace),
            "environment": .text(snapshot.environment), "statement": .digest(statement),
            "takenAt": .text(snapshot.takenAt), "dueAt": .text(dueAt),
            "items": .integer(Int64(snapshot.items.count)),
            "running": .array(running.map(JSON.text)),
            "differences": .array(differences.map(\.json)),
        ]
    }
}

extension EnvironmentComparison.Difference {
    fileprivate init(
        _ kind: Kind, _ item: EnvironmentSnapshot.Item, version: VersionReference?,
        _ permitted: EnvironmentComparison.Permitted?
    ) {
        self.init(
            kind: kind, name: item.name, version: version, target: item.target,
            found: item.artifact,
            source: item.artifact.map { _ in item.digest }, images: item.images,
            permitted: permitted?.artifact, deployment: permitted?.deployment ?? item.deployment,
            permit: permitted?.permit)
    }

    fileprivate init(missing permitted: EnvironmentComparison.Permitted) {
        self.init(
            kind: .permittedNotRunning, name: "", version: permitted.version,
            target: permitted.target,
            found: nil, source: nil, images: [], permitted: permitted.artifact,
            deployment: permitted.deployment, permit: permitted.permit)
    }
}
