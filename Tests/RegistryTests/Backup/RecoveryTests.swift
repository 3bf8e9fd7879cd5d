// A log that lost its end begins anew under another origin, by its custodians' statement, with everything
// that restricts and nothing that permits.

import Attestation
import CanonicalJSON
import Cryptography
import Database
import Foundation
import Governance
import Registry
import TestSupport
import Testing
import TransparencyLog

@Suite struct `A recovery` {
    @Test func `opens a log in which what was suspended is suspended, and nothing is permitted`()
        async throws
    {
        try await withLoss { loss in
            let survey = try await survey(loss, [loss.suspension, loss.revocation])
            #expect(survey.cause.code == .databaseOlder)
            #expect(survey.lost == survey.surviving.size..<survey.pinned.size)
            #expect(survey.restrictions.map(\.former) == [loss.version.reference])
            #expect(survey.restrictions.map(\.artifact) == [loss.version.artifact])
            #expect(survey.revocations.map(\.key) == [loss.team.deployer.key.publicKey.id])
            #expect(survey.unauthentic == [])
            try await ScratchDatabase.with { scratch in
                let next = try Next(loss)
                let directory = try await open(
                    loss, survey, as: next, signedBy: [loss.service.custodian], in: scratch)
                try await TestService.opened(scratch, directory, loss.service.clock) { again in
                    #expect(again.registry.halt.reason == nil)
                    #expect(again.origin == next.root.origin)
                    // Nothing that permitted came along.
                    #expect(
                        try await again.refusal {
                            try await again.registry.status(of: loss.version.reference)
                        } == "version-unknown")
                    let team = try await again.makeTeam()
                    let version = try await again.makeApproved(team)
                    #expect(version.artifact == loss.version.artifact)
                    try await again.settled()
                    #expect(
                        try await again.deploy(version, by: team.deployer).denials == ["DEP-301"])
                    let shown = try await again.registry.status(of: version.reference)
                    let restrictions = shown["restrictions"]?.array ?? []
                    #expect(restrictions.map { $0["source"]?.string } == ["both"])
                    #expect(
                        restrictions.first?["reason"]?.string
                            == "suspension of \(loss.version.reference) in the former log: drift")
                    // Other bytes are not held back.
                    let other = try await again.makeApproved(team, seed: "three")
                    #expect(try await again.deploy(other, by: team.deployer).verdict == "allow")
                    // The revoked key counts for nobody, even given to somebody once more.
                    let key = loss.team.deployer.key
                    let now = again.clock.now
                    let assignment = try KeyAssignment(
                        origin: again.origin, principal: team.owner.principal, kind: .person,
                        key: key.publicKey, previous: team.owner.keyStatement,
                        validFrom: now.adding(seconds: -1),
                        validUntil: now.adding(seconds: 86_400)
                    ).statement.sign(with: [key, team.owner.key, again.administrator.key])
                    _ = try await again.registry.assignKey(
                        assignment, again.request(again.administrator))
                    try await again.settled()
                    let chain = again.registry.follower.snapshot.identities.chain
                    let held = (key.publicKey.id, team.owner.key.publicKey.id)
                    #expect(chain.holder(of: held.0, at: again.clock.now) == nil)
                    #expect(chain.holder(of: held.1, at: again.clock.now) != nil)
                    try await again.expectWhole()
                    // As superuser: without the row the log's word stands.
                    try await again.sabotage(["DELETE FROM registry.restriction"])
                    #expect(
                        try await again.deploy(version, by: team.deployer).denials == ["DEP-301"])
                }
            }
        }
    }

    @Test
    func `is replayed with what it took over: a row of it changed, deleted or added is named`()
        async throws
    {
        try await withLoss { loss in
            let survey = try await survey(loss, [loss.suspension])
            try await ScratchDatabase.with { scratch in
                let next = try Next(loss)
                let directory = try await open(
                    loss, survey, as: next, signedBy: [loss.service.custodian], in: scratch)
                try await TestService.opened(scratch, directory, loss.service.clock) { again in
                    try await again.settled()
                    try await again.expectWhole()
                    _ = try await again.asSuperuser([
                        "CREATE TABLE public.kept AS TABLE registry.carried"
                    ])
                    let name = "registry.carried"
                    let edits: [(statement: String, kinds: Set<String>, column: String?)] = [
                        (
                            "UPDATE registry.carried SET artifact = sha256('x')", ["row-altered"],
                            "artifact"
                        ),
                        ("UPDATE registry.carried SET former = 'a/b@1'", ["row-altered"], "former"),
                        ("UPDATE registry.carried SET reason = 'none'", ["row-altered"], "reason"),
                        (
                            "UPDATE registry.carried SET entry = sha256('x')", ["row-altered"],
                            "entry"
                        ),
                        (
                            "UPDATE registry.carried SET at = at + interval '1 s'", ["row-altered"],
                            "at"
                        ),
                        (
                            "UPDATE registry.carried SET id = 'other'",
                            ["row-missing", "row-surplus"], nil
                        ),
                        ("DELETE FROM registry.carried", ["row-missing"], nil),
                        (
                            """
                            INSERT INTO registry.carried
                            SELECT 'other', sha256('x'), former, reason, entry, at FROM public.kept
                            """, ["row-surplus"], nil
                        ),
                    ]
                    for edit in edits {
                        _ = try await again.asSuperuser([edit.statement])
                        let report = try await Auditing.replay(
                            again.access.migrator, root: next.root)
                        let named = Set(edit.kinds.map { "\(name) \($0)" })
                        #expect(report.findings.named == named, "\(edit.statement)")
                        let columns = report.findings.kept.flatMap(\.columns).map(\.name)
                        if let column = edit.column { #expect(columns == [column]) }
                        _ = try await again.asSuperuser([
                            "DELETE FROM registry.carried",
                            "INSERT INTO registry.carried TABLE public.kept",
                        ])
                    }
                    try await again.expectWhole()
                }
            }
        }
    }

    @Test func `takes over nothing that was not brought or is not proven`() async throws {
        try await withLoss { loss in
            // Nobody brought anything: nothing that is lost restricts.
            #expect(try await survey(loss, []).restrictions == [])
            func refused(_ lost: LostEntry...) async -> String {
                do {
                    _ = try await survey(loss, lost)
                    return ""
                } catch {
                    return "\(error)"
                }
            }
            func bytes(_ item: LostEntry, _ entry: [UInt8]) -> LostEntry {
                LostEntry(name: "forged", entry: entry, receipt: item.receipt)
            }
            var altered = loss.suspension.entry
            altered[altered.count / 3] ^= 1
            #expect(await refused(bytes(loss.suspension, altered)).contains("does not prove"))
            // The receipt of another entry, and none at all.
            #expect(
                await refused(bytes(loss.revocation, loss.suspension.entry))
                    .contains("does not prove"))
            #expect(
                await refused(.init(name: "x", entry: loss.suspension.entry, receipt: [])) != "")
            // A log key alone makes no entry: the proof holds, the service never signed it.
            #expect(
                await refused(try forged(loss)).contains("not signed by a service key"))
            // Which bytes the later version has, nobody knows until its submission is brought.
            #expect(
                await refused(loss.laterSuspension).contains("is in the entry of its submission"))
            let whole = try await survey(loss, [loss.laterSuspension, loss.laterSubmission])
            #expect(whole.restrictions.map(\.reason) == ["leak"])
        }
    }

    @Test func `needs the custodians, for exactly what is found`() async throws {
        try await withLoss { loss in
            let survey = try await survey(loss, [loss.suspension])
            let stranger = try PrivateKey.generate(.ecdsaP256)
            let custodian = loss.service.custodian
            let attempts: [(String, [PrivateKey], String?, (inout LogRecovery) -> Void)] = [
                ("are needed", [stranger], nil, { _ in }),
                ("another state", [custodian], nil, { $0.pinned.size -= 1 }),
                ("another state", [custodian], nil, { $0.entries = [] }),
                ("another state", [custodian], nil, { $0.trustRoot = SHA256.hash("other") }),
                ("another origin", [custodian], loss.service.origin, { _ in }),
            ]
            for (words, keys, origin, edit) in attempts {
                try await ScratchDatabase.with { scratch in
                    let next = try Next(loss, origin: origin)
                    do {
                        _ = try await open(
                            loss, survey, as: next, signedBy: keys, in: scratch, edit: edit)
                        Issue.record("opened: \(words)")
                    } catch {
                        #expect("\(error)".contains(words), "\(error)")
                    }
                }
            }
        }
    }

    @Test func `finds nothing to recover in a log that goes on from its pin`() async throws {
        try await TestService.with { service in
            try await service.settled()
            await service.stop()
            let surveying = Surveying(directory: service.directory, access: service.access)
            await #expect(throws: RecoveryError.self) { _ = try await surveying.run() }
            // The pin is gone: nobody says how far the log was, until somebody shows a checkpoint.
            let note = try #require(try service.node.pin.note)
            try FileManager.default.removeItem(atPath: service.node.pin.path)
            await #expect(throws: RecoveryError.self) { _ = try await surveying.run() }
            var informed = surveying
            informed.checkpoint = note
            let survey = try await informed.run()
            #expect(survey.cause.code == .pinMissing && survey.lost.isEmpty)
        }
    }

    @Test func `of a fork takes all places to be in doubt`() async throws {
        try await TestService.with { service in
            let team = try await service.makeTeam()
            try await service.submit(by: team.owner)
            try await service.settled()
            await service.stop()
            let note = try #require(try service.node.pin.note)
            let size = try Checkpoint(parsing: SignedNote(parsing: note).text).size
            let key = try KeyFile.load(service.directory.logKey)
            let name = try #require(KeyName(service.origin))
            let other = try Checkpoint(
                origin: service.origin, size: size, root: SHA256.hash("another history")
            ).signed(by: [NoteSigner(name: name, key: key)])
            try service.node.pin.write(other.bytes)
            let survey = try await Surveying(
                directory: service.directory, access: service.access
            ).run()
            #expect(survey.cause.code == .forked)
            #expect(survey.lost == 0..<size)
        }
    }
}
