// Erasing: who may, what stands against it, what is left, and that every crash leaves survivors readable.

import TransparencyLog
import Attestation
import CanonicalJSON
import Cryptography
import Database
import Governance
import Registry
import TestSupport
import Testing

@Suite struct `Erasing personal data` {
    @Test func `destroys key, value and salt; the pseudonym and every proof stay`() async throws {
        try await TestService.with { service in
            let officers = try await service.makeOfficers()
            let (gone, stays) = try await (service.enrol([]), service.enrol([]))
            try await service.settled()
            let (erased, kept) = try (
                service.commitment(of: gone), service.commitment(of: stays)
            )
            let former = try KeyFile.secret(service.directory.keyEncryptionKey)
            #expect(try await service.revealed([erased, kept]).count == 2)

            let answer = try await service.erase(.principal(gone.principal), by: officers)
            #expect(answer.isErased && answer.isKeyDestroyed)
            #expect(answer.commitments == [erased])
            try await service.settled()

            let now = try await service.revealed([erased, kept])
            #expect(now[erased] == nil)
            #expect(now[kept] == .string("Person \(stays.principal)"))
            let rows = try await service.registry.database.read { db in
                try db.one(
                    """
                    SELECT (SELECT count(*) FROM personal.subject_key
                            WHERE subject = \(gone.principal.description)),
                           (SELECT count(*) FROM personal.secret
                            WHERE subject = \(gone.principal.description)),
                           (SELECT count(DISTINCT kek) FROM personal.subject_key)
                    """, as: (Int64, Int64, Int64).self)
            }
            #expect(rows == (0, 0, 1))
            let current = try KeyFile.secret(service.directory.keyEncryptionKey)
            #expect(current != former)
            #expect(
                !File.exists(
                    KeyEncryptionKeys.successor(of: service.directory.keyEncryptionKey)))
            #expect(service.registry.follower.snapshot.record.principals[gone.principal] != nil)
            try await service.expectWhole()
            // A fresh process reads the survivors with the file as it is now.
            try await service.restarted { again in
                #expect(try await again.revealed([erased, kept]).keys.sorted() == [kept])
                // And new people can be registered under the new key.
                let new = try await again.enrol([])
                try await again.settled()
                let commitment = try again.commitment(of: new)
                #expect(try await again.revealed([commitment]).count == 1)
                try await again.expectWhole()
            }
        }
    }

    @Test func `replay gives the same pseudonymous rows, with a tombstone`() async throws {
        try await TestService.with { service in
            let officers = try await service.makeOfficers()
            let person = try await service.enrol([])
            func row() async throws -> [String] {
                try await service.registry.database.read { db in
                    try db.all(
                        """
                        SELECT p::text FROM registry.principal p
                        WHERE id = \(person.principal.description)
                        """, as: String.self)
                }
            }
            let before = try await row()
            try await service.erase(.principal(person.principal), by: officers)
            #expect(try await row() == before)
            let tombstone = try await service.registry.database.read { db in
                try db.one(
                    """
                    SELECT commitments FROM registry.erasure
                    WHERE subject = \(person.principal.description)
                    """, as: Int64.self)
            }
            #expect(tombstone == 1)
            try await service.expectWhole()
            try await service.sabotage(["DELETE FROM registry.erasure"])
            let replay = try await service.replay()
            #expect(replay.findings.kept.map(\.kind) == [.rowMissing])
        }
    }

    @Test func `verification lists what is erased, and names what somebody brings back`()
        async throws
    {
        try await TestService.with { service in
            let officers = try await service.makeOfficers()
            let (person, other) = try await (service.enrol([]), service.enrol([]))
            try await service.settled()
            let commitment = try service.commitment(of: person)
            let answer = try await service.erase(.principal(person.principal), by: officers)
            try await service.settled()
            let index = try #require(answer.outcome.receipt?.index)
            func verify() async throws -> AuditReport {
                try await Auditing.verify(
                    service.access.migrator, root: service.registry.root, pin: service.node.pin)
            }
            let report = try await verify()
            #expect(
                report.erasures == [
                    AuditErasure(
                        subject: .principal(person.principal), index: index,
                        commitments: [commitment])
                ])
            #expect(report.erasures[0].sentence.hasSuffix("erased at index \(index)"))
            try await service.sabotage([
                """
                INSERT INTO personal.secret (commitment, subject, sealed)
                SELECT \(commitment.sql), subject, sealed FROM personal.secret LIMIT 1
                """
            ])
            #expect(try await verify().findings.kept.map(\.kind) == [.erasedPresent])
            try await service.sabotage([
                "DELETE FROM personal.secret WHERE commitment = \(commitment.sql)",
                "DELETE FROM personal.secret WHERE subject = '\(other.principal)'",
            ])
            let lost = try await verify().findings.kept
            #expect(lost.map(\.kind) == [.personalMissing])
            #expect(lost.first?.place == .key(other.principal.description))
        }
    }

    @Test func `a card's people are erased together, those of another card are not`()
        async throws
    {
        try await TestService.with { service in
            let officers = try await service.makeOfficers()
            let team = try await service.makeTeam()
            let first = try service.submission(by: team.owner, seed: "one")
            let second = try service.submission(by: team.owner, seed: "two")
            for submission in [first, second] {
                _ = try await service.registry.submit(submission, service.request(team.owner))
            }
            let version = try #require(VersionReference("credit/scorecard@1"))
            try await service.settled()
            let early = try await service.erase(.card(version), by: officers)
            #expect(early.grounds.map(\.code) == [.retention])
            service.clock.advance(days: 184)
            let answer = try await service.erase(.card(version), by: officers)
            #expect(answer.isErased)
            #expect(Set(answer.commitments) == Set(first.disclosures.map(\.commitment)))
            let commitments = (first.disclosures + second.disclosures).map(\.commitment)
            let left = try await service.revealed(commitments)
            #expect(Set(left.keys) == Set(second.disclosures.map(\.commitment)))
            try await service.settled()
            try await service.expectWhole()
        }
    }

    @Test func `no list of names finds what a commitment was made of`() async throws {
        try await TestService.with { service in
            let officers = try await service.makeOfficers()
            let person = try await service.enrol([])
            try await service.settled()
            let commitment = try service.commitment(of: person)
            let value = JSON.string("Person \(person.principal)").canonicalBytes
            // Before: whoever has the key gets the salt, and the guess is confirmed.
            #expect(try await service.revealed([commitment]).count == 1)
            try await service.erase(.principal(person.principal), by: officers)
            try await service.settled()
            // After: every 32 bytes that the database, the log and the files still hold are tried as salt.
            let places = try await service.everyByteString()
            var (tried, found) = (0, 0)
            for bytes in places where bytes.count >= 32 {
                for start in 0...(bytes.count - 32) {
                    tried += 1
                    let salt = Array(bytes[start..<(start + 32)])
                    if SHA256.hash(concatenating: salt, value) == commitment { found += 1 }
                }
            }
            #expect(tried > 1_000)
            #expect(found == 0)
            #expect(SHA256.hash(value) != commitment)
        }
    }

    // MARK: what stands against it

    @Test
    func `a hold, a suspension and an unexpired period each refuse, and the refusal is an entry`()
        async throws
    {
        try await TestService.with { service in
            let officers = try await service.makeOfficers()
            let team = try await service.makeTeam()
            let version = try await service.submit(by: team.owner)
            let owner = PersonalSubject.principal(team.owner.principal)
            try await service.settled()
            let commitment = try service.commitment(of: team.owner)

            let unexpired = try await service.erase(owner, by: officers)
            #expect(unexpired.grounds.map(\.code) == [.retention])
            #expect(unexpired.grounds.first?.until != nil)
            service.clock.advance(days: 184)

            let hold = try await service.placeHold(
                on: .principal(team.owner.principal), by: team.officer)
            let held = try await service.erase(owner, by: officers)
            #expect(held.grounds.map(\.code) == [.legalHold])
            #expect(held.grounds.first?.detail.contains(hold) == true)
            let release = try service.release(
                hold, on: .principal(team.owner.principal), inside: team.officer,
                outside: officers.outsider)
            _ = try await service.registry.releaseHold(
                hold, release, service.request(team.officer))

            _ = try await service.registry.suspend(
                version.reference, reason: "an incident", service.request(team.officer))
            let suspended = try await service.erase(owner, by: officers)
            #expect(suspended.grounds.map(\.code) == [.openIncident])

            #expect(try await service.count(ErasureRefused.kind) == 3)
            #expect(try await service.revealed([commitment]).count == 1)
            #expect(service.registry.vault.keys.names.count == 1)
            try await service.expectWhole()
        }
    }

    @Test func `a hold on a version keeps the names of all who took part in it`() async throws {
        try await TestService.with { service in
            let officers = try await service.makeOfficers()
            let team = try await service.makeTeam()
            let version = try await service.makeApproved(team)
            service.clock.advance(days: 184)
            _ = try await service.placeHold(on: .version(version.reference), by: team.officer)
            for person in [team.owner, team.reviewer, team.validator, team.officer] {
                let answer = try await service.erase(.principal(person.principal), by: officers)
                #expect(answer.grounds.map(\.code) == [.legalHold])
            }
            // Who had no part in it is free to go.
            let answer = try await service.erase(.principal(team.deployer.principal), by: officers)
            #expect(answer.isErased)
        }
    }

    @Test func `a hold whose row is deleted or released by hand still refuses`() async throws {
        try await TestService.with { service in
            let officers = try await service.makeOfficers()
            let person = try await service.enrol([])
            let officer = try await service.enrol([.complianceOfficer])
            _ = try await service.placeHold(on: .principal(person.principal), by: officer)
            try await service.settled()
            try await service.sabotage(["UPDATE registry.hold SET released_at = now()"])
            let edited = try await service.erase(.principal(person.principal), by: officers)
            #expect(edited.grounds.map(\.code) == [.legalHold])
            try await service.sabotage(["DELETE FROM registry.hold"])
            let deleted = try await service.erase(.principal(person.principal), by: officers)
            #expect(deleted.grounds.map(\.code) == [.legalHold])
        }
    }

    // MARK: who may

    @Test func `a statement that does not count is refused, and nothing is recorded`()
        async throws
    {
        try await TestService.with { service in
            let officers = try await service.makeOfficers()
            let person = try await service.enrol([.owner])
            let linked = try await service.enrol(
                [.privacyOfficer], in: "**", as: person.principal)
            let twin = try await service.enrol(
                [.complianceOfficer], in: "**", as: officers.privacy.principal)
            let local = try await service.enrol([.privacyOfficer], in: "fraud")
            let subject = PersonalSubject.principal(person.principal)
            let both = [officers.privacy.key, officers.compliance.key]
            func attempt(
                _ keys: [PrivateKey], edit: (inout ErasureRequest) -> Void = { _ in }
            ) async throws -> String? {
                let envelope = try service.erasureRequest(of: subject, by: officers, edit: edit)
                    .statement.sign(with: keys)
                return try await service.refusal {
                    try await service.registry.erase(envelope, service.request(officers.privacy))
                }
            }
            let before = try await service.contents()
            let refused = "erasure-not-entitled"
            #expect(try await attempt([officers.privacy.key]) == refused)
            #expect(try await attempt([officers.compliance.key]) == refused)
            #expect(try await attempt([officers.privacy.key, person.key]) == refused)
            #expect(
                try await attempt([linked.key, officers.compliance.key]) {
                    $0.privacyOfficer = linked.officer(.privacyOfficer)
                } == refused)
            #expect(
                try await attempt([officers.privacy.key, twin.key]) {
                    $0.complianceOfficer = twin.officer(.complianceOfficer)
                } == refused)
            #expect(
                try await attempt([local.key, officers.compliance.key]) {
                    $0.privacyOfficer = local.officer(.privacyOfficer)
                } == refused)
            #expect(try await attempt(both) { $0.origin = "another/log" } == refused)
            #expect(
                try await attempt(both) {
                    $0.signedAt = service.clock.now.adding(seconds: -90_000)
                    $0.expiresAt = service.clock.now.adding(seconds: -60)
                } == refused)
            #expect(
                try await attempt(both) {
                    $0.privacyOfficer.role = .riskOfficer
                } == "erasure-malformed")
            #expect(try await service.contents() == before)
            // The same words with both signatures count, and a second time there is nothing left.
            #expect(try await attempt(both) == nil)
            #expect(try await attempt(both) == "erased-already")
        }
    }

    @Test func `one who administers cannot be privacy officer in effect`() async throws {
        try await TestService.with { service in
            let officers = try await service.makeOfficers()
            let person = try await service.enrol([])
            var administrator = service.administrator
            let status = try await service.registry.principal(administrator.principal)
            let keyStatement = status["keys"]?.array?.first?["statement"]?.string
            let digest = try #require(keyStatement.flatMap { SHA256Digest(hex: $0) })
            administrator = TestPerson(
                principal: administrator.principal, key: administrator.key,
                caller: administrator.caller, keyStatement: digest)
            // Two others would have to grant it: the custodian and a second administrator.
            let second = try await service.enrol([])
            _ = try await service.grant(.administrator, to: second, in: "**")
            let from = service.clock.now.adding(seconds: -1)
            let everything = NamespacePattern.everything
            let envelope = try RoleAssignment(
                origin: service.origin, principal: administrator.principal,
                person: administrator.principal, role: .privacyOfficer, namespace: everything,
                credentials: [digest], validFrom: from, validUntil: from.adding(seconds: 86_400)
            ).statement.sign(with: [service.custodian, second.key])
            _ = try await service.registry.assignRole(
                envelope, service.request(service.administrator))
            administrator.assignments[.privacyOfficer] = envelope.payloadDigest
            let request = try service.erasureRequest(
                of: .principal(person.principal), by: officers
            ) { $0.privacyOfficer = administrator.officer(.privacyOfficer) }
            .statement.sign(with: [administrator.key, officers.compliance.key])
            let refusal = try await service.refusal {
                try await service.registry.erase(request, service.request(officers.compliance))
            }
            #expect(refusal == "erasure-not-entitled")
        }
    }

    @Test func `the role needs two signers, neither of them the beneficiary`() async throws {
        #expect(Role.privacyOfficer.needsTwoSigners)
        #expect(!Role.privacyOfficer.mayApprove)
        try await TestService.with { service in
            let person = try await service.enrol([])
            let from = service.clock.now.adding(seconds: -1)
            let statement = RoleAssignment(
                origin: service.origin, principal: person.principal, person: person.principal,
                role: .privacyOfficer, namespace: .everything, credentials: [person.keyStatement],
                validFrom: from, validUntil: from.adding(seconds: 86_400)
            ).statement
            for keys in [[service.custodian], [service.custodian, person.key]] {
                let envelope = try statement.sign(with: keys)
                let refusal = try await service.refusal {
                    try await service.registry.assignRole(
                        envelope, service.request(service.administrator))
                }
                #expect(refusal == "assignment-not-entitled")
            }
        }
    }
}

extension TestService {
    /// Fails unless the whole log verifies and replays.
    func expectWhole(sourceLocation: SourceLocation = #_sourceLocation) async throws {
        try await settled()
        let report = try await Auditing.verify(
            access.migrator, root: registry.root, pin: node.pin)
        #expect(
            report.verdict == .intact, "\(report.findings.kept)", sourceLocation: sourceLocation)
        let replayed = try await replay()
        #expect(
            replayed.isEqual, "\(replayed.findings.kept)", sourceLocation: sourceLocation)
    }

    func replay() async throws -> ReplayReport {
        try await settled()
        return try await Auditing.replay(access.migrator, root: registry.root)
    }

    /// Every column of type bytea or text that is stored, as bytes, and the key file.
    func everyByteString() async throws -> [[UInt8]] {
        let superuser = scratch.superuser(settings: .init(maxConnections: 1))
        let rows = try await superuser.read { db in
            try db.all(
                """
                SELECT bytes FROM audit.entry UNION ALL SELECT bytes FROM audit.document
                WHERE octet_length(bytes) < 20000
                UNION ALL SELECT sealed FROM personal.secret
                UNION ALL SELECT wrapped FROM personal.subject_key
                UNION ALL SELECT commitment FROM personal.secret
                """, as: [UInt8].self)
        }
        await superuser.closeIdle()
        return rows + [try KeyFile.secret(directory.keyEncryptionKey)]
    }
}
