// Disposing: what may go, who may let it go, what stands against it, and what every reader says afterwards.

import Attestation
import CanonicalJSON
import Cryptography
import Database
import Governance
import Registry
import TestSupport
import Testing
import TransparencyLog

@Suite struct `Disposing of documents` {
    @Test func `takes the evidence of a retired version and leaves every proof`() async throws {
        try await TestService.with { service in
            let officers = try await service.makeOfficers()
            let version = try await service.makeRetired()
            let before = try await service.registry.disposal(of: version.reference)
            #expect(before.grounds.map(\.code) == [.retention])
            service.clock.advance(days: 110)
            let plan = try await service.registry.disposal(of: version.reference)
            #expect(plan.grounds.isEmpty && plan.bytes > 1_000)
            let row = try #require(
                service.registry.follower.snapshot.record.submission(of: version.reference)?.event)
            #expect(
                Set([row.cardDocument, row.manifestDocument, row.signatureDocument, row.facts])
                    .isSubset(of: plan.list.documents))

            let answer = try await service.dispose(plan, by: officers)
            let disposed = try #require(answer.disposed)
            #expect(disposed.count == Int64(plan.list.documents.count))
            #expect(disposed.bytes == plan.bytes)
            #expect(try await service.stored(plan.list.documents) == [])
            #expect(try await service.stored([plan.list.digest]) == [plan.list.digest])

            // Nothing is wrong, and both audits say what is absent and why.
            try await service.expectWhole()
            let report = try await service.verify()
            #expect(report.documentsDisposed == disposed.count)
            #expect(report.disposals.map(\.version) == [version.reference])
            #expect(report.disposals.first?.index == answer.outcome.receipt?.index)
            let replay = try await service.replay()
            #expect(replay.decisionsDisposed > 0)
            // The rest of the record is where it was: who approved, and what was permitted.
            let status = try await service.registry.status(of: version.reference)
            #expect(status["disposals"]?.array?.count == 1)
            #expect(status["approvals"]?.array?.isEmpty == false)
            // A second time there is nothing left, and a fresh process sees the same.
            let again = try await service.registry.disposal(of: version.reference)
            #expect(again.list.documents.isEmpty)
            let refusal = try await service.refusal {
                _ = try await service.dispose(again, by: officers)
            }
            #expect(refusal == "nothing-to-dispose")
            try await service.restarted { try await $0.expectWhole() }
        }
    }

    @Test func `any other missing document is a finding as before`() async throws {
        try await TestService.with { service in
            let version = try await service.makeRetired()
            let other = try await service.submit(
                by: service.makeTeam().owner, "credit/second", seed: "other")
            service.clock.advance(days: 110)
            let officers = try await service.makeOfficers()
            let plan = try await service.registry.disposal(of: version.reference)
            try await service.dispose(plan, by: officers)
            try await service.settled()
            let kept = try #require(
                service.registry.follower.snapshot.record.submission(of: other.reference)?.event)
            try await service.sabotage([
                "DELETE FROM audit.document WHERE sha256 = \(kept.cardDocument.sql)"
            ])
            let lost = try await service.verify()
            #expect(lost.findings.kept.map(\.kind) == [.documentMissing])
            #expect(lost.findings.kept.first?.place == .key(kept.cardDocument.hex))
            #expect(lost.documentsDisposed == Int64(plan.list.documents.count))
            // Without the list nobody can say what was disposed of: every one of them is missing.
            try await service.sabotage([
                "DELETE FROM audit.document WHERE sha256 = \(plan.list.digest.sql)"
            ])
            let unlisted = try await service.verify()
            #expect(
                unlisted.findings.counts[.documentMissing] == plan.list.documents.count + 2)
            #expect(unlisted.notes.contains { $0.contains("its list is missing") })
            #expect(try await service.replay().findings.counts[.decisionDiffers] ?? 0 > 0)
        }
    }

    @Test func `what comes back after a disposal is named`() async throws {
        try await TestService.with { service in
            let version = try await service.makeRetired()
            service.clock.advance(days: 110)
            let officers = try await service.makeOfficers()
            let plan = try await service.registry.disposal(of: version.reference)
            let name = try #require(plan.list.documents.first)
            let bytes = try await service.document(name)
            try await service.dispose(plan, by: officers)
            try await service.settled()
            try await service.sabotage([
                "INSERT INTO audit.document VALUES (\(name.sql), '\\x\(Hex.encode(bytes))')"
            ])
            let report = try await service.verify()
            #expect(report.findings.kept.map(\.kind) == [.disposedPresent])
            #expect(report.findings.kept.first?.place == .key(name.hex))
        }
    }

    @Test func `a document that another version needs stays until that one may go too`()
        async throws
    {
        try await TestService.with { service in
            let team = try await service.makeTeam()
            let first = try await service.makeRetired(team)
            // The same files again: file list and signature bundle are shared.
            let second = try await service.submit(by: team.owner)
            let shared = try service.submission(of: first).manifestDocument
            #expect(try service.submission(of: second).manifestDocument == shared)
            service.clock.advance(days: 110)
            let officers = try await service.makeOfficers()
            let plan = try await service.registry.disposal(of: first.reference)
            #expect(plan.grounds.isEmpty && !plan.list.documents.isEmpty)
            #expect(!plan.list.documents.contains(shared))
            try await service.dispose(plan, by: officers)
            #expect(try await service.stored([shared]) == [shared])
            try await service.expectWhole()
        }
    }

    // MARK: what stands against it

    @Test func `each ground refuses, and the refusal is an entry`() async throws {
        try await TestService.with { service in
            let team = try await service.makeTeam()
            let version = try await service.makeApproved(team)
            try await service.settled()
            let officers = try await service.makeOfficers()
            func refused() async throws -> [DisposalObstacle] {
                let plan = try await service.registry.disposal(of: version.reference)
                let answer = try await service.dispose(plan, by: officers)
                #expect(answer.grounds == plan.grounds && answer.disposed == nil)
                return answer.grounds.map(\.code)
            }
            #expect(try await refused() == [.notRetired, .retention])
            _ = try await service.deploy(version, by: team.deployer)
            #expect(try await refused() == [.deployed, .notRetired, .retention])
            _ = try await service.registry.suspend(
                version.reference, reason: "an incident", service.request(team.officer))
            let hold = try await service.placeHold(
                on: .principal(team.validator.principal), by: team.officer)
            #expect(
                try await refused()
                    == [.legalHold, .openIncident, .deployed, .notRetired, .retention])
            #expect(!hold.isEmpty)
            #expect(try await service.count(DisposalRefused.kind) == 3)
            #expect(try await service.count(DocumentsDisposed.kind) == 0)
            try await service.expectWhole()
        }
    }

    @Test func `a later pack never shortens the period of a version`() async throws {
        try await TestService.with { service in
            let team = try await service.makeTeam()
            let version = try await service.makeApproved(team)
            try await service.shortenPeriods()
            try await service.retire(version, by: team)
            service.clock.advance(days: 110)
            let plan = try await service.registry.disposal(of: version.reference)
            #expect(plan.grounds.map(\.code) == [.retention])
            let submitted = try service.submittedAt(version)
            #expect(plan.keptUntil ?? submitted >= submitted.adding(seconds: 1_096 * 86_400))
            let forecast = try await service.registry.disposals()
            #expect(forecast["next"]?["keptUntil"]?.string == plan.keptUntil?.description)
        }
    }

    @Test func `a hold whose row somebody released by hand still refuses`() async throws {
        try await TestService.with { service in
            let team = try await service.makeTeam()
            let version = try await service.makeRetired(team)
            _ = try await service.placeHold(on: .version(version.reference), by: team.officer)
            try await service.settled()
            service.clock.advance(days: 110)
            let officers = try await service.makeOfficers()
            try await service.sabotage(["UPDATE registry.hold SET released_at = now()"])
            let plan = try await service.registry.disposal(of: version.reference)
            let answer = try await service.dispose(plan, by: officers)
            #expect(answer.grounds.map(\.code) == [.legalHold])
        }
    }

    // MARK: who may

    @Test func `a statement that does not count is refused, and nothing is recorded`()
        async throws
    {
        try await TestService.with { service in
            let version = try await service.makeRetired()
            service.clock.advance(days: 110)
            let officers = try await service.makeOfficers()
            let twin = try await service.enrol(
                [.riskOfficer], in: "**", as: officers.compliance.principal)
            let elsewhere = try await service.enrol([.riskOfficer], in: "fraud")
            let plan = try await service.registry.disposal(of: version.reference)
            func attempt(
                _ keys: [PrivateKey], edit: (inout DisposalRequest) -> Void = { _ in }
            ) async throws -> String? {
                let envelope = try service.disposalRequest(plan, by: officers, edit: edit)
                    .statement.sign(with: keys)
                return try await service.refusal {
                    _ = try await service.registry.dispose(
                        envelope, service.request(officers.compliance))
                }
            }
            let both = [officers.compliance.key, officers.privacy.key]
            let before = try await service.contents()
            #expect(try await attempt([officers.compliance.key]) == "disposal-not-entitled")
            #expect(try await attempt([officers.privacy.key]) == "disposal-not-entitled")
            #expect(
                try await attempt([officers.compliance.key, twin.key]) {
                    $0.secondOfficer = twin.officer(.riskOfficer)
                } == "disposal-not-entitled")
            #expect(
                try await attempt([officers.compliance.key, elsewhere.key]) {
                    $0.secondOfficer = elsewhere.officer(.riskOfficer)
                } == "disposal-not-entitled")
            #expect(
                try await attempt(both) { $0.origin = "another/log" } == "disposal-not-entitled")
            #expect(
                try await attempt(both) {
                    $0.signedAt = service.clock.now.adding(seconds: -90_000)
                    $0.expiresAt = service.clock.now.adding(seconds: -60)
                } == "disposal-not-entitled")
            #expect(
                try await attempt(both) { $0.secondOfficer.role = .owner } == "disposal-malformed")
            #expect(try await attempt(both) { $0.list = SHA256.hash("x") } == "disposal-changed")
            #expect(try await service.contents() == before)
            #expect(try await attempt(both) == nil)
        }
    }

    @Test func `a disposal that nobody was entitled to explains nothing`() async throws {
        try await TestService.with { service in
            let version = try await service.makeRetired()
            service.clock.advance(days: 110)
            let officers = try await service.makeOfficers()
            let plan = try await service.registry.disposal(of: version.reference)
            // Whoever has the service's key and the database writes an entry that one officer signed for.
            try await service.recordDisposal(
                plan, service.disposalRequest(plan, by: officers),
                signedBy: [officers.compliance.key], as: officers.compliance)
            try await service.settled()
            let early = try await service.verify()
            #expect(early.findings.kept.map(\.kind) == [.disposalUnlawful])
            try await service.settled()
            let names = plan.list.documents.map(\.sql).joined(separator: ", ")
            try await service.sabotage(["DELETE FROM audit.document WHERE sha256 IN (\(names))"])
            let report = try await service.verify()
            #expect(report.findings.counts[.documentMissing] == plan.list.documents.count)
            #expect(report.notes.contains { $0.contains("does not count: ") })
            #expect(report.documentsDisposed == 0)
        }
    }

    // MARK: layers

    @Test func `neither writer nor owner deletes a document without an entry that says so`()
        async throws
    {
        try await TestService.with { service in
            let version = try await service.makeRetired()
            try await service.settled()
            let plan = try await service.registry.disposal(of: version.reference)
            let list = plan.list.canonicalBytes
            let writer = service.scratch.database(as: .writer, settings: .init(maxConnections: 1))
            let migrator = service.scratch.database(
                as: .migrator, settings: .init(maxConnections: 1))
            func state(_ database: Database, _ statements: [SQL]) async throws
                -> DatabaseError.State?
            {
                do {
                    try await database.write { db in
                        for sql in statements { try db.execute(sql) }
                    }
                    return nil
                } catch let error as DatabaseError {
                    return error.state
                }
            }
            let store: SQL = "INSERT INTO audit.document VALUES (sha256(\(list)), \(list))"
            for statements in [
                ["DELETE FROM audit.document"],
                ["SET LOCAL imprimatur.disposing = 'on'", "DELETE FROM audit.document"],
                [store, "SELECT audit.dispose(max(id), sha256(\(list))) FROM audit.entry"],
            ] as [[SQL]] {
                #expect(try await state(writer, statements) == .insufficientPrivilege)
            }
            #expect(
                try await state(
                    migrator,
                    ["SET LOCAL ROLE imprimatur_owner", "DELETE FROM audit.document"])
                    == .insufficientPrivilege)
            #expect(try await service.stored(plan.list.documents) == Set(plan.list.documents))
            await writer.closeIdle()
            await migrator.closeIdle()
        }
    }

    @Test func `a document named again while it goes is never lost`() async throws {
        try await TestService.with { service in
            let team = try await service.makeTeam()
            let version = try await service.makeRetired(team)
            service.clock.advance(days: 110)
            let officers = try await service.makeOfficers()
            let fresh = try await service.makeTeam()
            let plan = try await service.registry.disposal(of: version.reference)
            // The same files are submitted again, while the first version's are on their way out.
            async let disposal = service.refusal {
                _ = try await service.dispose(plan, by: officers)
            }
            async let submission = service.submit(by: fresh.owner)
            let (refused, submitted) = try await (disposal, submission)
            #expect(refused == nil || refused == "disposal-changed")
            try await service.settled()
            let event = try service.submission(of: submitted)
            let named: Set = [event.manifestDocument, event.signatureDocument, event.cardDocument]
            #expect(try await service.stored(Array(named)) == named)
            try await service.expectWhole()
        }
    }

    // MARK: readers

    @Test func `a report says what is gone, and its checker accepts that and no more`()
        async throws
    {
        try await TestService.with { service in
            let team = try await service.makeTeam()
            let version = try await service.makeRetired(team)
            service.clock.advance(days: 110)
            let officers = try await service.makeOfficers()
            let plan = try await service.registry.disposal(of: version.reference)
            try await service.dispose(plan, by: officers)
            try await service.settled()
            let report = try await service.registry.report(
                model: version.reference.model, for: officers.compliance.caller
            ).json
            let verdict = ReportCheck.check(
                report, root: service.registry.root, acceptingDevelopment: true)
            #expect(verdict.findings == [])
            #expect(
                (report["lines"]?.array ?? []).contains {
                    $0["kind"]?.string == "documents.disposed"
                        && $0["summary"]?.string?.contains("were disposed of") == true
                })
            #expect(report["missing"]?.array?.count == plan.list.documents.count)
            // Another document is missing as well: that is a finding.
            var members = report.object ?? [:]
            var documents = members["documents"]?.object ?? [:]
            documents[try #require(documents.keys.sorted().first)] = nil
            members["documents"] = .object(documents)
            let less = ReportCheck.check(
                .object(members), root: service.registry.root, acceptingDevelopment: true)
            #expect(less.findings.contains { $0.code == "document" })
        }
    }

    @Test func `the forecast and the doctor say what would be freed, and when the next is due`()
        async throws
    {
        try await TestService.with { service in
            let team = try await service.makeTeam()
            let version = try await service.makeRetired(team)
            try await service.settled()
            let early = try await service.registry.disposals()
            #expect(early["dueCount"]?.integer == 0)
            #expect(early["next"]?["version"]?.string == version.reference.description)
            let until = try #require(early["next"]?["keptUntil"]?.string)
            let plan = try await service.registry.disposal(of: version.reference)
            #expect(until == plan.keptUntil?.description)
            service.clock.advance(days: 110)
            let due = try await service.registry.disposals()
            #expect(due["dueCount"]?.integer == 1 && due["next"]?.isNull == true)
            #expect(due["dueBytes"]?.integer ?? 0 > 1_000)
            let settings = try StoredSettings.read(
                File.read(service.directory.settings, limit: 65_536))
            let found = try await Doctor(
                directory: service.directory, settings: settings, root: service.registry.root,
                access: service.access, now: service.clock.now
            ).examine()
            let said = try #require(found.first { $0.check == "disposal" })
            #expect(said.state == .ok && said.detail.hasPrefix("1 retired versions are past"))
        }
    }
}
