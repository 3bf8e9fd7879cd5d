// Status lists say what the gate would say; and what was valid on a day is answered from the record.

import Attestation
import CanonicalJSON
import Cryptography
import Governance
import Registry
import TestSupport
import Testing

extension TestService {
    fileprivate func list() async throws -> StatusList {
        guard let listed = try await registry.statusList() else { throw TestFailure("no list") }
        let list = try StatusList(Statement(parsing: listed.envelope.payload))
        #expect(!listed.envelope.verify(with: [registry.permitKey.publicKey]).isEmpty)
        let entry = try Entry(parsing: SignedEntry(parsing: listed.entry).payload)
        guard case .statusListed(let event) = entry.event else { throw TestFailure("no entry") }
        #expect(event.list == listed.envelope.payloadDigest)
        #expect(entry.time.description == list.issuedAt)
        return list
    }

    fileprivate func lists() async throws -> Int {
        try await settled()
        return try await logged().count {
            if case .statusListed = $0.entry.event { true } else { false }
        }
    }
}

@Suite struct `A status list` {
    @Test
    func
        `names what is suspended, withdrawn, retired or ended, and is made anew when that changes`()
        async throws
    {
        try await TestService.with { service in
            let team = try await service.makeTeam()
            let running = try await service.makeApproved(team)
            let id = try await service.run(running, by: team.deployer)
            let empty = try await service.list()
            #expect(empty.versions == [:])
            #expect(empty.deployments == [:])
            // The same again, not another one.
            #expect(try await service.list() == empty)
            #expect(try await service.lists() == 1)

            let asOwner = service.request(team.owner)
            _ = try await service.registry.suspend(
                running.reference, reason: "bias", asOwner)
            #expect(
                try await service.list().versions == [running.reference.description: .suspended])

            let withdrawn = try await service.submit(by: team.owner, seed: "two")
            _ = try await service.registry.withdraw(
                withdrawn.reference, reason: "a mistake", asOwner)
            let retired = try await service.submit(by: team.owner, "credit/other", seed: "three")
            _ = try await service.registry.retire(
                retired.reference, reason: "never used at all", successor: nil, asOwner)
            let list = try await service.list()
            #expect(
                list.versions == [
                    running.reference.description: .suspended,
                    withdrawn.reference.description: .revoked,
                    retired.reference.description: .retired,
                ])
            #expect(list.deployments == [:])
            #expect(id.hasPrefix("d-"))
            #expect(try await service.lists() == 3)
            // An old one is not given out again.
            try await service.advanceAndCatchUp(seconds: 90)
            #expect(try await service.list().issuedAt > list.issuedAt)
        }
    }

    @Test func `names a deployment that ended while a permit to run still holds`() async throws {
        try await TestService.with { service in
            let team = try await service.makeTeam()
            let version = try await service.makeApproved(team)
            let id = try await service.run(version, by: team.deployer)
            let asDeployer = service.request(team.deployer)
            _ = try await service.registry.permitRun(id, artifact: version.artifact, asDeployer)
            _ = try await service.registry.endDeployment(id, reason: "replaced", asDeployer)
            #expect(try await service.list().deployments == [id: .ended])
        }
    }

    @Test func `names a deployment whose approval was signed after its key was lost`() async throws
    {
        try await TestService.with { service in
            let team = try await service.makeTeam()
            let start = service.clock.now
            let version = try await service.makeApproved(team)
            let id = try await service.run(version, by: team.deployer)
            let now = service.clock.now
            let asAdministrator = service.request(service.administrator)
            let key = team.officer.key.publicKey.id
            // From now on: what was signed before stays.
            _ = try await service.registry.revokeKey(
                key, of: team.officer.principal, reason: "left", effectiveFrom: now,
                asAdministrator)
            #expect(try await service.list().deployments == [:])
            // It turns out that it was stolen before it signed.
            _ = try await service.registry.revokeKey(
                key, of: team.officer.principal, reason: "stolen", effectiveFrom: start,
                asAdministrator)
            #expect(try await service.list().deployments == [id: .revoked])
        }
    }
}

@Suite struct `Whether a deployment was valid on a day` {
    private func ask(
        _ service: TestService, _ version: TestVersion, _ time: Timestamp,
        _ environment: String? = nil
    ) async throws -> JSON {
        try await service.registry.validity(
            of: version.reference, at: time,
            in: environment.flatMap { EnvironmentName($0) })
    }

    @Test func `follows from what was permitted, ran, was suspended and ended`() async throws {
        try await TestService.with { service in
            let team = try await service.makeTeam()
            let version = try await service.makeApproved(team)
            let before = service.clock.now
            try await service.advanceAndCatchUp(seconds: 10)
            _ = try await service.run(version, by: team.deployer)
            try await service.advanceAndCatchUp(seconds: 10)
            let running = service.clock.now
            try await service.advanceAndCatchUp(seconds: 10)
            _ = try await service.registry.suspend(
                version.reference, reason: "bias", service.request(team.owner))
            try await service.advanceAndCatchUp(seconds: 10)
            let suspended = service.clock.now

            #expect(try await ask(service, version, before)["valid"] == false)
            let then = try await ask(service, version, running)
            #expect(then["valid"] == true, "\(then)")
            #expect(then["deployments"]?.array?.first?["state"] == "running")
            #expect(try await ask(service, version, running, "production")["valid"] == true)
            #expect(try await ask(service, version, running, "staging")["valid"] == false)
            let late = try await ask(service, version, suspended)
            #expect(late["valid"] == false)
            #expect(late["restrictions"]?.array?.first?["kind"] == "suspension")
            #expect(
                try await service.refusal {
                    try await ask(service, version, service.clock.now.adding(seconds: 60))
                } == "time-in-future")
            // Whoever deletes the suspension's row gets no answer.
            try await service.sabotage(["DELETE FROM registry.restriction"])
            #expect(try await ask(service, version, suspended)["valid"] == .null)
        }
    }

    @Test func `is not known when the pack that decided cannot be read any more`() async throws {
        try await TestService.with { service in
            let team = try await service.makeTeam()
            let version = try await service.makeApproved(team)
            let before = service.clock.now
            try await service.advanceAndCatchUp(seconds: 10)
            _ = try await service.run(version, by: team.deployer)
            try await service.advanceAndCatchUp(seconds: 10)
            let running = service.clock.now
            #expect(try await ask(service, version, running)["valid"] == true)
            try await service.sabotage([
                "UPDATE registry.decision SET policy = decode(repeat('ab', 32), 'hex')"
            ])
            let answer = try await ask(service, version, running)
            #expect(answer["valid"] == .null, "\(answer)")
            #expect(answer["reasons"]?.array?.count == 1)
            // Where nothing covered the time, or something forbade it, the pack is not missed.
            #expect(try await ask(service, version, before)["valid"] == false)
            _ = try await service.registry.suspend(
                version.reference, reason: "bias", service.request(team.owner))
            try await service.advanceAndCatchUp(seconds: 10)
            #expect(try await ask(service, version, service.clock.now)["valid"] == false)
        }
    }

    @Test func `changes with a key that was lost before it signed, not with one lost after`()
        async throws
    {
        try await TestService.with { service in
            let team = try await service.makeTeam()
            let start = service.clock.now
            let version = try await service.makeApproved(team)
            _ = try await service.run(version, by: team.deployer)
            let running = service.clock.now
            let asAdministrator = service.request(service.administrator)
            let (key, officer) = (team.officer.key.publicKey.id, team.officer.principal)
            _ = try await service.registry.revokeKey(
                key, of: officer, reason: "left", effectiveFrom: running, asAdministrator)
            #expect(try await ask(service, version, running)["valid"] == true)
            _ = try await service.registry.revokeKey(
                key, of: officer, reason: "stolen", effectiveFrom: start, asAdministrator)
            let answer = try await ask(service, version, running)
            #expect(answer["valid"] == false)
            let denials = answer["deployments"]?.array?.first?["hindsight"]?["denials"]?.array
            #expect(denials?.isEmpty == false)
            // The report still holds: what it tells was right when it was recorded.
            try await service.settled()
            let report = try await service.registry.report(
                model: version.reference.model, for: service.administrator.caller)
            #expect(
                ReportCheck.check(
                    report.json, root: service.registry.root, acceptingDevelopment: true
                ).findings == [])
            #expect(
                try await service.refusal {
                    try await service.registry.revokeKey(
                        key, of: officer, reason: "later",
                        effectiveFrom: service.clock.now.adding(seconds: 60), asAdministrator)
                } == "revocation-in-future")
        }
    }
}
