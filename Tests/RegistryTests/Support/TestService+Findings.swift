// Findings about versions, as reviewers sign them.

import Attestation
import CanonicalJSON
import Cryptography
import Governance
import Registry

extension TestPerson {
    /// This person as the signer of a statement.
    func signing(as role: Role) -> SigningOfficer {
        SigningOfficer(principal: principal, role: role, assignment: assignments[role] ?? .zero)
    }
}

extension TestService {
    /// A blocking finding that is due in an hour.
    func finding(
        on version: TestVersion, by person: TestPerson, as role: Role = .validator,
        owner: TestPerson, edit: (inout ValidationFinding) -> Void = { _ in }
    ) throws -> Envelope {
        let now = clock.now
        var finding = ValidationFinding(
            origin: origin, version: version.reference, artifact: version.artifact, severity: .high,
            blocking: true, summary: "no reason codes", owner: owner.principal,
            dueAt: now.adding(seconds: 3_600), signer: person.signing(as: role), signedAt: now)
        edit(&finding)
        return try finding.statement.sign(with: [person.key])
    }

    /// A statement that a finding is resolved, over what the status document shows now.
    func closure(
        of finding: SHA256Digest, on version: TestVersion, by person: TestPerson,
        as role: Role = .validator, edit: (inout FindingClosure) -> Void = { _ in }
    ) async throws -> Envelope {
        let status = try await registry.status(of: version.reference)
        func digest(_ name: String) throws -> SHA256Digest {
            guard let digest = status["digests"]?[name]?.string.flatMap({ SHA256Digest(hex: $0) })
            else { throw TestFailure("no digest \(name)") }
            return digest
        }
        let now = clock.now
        var closure = FindingClosure(
            origin: origin, version: version.reference, finding: finding, resolution: .resolved,
            reason: "they are there now",
            digests: SignedDigests(
                card: try digest("card"), artifact: try digest("artifact"),
                evidence: try digest("evidence"), policy: try digest("policy")),
            signer: person.signing(as: role), signedAt: now, expiresAt: now.adding(seconds: 86_400))
        edit(&closure)
        return try closure.statement.sign(with: [person.key])
    }

    /// A statement of somebody who does not judge a version.
    func abstention(
        from version: TestVersion, by person: TestPerson, as role: Role,
        _ meaning: Abstention.Meaning = .recuse, edit: (inout Abstention) -> Void = { _ in }
    ) async throws -> Envelope {
        let status = try await registry.status(of: version.reference)
        var abstention = Abstention(
            origin: origin,
            request: .init(
                id: status["request"]?["id"]?.string ?? "",
                nonce: status["request"]?["nonce"]?.string ?? ""),
            version: version.reference, artifact: version.artifact, meaning: meaning,
            reason: "worked on it", signer: person.signing(as: role), signedAt: clock.now)
        edit(&abstention)
        return try abstention.statement.sign(with: [person.key])
    }

    /// What a builder says of how a version was built.
    func provenance(
        of version: TestVersion, by builder: TestPerson, subject: SHA256Digest? = nil,
        type: String = "https://slsa.dev/provenance/v1", edit: (inout JSON) -> Void = { _ in }
    ) throws -> Envelope {
        var predicate: JSON = [
            "buildDefinition": [
                "buildType": "https://ci.example/train", "externalParameters": [:],
                "resolvedDependencies": [
                    [
                        "uri": "git+https://git.example/model",
                        "digest": ["gitCommit": .string(String(repeating: "ab", count: 20))],
                    ],
                    [
                        "uri": "s3://bucket/train.parquet",
                        "digest": ["sha256": .string(SHA256.hash("train").hex)],
                    ],
                ],
            ],
            "runDetails": ["builder": ["id": "https://ci.example/builder"]],
        ]
        edit(&predicate)
        return try Statement(
            subjects: [.init(name: "anything", sha256: subject ?? version.artifact)],
            predicateType: type, predicate: predicate
        ).sign(with: [builder.key])
    }
}
