// Where a model comes from, as its card claims: typed edges from the artifact to its sources.
//
// An edge is trustworthy only between two digests; a name or a URI alone says nothing about content.
// So every source without a digest is a finding. All edges from a card are *claimed*: the card's
// signer says so. What raises them (a signed run, a recomputed digest) is recorded elsewhere.
//
// Example: a data set with role "train" and digests.sha256 gives `trained_on`; training.run gives
// `produced_by`; training.environment.code gives `built_from` with the commit as its digest.

package import CanonicalJSON
package import Cryptography

/// What a source is to the model.
package enum LineageKind: String, Sendable, Hashable, CaseIterable {
    case trainedOn = "trained_on"
    case validatedOn = "validated_on"
    case testedOn = "tested_on"
    case runsOn = "runs_on"
    case derivedFrom = "derived_from"
    case builtFrom = "built_from"
    case builtIn = "built_in"
    case producedBy = "produced_by"
}

/// The content of a source, by digest.
package enum LineageDigest: Sendable, Hashable, CustomStringConvertible {
    case sha256(SHA256Digest)
    /// A full git commit id, which names a tree of files by SHA-1 or SHA-256.
    case gitCommit(String)

    /// `sha256:…` or `gitCommit:…`, the names of in-toto digest sets.
    package var description: String {
        switch self {
        case .sha256(let digest): "sha256:\(digest.hex)"
        case .gitCommit(let commit): "gitCommit:\(commit)"
        }
    }
}

/// One claimed source of a model.
package struct LineageEdge: Sendable, Hashable {
    package let kind: LineageKind
    /// What the card calls the source.
    package let name: String
    /// The source's version label, if the card gives one.
    package let version: String?
    /// Where it is, if the card says so.
    package let uri: String?
    /// Its content; nil when the card gives no digest, which is a finding.
    package let digest: LineageDigest?
    /// Where in the card.
    package let pointer: JSONPointer

    /// As reports and projections carry it.
    package var json: JSON {
        [
            "kind": .string(kind.rawValue), "name": .string(name),
            "version": version.map(JSON.string) ?? .null, "uri": uri.map(JSON.string) ?? .null,
            "digest": digest.map { "\($0)" } ?? .null, "pointer": "\(pointer)",
        ]
    }
}

/// The lineage that a card claims.
package struct CardLineage: Sendable, Hashable {
    /// In order of kind as listed in `LineageKind`, then as the card lists them.
    package let edges: [LineageEdge]
    /// A finding for every source without a digest.
    package let findings: [JSONFinding]

    /// Reads the edges from a card.
    package init(_ card: ModelCard, at place: JSONPointer = .root) {
        let found =
            Self.dataSets(card.json) + Self.baseModels(card.json) + Self.training(card.json)
        edges = LineageKind.allCases.flatMap { kind in found.filter { $0.kind == kind } }
        findings = edges.filter { $0.digest == nil }.map { edge in
            JSONPointer(place.tokens + edge.pointer.tokens).finding(
                "digest_missing",
                "\(edge.pointer.path) has no digest, so nobody can tell which content it was.")
        }.sorted()
    }

    private static func dataSets(_ card: JSON) -> [LineageEdge] {
        let root = JSONPointer(["data", "sets"])
        return (card.value(at: root)?.array ?? []).enumerated().compactMap { index, set in
            guard let kind = kind(role: set["role"]?.string) else { return nil }
            return LineageEdge(
                kind: kind, name: set["name"]?.string ?? "", version: set["version"]?.string,
                uri: set["uri"]?.string, digest: sha256(set["digests"]?["sha256"]),
                pointer: root.appending(index))
        }
    }

    private static func kind(role: String?) -> LineageKind? {
        switch role {
        case "train": .trainedOn
        case "val": .validatedOn
        case "test": .testedOn
        case "prod": .runsOn
        default: nil
        }
    }

    private static func baseModels(_ card: JSON) -> [LineageEdge] {
        let root = JSONPointer(["model", "base_models"])
        return (card.value(at: root)?.array ?? []).enumerated().map { index, base in
            LineageEdge(
                kind: .derivedFrom, name: base["ref"]?.string ?? "", version: nil, uri: nil,
                digest: sha256(base["digest"]), pointer: root.appending(index))
        }
    }

    private static func training(_ card: JSON) -> [LineageEdge] {
        let root = JSONPointer(["training"])
        let environment = root.appending("environment")
        var edges: [LineageEdge] = []
        if let code = card.value(at: environment.appending("code")) {
            edges.append(
                LineageEdge(
                    kind: .builtFrom, name: code["repo"]?.string ?? "", version: nil,
                    uri: code["repo"]?.string,
                    digest: code["commit"]?.string.map { .gitCommit($0) },
                    pointer: environment.appending("code")))
        }
        for (name, title) in [("container", "container image"), ("lockfile", "lock file")] {
            guard let digests = card.value(at: environment.appending(name)) else { continue }
            edges.append(
                LineageEdge(
                    kind: .builtIn, name: title, version: nil, uri: nil,
                    digest: sha256(digests["sha256"]), pointer: environment.appending(name)))
        }
        if let run = card.value(at: root.appending("run")) {
            edges.append(
                LineageEdge(
                    kind: .producedBy, name: run["id"]?.string ?? "", version: nil,
                    uri: run["uri"]?.string, digest: sha256(run["digests"]?["sha256"]),
                    pointer: root.appending("run")))
        }
        return edges
    }

    private static func sha256(_ json: JSON?) -> LineageDigest? {
        json?.string.flatMap { SHA256Digest(hex: $0) }.map { .sha256($0) }
    }
}
