// I1: a governed change and its entry commit together or not at all, wherever the transaction dies.

import CanonicalJSON
import Cryptography
import Database
import Governance
import Registry
import TestSupport
import Testing

@Suite struct `I1: no change without its entry, no entry without its change` {
    /// What happens to the transaction.
    enum Fault: String, CaseIterable { case error, death }

    /// A statement that touches the table, or the COMMIT after it.
    enum Moment: String, CaseIterable { case statement, commit }

    /// Every table that the act writes to.
    enum Governed: String, CaseIterable {
        case submission, deployment, rejection, retirement

        static let always = [
            "audit.document", "registry.subject", "audit.entry", "audit.pending",
            "audit.idempotency",
        ]

        var tables: [String] {
            let own =
                switch self {
                case .submission:
                    [
                        "personal.subject_key", "personal.secret", "registry.model",
                        "registry.version", "registry.lineage",
                    ]
                case .deployment: ["registry.decision", "registry.deployment"]
                case .rejection: ["registry.approval", "registry.restriction", "registry.version"]
                case .retirement: ["registry.decision", "registry.retirement", "registry.version"]
                }
            return Self.always + own
        }
    }

    @Test(arguments: Governed.allCases)
    func `a transaction that dies at any statement leaves nothing`(governed: Governed) async throws
    {
        try await TestService.with { service in
            let act = try await prepare(governed, service)
            try await service.asSuperuser([
                """
                CREATE FUNCTION public.fault() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
                BEGIN
                    IF TG_ARGV[0] = 'death' THEN
                        PERFORM pg_terminate_backend(pg_backend_pid());
                        PERFORM pg_sleep(10);
                    END IF;
                    RAISE EXCEPTION 'fault';
                END $$
                """
            ])
            try await service.settled()
            let before = try await service.contents()
            for table in governed.tables {
                for fault in Fault.allCases {
                    for moment in Moment.allCases {
                        try await service.asSuperuser([Self.trigger(on: table, fault, moment)])
                        await #expect(throws: (any Error).self, "\(table) \(fault) \(moment)") {
                            _ = try await act()
                        }
                        try await service.asSuperuser(["DROP TRIGGER fault ON \(table)"])
                        #expect(
                            try await service.contents() == before, "\(table) \(fault) \(moment)")
                    }
                }
            }
            let outcome = try await act()
            #expect(!outcome.recorded.wasReplayed)
            try await service.settled()
            let after = try await service.contents()
            for table in governed.tables where table != "audit.pending" {
                #expect(after[table] != before[table], "\(table)")
            }
            #expect(try await act().recorded.entryID == outcome.recorded.entryID)
            #expect(try await service.contents() == after)
        }
    }

    private static func trigger(on table: String, _ fault: Fault, _ moment: Moment) -> String {
        switch moment {
        case .statement:
            """
            CREATE TRIGGER fault BEFORE INSERT OR UPDATE ON \(table)
            FOR EACH ROW EXECUTE FUNCTION public.fault('\(fault)')
            """
        case .commit:
            """
            CREATE CONSTRAINT TRIGGER fault AFTER INSERT OR UPDATE ON \(table)
            DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.fault('\(fault)')
            """
        }
    }

    /// Brings a model to where the act is next; the act carries a retry key.
    private func prepare(
        _ governed: Governed, _ service: TestService
    ) async throws -> () async throws -> Registry.Outcome {
        let team = try await service.makeTeam()
        let production = try #require(TestService.production)
        switch governed {
        case .submission:
            let submission = try service.submission(by: team.owner)
            return {
                try await service.registry.submit(submission, service.request(team.owner, key: "k"))
            }
        case .deployment:
            let version = try await service.makeApproved(team)
            return {
                try await service.registry.deploy(
                    .init(
                        version: version.reference, environment: production,
                        target: "t", artifact: version.artifact, use: nil, dryRun: false),
                    service.request(team.deployer, key: "k")
                ).outcome
            }
        case .rejection:
            let version = try await service.submit(by: team.owner)
            let statement = try await service.approvalStatement(
                of: version, by: team.validator, as: .validator, meaning: .reject)
            return {
                try await service.registry.recordApproval(
                    statement, service.request(team.validator, key: "k"))
            }
        case .retirement:
            let version = try await service.makeApproved(team)
            return {
                try await service.registry.retire(
                    version.reference, reason: "no longer needed by anyone", successor: nil,
                    service.request(team.owner, key: "k")
                ).outcome
            }
        }
    }

    @Test func `a refused request leaves no row anywhere`() async throws {
        try await TestService.with { service in
            let team = try await service.makeTeam()
            let version = try await service.submit(by: team.owner)
            let unknown = try #require(VersionReference("credit/other@7"))
            try await service.settled()
            let before = try await service.contents()
            let registry = service.registry
            let asOwner = service.request(team.owner)
            let refusals: [(code: String, act: () async throws -> Any)] = [
                ("version-unknown", { try await registry.suspend(unknown, reason: "r", asOwner) }),
                (
                    "role-missing",
                    {
                        try await registry.suspend(
                            version.reference, reason: "r", service.request(team.deployer))
                    }
                ),
                (
                    "model-mismatch",
                    {
                        let one = try service.submission(by: team.owner, "credit/a")
                        let other = try #require(ModelName("credit/b"))
                        return try await registry.submit(
                            .init(
                                model: other, card: one.card, disclosures: one.disclosures,
                                files: one.files, signature: one.signature), asOwner)
                    }
                ),
                (
                    "entry-too-large",
                    {
                        try await registry.writer.write(
                            asOwner, Subjects(written: ["version/credit/huge@1"])
                        ) { _, _ in
                            Act(
                                .versionSuspended(
                                    VersionSuspended(
                                        version: version.reference, restriction: "s-1",
                                        reason: String(repeating: "x", count: 66_000))),
                                documents: [[1, 2, 3]])
                        }
                    }
                ),
            ]
            for (code, act) in refusals {
                #expect(try await service.refusal(act) == code)
                #expect(try await service.contents() == before, "\(code)")
            }
        }
    }

    @Test func `what a gate denies is recorded, and changes nothing else`() async throws {
        try await TestService.with { service in
            let team = try await service.makeTeam()
            let version = try await service.submit(by: team.owner)
            let registry = service.registry
            let asOwner = service.request(team.owner)
            let forged = try await service.approvalStatement(
                of: version, by: team.owner, as: .validator)
            let stolen = try service.submission(
                by: team.owner, "credit/new", signedWith: team.deployer.key)
            let denials: [(gate: Gate, subject: String, act: () async throws -> Any)] = [
                (
                    .approve, "\(version.reference)",
                    { try await registry.recordApproval(forged, asOwner) }
                ),
                (.submit, "credit/new", { try await registry.submit(stolen, asOwner) }),
            ]
            for (gate, subject, act) in denials {
                try await service.settled()
                let before = try await service.logged().count
                #expect(try await service.refusal(act) == "gate-denied")
                try await service.settled()
                let log = try await service.logged()
                #expect(log.count == before + 1)
                guard case .gateDenied(let event) = log.last?.entry.event else {
                    throw TestFailure("no denial")
                }
                #expect(event.gate == gate)
                #expect(event.subject.description == subject)
            }
            let status = try await registry.status(of: version.reference)
            #expect(status["approvals"] == [])
            #expect(
                try await service.refusal {
                    try await registry.versions(of: try #require(ModelName("credit/new")))
                } == "model-unknown")
        }
    }
}
