// An emergency in a test: who is there, and what they do.

import Attestation
import CanonicalJSON
import Cryptography
import Governance
import Registry
import TestSupport
import Testing

extension TestService {
    /// A break-glass for an hour, by a compliance officer and a risk officer.
    func breakGlass(
        _ version: TestVersion, by officer: TestPerson, as role: Role = .complianceOfficer,
        and second: TestPerson, acting secondRole: Role = .riskOfficer,
        edit: (inout BreakGlass) -> Void = { _ in }
    ) async throws -> Envelope {
        let status = try await registry.status(of: version.reference)
        guard let policy = status["activePolicy"]?.string.flatMap({ SHA256Digest(hex: $0) }),
            let production = Self.production
        else { throw TestFailure("no pack") }
        let now = clock.now
        var glass = BreakGlass(
            origin: origin, version: version.reference, artifact: version.artifact,
            environment: production, policy: policy, incident: "INC-2041",
            reason: "the scorer in production declines everybody",
            signers: [officer.signing(as: role), second.signing(as: secondRole)], signedAt: now,
            expiresAt: now.adding(seconds: 3_600))
        edit(&glass)
        return try glass.statement.sign(with: [officer.key, second.key])
    }

    func breakGlassReview(
        of glass: SHA256Digest, on version: TestVersion, by person: TestPerson,
        as role: Role = .validator, _ verdict: BreakGlassReview.Verdict = .justified,
        edit: (inout BreakGlassReview) -> Void = { _ in }
    ) throws -> Envelope {
        var review = BreakGlassReview(
            origin: origin, version: version.reference, artifact: version.artifact,
            breakGlass: glass, verdict: verdict, reason: "nothing else was ready",
            signer: person.signing(as: role), signedAt: clock.now)
        edit(&review)
        return try review.statement.sign(with: [person.key])
    }
}

/// A version that nobody has approved, and who may act in an emergency.
struct BreakGlassScene {
    let service: TestService
    let team: TestTeam
    let risk: TestPerson
    let version: TestVersion

    func open(_ envelope: Envelope) async throws {
        _ = try await service.registry.breakGlass(envelope, service.request(risk))
        try await service.settled()
    }

    func open() async throws -> SHA256Digest {
        let glass = try await service.breakGlass(version, by: team.officer, and: risk)
        try await open(glass)
        return glass.payloadDigest
    }

    func refusal(_ envelope: Envelope) async throws -> String? {
        try await service.refusal {
            try await service.registry.breakGlass(envelope, service.request(risk))
        }
    }

    func review(_ envelope: Envelope) async throws {
        _ = try await service.registry.reviewBreakGlass(
            envelope, service.request(team.validator))
        try await service.settled()
    }

    func reviewRefusal(_ envelope: Envelope) async throws -> String? {
        try await service.refusal {
            try await service.registry.reviewBreakGlass(
                envelope, service.request(team.validator))
        }
    }

    func deploy(_ environment: String = "production") async throws -> Registry.GateAnswer {
        try await service.settled()
        return try await service.deploy(version, by: team.deployer, environment: environment)
    }

    /// Deploys and says that it runs.
    func run() async throws -> String {
        let answer = try await deploy()
        #expect(answer.verdict == "allow", "\(denying(answer))")
        _ = try await service.registry.confirmDeployment(
            answer.deployment, service.request(team.deployer))
        try await service.settled()
        return answer.deployment
    }

    func status() async throws -> JSON {
        try await service.registry.status(of: version.reference)
    }

    func emergency() async throws -> JSON? { try await status()["breakGlass"]?[0] }

    func validity() async throws -> Bool? {
        try await service.registry.validity(
            of: version.reference, at: service.clock.now, in: nil)["valid"]?.bool
    }

    func outcome(_ answer: Registry.GateAnswer, _ id: String) -> JSON? {
        answer.decision["rules"]?.array?.first { $0["id"]?.string == id }
    }

    /// Ids of the rules that deny by themselves.
    func denying(_ answer: Registry.GateAnswer) -> [String] {
        (answer.decision["rules"]?.array ?? []).filter {
            $0["result"]?.string == "error"
                || $0["result"]?.string == "fail" && $0["mode"]?.string == "enforce"
        }.compactMap { $0["id"]?.string }
    }

    /// Runs the body for a version that was submitted and not approved.
    static func with(_ body: (BreakGlassScene) async throws -> Void) async throws {
        try await TestService.with { service in
            let team = try await service.makeTeam()
            let risk = try await service.enrol([.riskOfficer])
            let version = try await service.submit(by: team.owner)
            try await body(
                BreakGlassScene(service: service, team: team, risk: risk, version: version))
        }
    }
}
