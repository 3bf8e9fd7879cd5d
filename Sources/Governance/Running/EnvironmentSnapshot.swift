// The signed statement by which an agent says what runs in an environment.
//
// An in-toto statement of type https://imprimatur.dev/predicate/environment-snapshot/v1 about the subject
// {"name":"environment:credit/production","digest":{"sha256":SHA-256 of "credit/production"}} with the
// predicate
//
//     {"origin":"example.com/log","namespace":"credit","environment":"production",
//      "source":"host","takenAt":"2026-11-21T08:00:00.000Z",
//      "signer":{"principal":"p-…","role":"agent","assignment":DIGEST},
//      "items":[{"name":"scorer","state":"running","target":"host-1","version":"credit/scorecard@3","deployment":"d-…",
//                "artifact":DIGEST,"digest":"recomputed","images":[]}, …]}
//
// A snapshot is whole: what it does not list does not run there. It is about one namespace, for which its
// signer holds the role `agent`; so nobody learns from it what others run. `version`, `deployment` and
// `artifact` are null where the agent does not know them. `digest` tells who computed the digest:
// `recomputed` the agent, from the bytes on the target; `claimed` somebody else, whose word it passes on.
// Images are digests as the container runtime reports them. What is `present` lies on the target and
// does not run: it is compared with nothing, and is there for its digest.

package import Attestation
package import CanonicalJSON
package import Cryptography

/// What an agent signed about an environment.
package struct EnvironmentSnapshot: PredicateStatement {
    /// The predicate type.
    package static let predicateType = "https://imprimatur.dev/predicate/environment-snapshot/v1"
    /// Most things in a snapshot, so that a gate that reads it again is quick.
    package static let mostItems = 2_000
    /// Most images of one thing.
    package static let mostImages = 20

    /// Where the agent looked.
    package enum Source: String, Sendable, Hashable, CaseIterable {
        case host, kubernetes
    }

    /// Whether something runs.
    package enum State: String, Sendable, Hashable, CaseIterable {
        case running, present
    }

    /// Who computed an artifact's digest.
    package enum DigestSource: String, Sendable, Hashable, CaseIterable {
        /// The agent, from the bytes on the target.
        case recomputed
        /// Somebody else.
        case claimed
    }

    /// One thing that the agent found.
    package struct Item: Sendable, Hashable {
        /// What the agent calls it, as a folder's or a pod's name; may be empty.
        package var name: String
        package var state: State
        /// Where exactly, as permits name targets; may be empty.
        package var target: String
        package var version: VersionReference?
        package var deployment: String?
        package var artifact: SHA256Digest?
        package var digest: DigestSource
        package var images: [SHA256Digest]

        package init(
            name: String = "", state: State = .running, target: String = "",
            version: VersionReference? = nil,
            deployment: String? = nil, artifact: SHA256Digest? = nil,
            digest: DigestSource = .claimed, images: [SHA256Digest] = []
        ) {
            self.name = name
            self.state = state
            self.target = target
            self.version = version
            self.deployment = deployment
            self.artifact = artifact
            self.digest = digest
            self.images = images
        }
    }

    /// The log that the statement is for.
    package var origin: String
    package var namespace: Namespace
    package var environment: EnvironmentName
    package var source: Source
    /// When the agent looked, by its clock.
    package var takenAt: Timestamp
    package var signer: SigningOfficer
    package var items: [Item]

    package init(
        origin: String, namespace: Namespace, environment: EnvironmentName, source: Source,
        takenAt: Timestamp, signer: SigningOfficer, items: [Item]
    ) {
        self.origin = origin
        self.namespace = namespace
        self.environment = environment
        self.source = source
        self.takenAt = takenAt
        self.signer = signer
        self.items = items
    }

    package var statementSubject: Statement.Subject {
        Statement.Subject(kind: "environment", "\(namespace)/\(environment)")
    }

    package var predicate: JSON {
        [
            "origin": .string(origin), "namespace": .text(namespace),
            "environment": .text(environment), "source": .string(source.rawValue),
            "takenAt": .text(takenAt), "signer": signer.json,
            "items": .array(items.map(\.json)),
        ]
    }

    package init?(predicate reader: JSONReader) {
        let origin = reader.origin()
        let namespace = reader.parsed("namespace", as: "the name of a namespace") { Namespace($0) }
        let environment = reader.parsed("environment", as: "the name of an environment") {
            EnvironmentName($0)
        }
        let source = reader.choice("source", of: Source.self)
        let takenAt = reader.time("takenAt")
        let signer = reader.object("signer") { SigningOfficer.read($0, roles: [.agent]) }
        let items = reader.array("items", count: 0...Self.mostItems) { item in
            item.object { Item(reading: $0) }
        }
        guard let namespace, let environment, let source, let takenAt, let signer else {
            return nil
        }
        let strangers = items.compactMap(\.version).filter { $0.model.namespace != namespace }
        if let stranger = strangers.first {
            reader.refuse(
                "items", JSONFinding.Code.value,
                "\(stranger) is of another namespace than \(namespace), which this is about.")
        }
        self.init(
            origin: origin, namespace: namespace, environment: environment, source: source,
            takenAt: takenAt, signer: signer, items: items)
    }

    /// What stands against believing the statement at the time when the log took or takes it.
    ///
    /// - Parameter keys: every key whose signature over the statement holds.
    package func problems(
        origin: String, keys: Set<KeyID>, chain: TrustChain, at now: Timestamp
    ) -> [JSONFinding] {
        var findings: [JSONFinding] = []
        if self.origin != origin {
            findings.append(
                .predicate(
                    "origin", TrustProblem.wrongOrigin.rawValue,
                    "The statement is for another log."))
        }
        if now.adding(milliseconds: signerSkewMilliseconds) < takenAt {
            findings.append(
                .predicate(
                    "takenAt", TrustProblem.notValidThen.rawValue,
                    "It was taken in the future: now is \(now)."))
        }
        return findings + signer.problems(in: namespace, keys: keys, chain: chain, at: now)
    }

    /// Whether the agent itself computed this digest, of something at that target; what it found
    /// without saying where is anywhere in the environment.
    package func hasRecomputed(_ artifact: SHA256Digest, at target: String) -> Bool {
        items.contains {
            $0.artifact == artifact && $0.digest == .recomputed
                && ($0.target.isEmpty || $0.target == target)
        }
    }
}

extension EnvironmentSnapshot.Item {
    var json: JSON {
        [
            "name": .string(name), "state": .string(state.rawValue), "target": .string(target),
            "version": version.map(JSON.text) ?? .null,
            "deployment": deployment.map(JSON.string) ?? .null,
            "artifact": .digest(artifact), "digest": .string(digest.rawValue),
            "images": .array(images.map { .string($0.hex) }),
        ]
    }

    init(reading reader: JSONReader) {
        // A value that cannot be read is a finding, which refuses the whole statement.
        name = Self.name(reader, "name")
        state = reader.choice("state", of: EnvironmentSnapshot.State.self) ?? .running
        target = Self.name(reader, "target")
        version = reader.nullable("version") { version in
            version.parsed(as: "namespace/name@number") { VersionReference($0) }
        }
        deployment = reader.nullable("deployment") { id in
            id.parsed(as: "d- and at most 62 letters or digits") {
                Self.isDeployment($0) ? $0 : nil
            }
        }
        artifact = reader.nullableDigest("artifact")
        digest = reader.choice("digest", of: EnvironmentSnapshot.DigestSource.self) ?? .claimed
        if artifact == nil, digest == .recomputed {
            reader.refuse(
                "digest", JSONFinding.Code.value, "Nothing was recomputed: there is no digest.")
        }
        images = reader.array("images", count: 0...EnvironmentSnapshot.mostImages) { image in
            image.parsed(as: "64 lowercase hex digits") { SHA256Digest(hex: $0) }
        }
        if state == .running, version == nil, deployment == nil, artifact == nil, images.isEmpty {
            reader.refuse(
                "version", JSONFinding.Code.value,
                "Something that runs has a version, a deployment, a digest or an image.")
        }
    }

    private static func name(_ reader: JSONReader, _ member: String) -> String {
        let name = reader.string(member, length: 0...512)
        if !Permit.isName(name) {
            reader.refuse(
                member, JSONFinding.Code.format,
                "At most 512 printable ASCII characters, no space, quote or backslash.")
        }
        return name
    }

    /// Whether a text can be a deployment's id.
    package static func isDeployment(_ text: String) -> Bool {
        text.utf8.starts(with: "d-".utf8) && (3...64).contains(text.utf8.count)
            && text.utf8.dropFirst(2).allSatisfy {
                (0x61...0x7A).contains($0) || (0x30...0x39).contains($0)
            }
    }
}
