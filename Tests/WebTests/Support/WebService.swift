// A service with people who have tokens, asked over HTTP.

import Attestation
import CanonicalJSON
import Cryptography
import Database
import Governance
import HTTPTypes
import Hummingbird
import Registry
import TestSupport

@testable import Web

/// A person with a token.
struct Member: Sendable {
    let person: TestPerson
    let token: String
}

/// A running service and a client of it.
struct WebService: Sendable {
    let service: TestService
    let settings: HTTPSettings
    let client: Client
    let administrator: Member
    let owner: Member
    let validator: Member
    let reviewer: Member
    let officer: Member
    let deployer: Member

    var registry: Registry { service.registry }

    static func with<R>(
        access: HTTPSettings.LogAccess = .private, maximumInFlight: Int = 256,
        _ body: (WebService) async throws -> R
    ) async throws -> R {
        try await TestService.with { service in
            var settings = HTTPSettings()
            settings.logAccess = access
            settings.maximumInFlight = maximumInFlight
            return try await body(WebService(service, settings))
        }
    }

    private init(_ service: TestService, _ settings: HTTPSettings) async throws {
        self.service = service
        self.settings = settings
        client = try Self.client(of: service, settings)
        let team = try await service.makeTeam()
        administrator = try await Self.member(service.administrator, service)
        owner = try await Self.member(team.owner, service)
        validator = try await Self.member(team.validator, service)
        reviewer = try await Self.member(team.reviewer, service)
        officer = try await Self.member(team.officer, service)
        deployer = try await Self.member(team.deployer, service)
    }

    static func trustRoot(of service: TestService) throws -> Envelope {
        try Envelope(parsing: File.read(service.directory.root, limit: 1 << 20))
    }

    static func client(of service: TestService, _ settings: HTTPSettings) throws -> Client {
        Client(
            responder: Web.router(
                registry: service.registry, trustRoot: try trustRoot(of: service),
                settings: settings, stopping: Stopping()
            ).buildResponder())
    }

    /// A client of the same service that sees the log under another setting.
    func client(access: HTTPSettings.LogAccess) throws -> Client {
        var settings = self.settings
        settings.logAccess = access
        return try Self.client(of: service, settings)
    }

    var table: RouteTable {
        get throws {
            Web.table(
                registry: registry, trustRoot: try Self.trustRoot(of: service), settings: settings,
                stopping: Stopping())
        }
    }

    static func member(_ person: TestPerson, _ service: TestService) async throws -> Member {
        let issued = try await service.registry.issueToken(
            for: person.principal, days: 30, service.request(service.administrator))
        return Member(person: person, token: issued.secret)
    }

    // MARK: what is stored

    /// Rows of every table, and the size of the log, once the sequencer has nothing to do.
    func contents() async throws -> [String: Int64] {
        let database = service.scratch.superuser()
        for _ in 0..<500 {
            let isQuiet = try await database.read { db in
                try db.one(
                    """
                    SELECT NOT EXISTS (SELECT FROM audit.pending)
                        AND (SELECT size FROM audit.head)
                            = (SELECT coalesce(max(size), 0) FROM audit.checkpoint)
                    """, as: Bool.self)
            }
            if isQuiet { break }
            try await Task.sleep(for: .milliseconds(10))
        }
        let contents = try await database.read { db in
            let tables = try db.all(
                """
                SELECT schemaname || '.' || tablename,
                       (xpath('/row/n/text()', query_to_xml(
                           format('SELECT count(*) AS n FROM %I.%I', schemaname, tablename),
                           false, true, '')))[1]::text::bigint
                FROM pg_tables WHERE schemaname IN ('audit', 'registry', 'personal')
                """, as: (String, Int64).self)
            var contents = ["size": try db.one("SELECT size FROM audit.head", as: Int64.self)]
            for (table, count) in tables { contents[table] = count }
            return contents
        }
        await database.closeIdle()
        return contents
    }

    // MARK: bodies

    static let version = "/api/v1/namespaces/credit/models/scorecard/versions/1"
    static let model = "/api/v1/namespaces/credit/models/scorecard"

    func submission(_ name: String = "credit/scorecard", seed: String = "one") throws -> JSON {
        let submission = try service.submission(by: owner.person, name, seed: seed)
        return [
            "card": submission.card.json,
            "disclosures": .array(submission.disclosures.map(\.json)),
            "files": .array(submission.files.map(\.json)),
            "signature": .string(Base64.encode(submission.signature)),
        ]
    }

    /// Submits over HTTP, and answers what the tests need to speak of the version.
    func submit(seed: String = "one") async throws -> TestVersion {
        let answer = try await client.post(
            Self.model + "/versions", submission(seed: seed), token: owner.token)
        guard
            let reference = answer.json["result"]?["version"]?.string.flatMap(
                VersionReference.init),
            let digest = answer.json["result"]?["digests"]?["artifact"]?.string,
            let artifact = SHA256Digest(hex: digest)
        else { throw TestFailure("submission: \(answer.status) \(answer.text.prefix(600))") }
        return TestVersion(
            reference: reference, files: TestService.files(seed), artifact: artifact)
    }

    /// Submits, evaluates and approves over HTTP.
    func makeApproved() async throws -> TestVersion {
        let version = try await submit()
        let evaluation = try service.evaluationStatement(of: version, by: reviewer.person)
        try await expect(
            201,
            client.post(
                Self.version + "/evaluations", ["statement": evaluation.json],
                token: reviewer.token))
        for (member, role) in [(validator, Role.validator), (officer, .complianceOfficer)] {
            let statement = try await service.approvalStatement(
                of: version, by: member.person, as: role)
            try await expect(
                201,
                client.post(
                    Self.version + "/approvals", ["statement": statement.json], token: member.token)
            )
        }
        return version
    }

    private func expect(_ status: Int, _ answer: Answer) throws {
        guard answer.status == status else {
            throw TestFailure("\(answer.status) \(answer.text.prefix(600))")
        }
    }

    func question(_ version: TestVersion, _ members: [String: JSON] = [:]) -> JSON {
        .object(
            [
                "environment": "production", "target": "test",
                "artifact": .string(version.artifact.hex),
            ]
            .merging(members) { $1 })
    }
}
