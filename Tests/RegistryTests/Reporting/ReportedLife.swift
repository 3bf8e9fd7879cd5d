// The life of a model that the tests of reports tell, lived once on a real database.

import Attestation
import CanonicalJSON
import Cryptography
import Database
import Foundation
import Governance
import Registry
import TestSupport
import TransparencyLog

/// A report of a whole life, with what is needed to check it.
struct ReportedLife: Sendable {
    let report: JSON
    let root: TrustRoot
    /// The same history after one printed name was erased, and whose it was.
    let erased: JSON
    /// The same history for a reader who may not see names.
    let withheld: JSON
    let erasedPrincipal: PrincipalID

    static let hostileName = "Zoë <script>alert(\"1\")</script> O'Müller\u{202E}"
    static let hostileReason = "drift & \"bias\" <img src=x onerror=alert(1)> größer \u{2066}als"

    private static let shared = Task { try await live() }

    /// The life, lived when first asked for.
    static func told() async throws -> ReportedLife { try await shared.value }

    private static func live() async throws -> ReportedLife {
        try await TestService.with { service in
            let team = try await TestTeam(
                owner: service.enrol([.owner], named: "Ada Okonkwo"),
                validator: service.enrol([.validator], named: hostileName),
                reviewer: service.enrol([.fairnessReviewer], named: "Jürgen Weiß"),
                officer: service.enrol([.complianceOfficer], named: "Mei-Ling Tan"),
                deployer: service.enrol([.deployer], named: "release pipeline", kind: .service))
            let first = try await liveFirst(service, team)
            try await liveSecond(service, team)
            _ = try await service.submit(by: team.owner, "credit/other", seed: "other")
            guard let model = ModelName("credit/scorecard") else { throw TestFailure("name") }
            try await service.settle()
            let registry = service.registry
            let report = try await registry.report(
                model: model, for: team.officer.caller)
            try keep(report.json)
            let withheld = try await registry.report(model: model, for: team.owner.caller)
            service.clock.advance(days: 184)
            let officers = try await service.makeOfficers()
            let answer = try await service.erase(
                .principal(team.validator.principal), by: officers)
            guard answer.isErased else { throw TestFailure("\(answer.grounds)") }
            try await service.settle()
            let erased = try await registry.report(
                model: model, for: team.officer.caller)
            _ = first
            return ReportedLife(
                report: report.json, root: registry.root, erased: erased.json,
                withheld: withheld.json,
                erasedPrincipal: team.validator.principal)
        }
    }

    /// From submission over denial, approval, deployment and suspension to retirement.
    private static func liveFirst(_ service: TestService, _ team: TestTeam) async throws
        -> TestVersion
    {
        let registry = service.registry
        let version = try await service.submit(by: team.owner)
        _ = try await service.deploy(version, by: team.deployer)
        try await service.evaluate(version, by: team.reviewer)
        let statement = try await service.approvalStatement(
            of: version, by: team.validator, as: .validator
        ) { $0.comment = "Reviewed the <b>whole</b> file; see note 4 & 5." }
        _ = try await registry.recordApproval(statement, service.request(team.validator))
        try await service.approve(version, by: team.officer, as: .complianceOfficer)
        _ = try await service.deploy(version, by: team.deployer, dryRun: true)
        _ = try await service.deploy(version, by: team.deployer, artifact: SHA256.hash("other"))
        let allowed = try await service.deploy(version, by: team.deployer)
        guard allowed.verdict == "allow" else { throw TestFailure("denied: \(allowed.denials)") }
        _ = try await registry.confirmDeployment(allowed.deployment, service.request(team.deployer))
        _ = try await registry.suspend(
            version.reference, reason: hostileReason, service.request(team.officer))
        _ = try await registry.retire(
            version.reference, reason: "too early", successor: nil, service.request(team.owner))
        _ = try await registry.endDeployment(
            allowed.deployment, reason: "replaced", service.request(team.deployer))
        _ = try await registry.retire(
            version.reference, reason: "replaced by a better one", successor: nil,
            service.request(team.owner))
        return version
    }

    /// An unfair second version, rejected.
    private static func liveSecond(_ service: TestService, _ team: TestTeam) async throws {
        let version = try await service.submit(by: team.owner, seed: "two")
        try await service.evaluate(version, by: team.reviewer, fair: false)
        _ = try await service.deploy(version, by: team.deployer)
        try await service.approve(
            version, by: team.officer, as: .complianceOfficer, meaning: .reject)
    }

    /// Leaves report and page where `IMPRIMATUR_REPORT_SAMPLE` says, to be looked at.
    private static func keep(_ report: JSON) throws {
        guard let folder = ProcessInfo.processInfo.environment["IMPRIMATUR_REPORT_SAMPLE"] else {
            return
        }
        try Data(report.canonicalBytes).write(to: URL(fileURLWithPath: folder + "/report.json"))
        try Data(ReportPage.render(report)).write(to: URL(fileURLWithPath: folder + "/report.html"))
    }
}

extension TestService {
    /// Registers somebody by name, with a key and roles.
    func enrol(
        _ roles: [Role], named name: String, kind: PrincipalKind = .person
    ) async throws -> TestPerson {
        let key = try PrivateKey.generate(.ecdsaP256)
        guard let principal = PrincipalID(bytes: Random.bytes(8)) else {
            throw TestFailure("no id")
        }
        let from = clock.now.adding(seconds: -1)
        let keyStatement = try KeyAssignment(
            origin: origin, principal: principal, kind: kind, key: key.publicKey, validFrom: from,
            validUntil: from.adding(seconds: 300 * 86_400)
        ).statement.sign(with: [key, administrator.key])
        _ = try await registry.register(
            .init(name: name, assignment: keyStatement, person: nil), request(administrator))
        _ = try await registry.assignKey(keyStatement, request(administrator))
        var person = TestPerson(
            principal: principal, key: key,
            caller: Caller(principal: principal, person: principal, kind: kind, token: "t-test"),
            keyStatement: keyStatement.payloadDigest)
        for role in roles { person.assignments[role] = try await grant(role, to: person) }
        return person
    }

    /// Waits until the published checkpoint covers everything that is written.
    func settle() async throws {
        let owner = try await enrol([], named: "the last to come")
        _ = owner
        for _ in 0..<500 {
            let size = registry.follower.snapshot.published?.checkpoint.size ?? 0
            let written = try await scratch.superuser().read { db in
                try db.one("SELECT count(*) FROM audit.entry", as: Int64.self)
            }
            if size == written { return }
            try await Task.sleep(for: .milliseconds(10))
        }
        throw TestFailure("the log does not settle")
    }

}

extension JSON {
    /// This value with another one at a place.
    func replacing(_ path: [String], _ edit: (JSON) -> JSON?) -> JSON {
        guard let token = path.first else { return edit(self) ?? .null }
        let rest = Array(path.dropFirst())
        switch self {
        case .object(var members):
            if rest.isEmpty {
                members[token] = edit(members[token] ?? .null)
            } else {
                members[token] = members[token]?.replacing(rest, edit)
            }
            return .object(members)
        case .array(var elements):
            guard let index = Int(token), elements.indices.contains(index) else { return self }
            if rest.isEmpty, edit(elements[index]) == nil {
                elements.remove(at: index)
            } else {
                elements[index] = elements[index].replacing(rest, edit)
            }
            return .array(elements)
        default: return self
        }
    }

    /// With the digest made good again, as a forger would.
    var redigested: JSON {
        replacing(["digest"]) { _ in .string(ModelReport.digest(of: self).hex) }
    }
}
