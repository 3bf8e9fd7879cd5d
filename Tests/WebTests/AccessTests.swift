// Who is turned away and who reads the evidence stands in the log, and nobody can fill it that way.

import Attestation
import CanonicalJSON
import Cryptography
import Governance
import HTTPTypes
import Registry
import Testing

@testable import Web

@Suite(.serialized) struct `Accesses` {
    /// The entries about accesses, after what was gathered is written.
    private func told(_ service: WebService) async throws -> [Entry] {
        try await service.registry.writeAccesses(.never, all: true)
        try await service.service.settled()
        return try await service.service.logged().map(\.entry).filter {
            [AccessRefused.kind, EvidenceRead.kind].contains($0.event.kind)
        }
    }

    private func refusals(_ service: WebService) async throws -> [AccessRefused] {
        try await told(service).compactMap {
            guard case .accessRefused(let event) = $0.event else { return nil }
            return event
        }
    }

    private func auditor(_ service: WebService) async throws -> Member {
        let person = try await service.service.enrol([])
        _ = try await service.service.grant(.auditor, to: person, in: "**")
        return try await WebService.member(person, service.service)
    }

    @Test func `tokens that do not hold are told by cause, and counted`() async throws {
        try await WebService.with { service in
            let revoked = try await WebService.member(service.owner.person, service.service)
            let id = try #require(service.registry.authenticate(revoked.token)).token
            _ = try await service.registry.revokeToken(
                id, reason: "test", service.service.request(service.administrator.person))
            for _ in 0..<7 {
                #expect(
                    try await service.client.get("/api/v1/models", token: "imp_x").status == 401)
            }
            #expect(
                try await service.client.get("/api/v1/whoami", token: revoked.token).status == 401)
            let basic = try await service.client.get(
                "/api/v1/models", headers: [.authorization: "Basic eA=="])
            #expect(basic.status == 401)
            let events = try await refusals(service)
            #expect(events.count == 1)
            let event = try #require(events.first)
            #expect(event.count == 9 && event.omitted == 0)
            let unknown = try #require(event.refusals.first { $0.cause == .tokenUnknown })
            #expect(unknown.count == 7 && unknown.token == nil && unknown.principal == nil)
            #expect(unknown.source?.hasPrefix("s-") == true)
            let gone = try #require(event.refusals.first { $0.cause == .tokenRevoked })
            #expect(gone.token == id && gone.principal == service.owner.person.principal)
            #expect(event.refusals.contains { $0.cause == .credentialMalformed })
            #expect(event.from <= event.until)
            // Nothing more is written for what is told already.
            #expect(try await refusals(service).count == 1)
        }
    }

    @Test func `an expired token is told as such`() async throws {
        try await WebService.with { service in
            service.service.clock.advance(days: 31)
            #expect(
                try await service.client.get("/api/v1/models", token: service.owner.token).status
                    == 401)
            let event = try #require(try await refusals(service).first)
            #expect(event.refusals.map(\.cause) == [.tokenExpired])
            #expect(event.refusals.first?.principal == service.owner.person.principal)
        }
    }

    @Test func `many different refusals become one entry of bounded size`() async throws {
        try await WebService.with { service in
            for number in 0..<200 {
                _ = service.registry.noteFailedLogin("imp_x", from: "192.0.2.\(number)")
            }
            let event = try #require(try await refusals(service).first)
            #expect(event.refusals.count == 64)
            #expect(event.omitted == 136 && event.count == 200)
            #expect(Set(event.refusals.map(\.source)).count == 64)
            let text = try await service.service.logged().map(\.bytes).last.map {
                String(decoding: $0, as: UTF8.self)
            }
            #expect(text?.contains("access.refused") == true)
            #expect(text?.contains("192.0.2.") == false)
        }
    }

    @Test func `statements that do not count and missing roles are told`() async throws {
        try await WebService.with { service in
            _ = try await service.submit()
            let statement = try await service.service.approvalStatement(
                of: TestVersion(
                    reference: try #require(VersionReference("credit/scorecard@1")), files: [],
                    artifact: .zero), by: service.validator.person, as: .validator, meaning: .reject
            )
            let stranger = try PrivateKey.generate(.ecdsaP256)
            let forged = try Envelope.sign(
                statement.payload, type: statement.payloadType, with: [stranger])
            let approval = try await service.client.post(
                WebService.version + "/approvals", ["statement": forged.json],
                token: service.validator.token)
            #expect(approval.status == 422, "\(approval.text)")
            let suspension = try await service.client.post(
                "/api/v1/principals/\(service.owner.person.principal)/tokens", ["days": 1],
                token: service.deployer.token)
            #expect(suspension.status == 403)
            let event = try #require(try await refusals(service).first)
            let invalid = try #require(event.refusals.first { $0.cause == .statementInvalid })
            #expect(invalid.principal == service.validator.person.principal)
            #expect(invalid.subject == WebService.version + "/approvals")
            #expect(invalid.source == nil && invalid.token != nil)
            let lacking = try #require(event.refusals.first { $0.cause == .roleMissing })
            #expect(lacking.principal == service.deployer.person.principal)
            #expect(event.refusals.count == 2)
        }
    }

    @Test func `a report is handed out only after its entry, which has its digest`() async throws {
        try await WebService.with { service in
            _ = try await service.submit()
            try await service.service.settled()
            let path = WebService.model + "/report?format=json"
            let report = try await service.client.get(path, token: service.owner.token)
            #expect(report.status == 200)
            let entry = try #require(try await told(service).first)
            #expect(entry.actor == service.owner.person.principal)
            #expect(entry.subjects.isEmpty)
            guard case .evidenceRead(let event) = entry.event else { throw TestFailure("kind") }
            #expect(event.what == "report" && event.subject == "model/credit/scorecard")
            #expect(event.digest?.hex == report.json["digest"]?.string)
            #expect(event.last == report.json["log"]?["last"]?.integer && event.first == 0)
            // What cannot be told is not handed out.
            service.registry.halt.halt(.init(.inconsistent, "test"))
            let refused = try await service.client.get(path, token: service.owner.token)
            #expect(refused.status == 503 && refused.code == "log-halted")
        }
    }

    @Test func `reads of entries are gathered by reader, and listed for auditors`() async throws {
        try await WebService.with { service in
            let auditor = try await auditor(service)
            try await service.service.settled()
            for width in [2, 5, 3] {
                let bundle = try await service.client.get(
                    "/log/tile/entries/000.p/\(width)", token: auditor.token)
                #expect(bundle.status == 200)
            }
            let before = try await told(service)
            #expect(before.count == 1)
            let entry = try #require(before.first)
            #expect(entry.actor == auditor.person.principal && entry.token != nil)
            guard case .evidenceRead(let event) = entry.event else { throw TestFailure("kind") }
            #expect(event.what == "entries" && event.count == 3)
            #expect(event.first == 0 && event.last == 4)

            let list = try await service.client.get("/api/v1/audit/reads", token: auditor.token)
            #expect(list.status == 200)
            let listed = try #require(list.json["entries"]?.array?.first)
            #expect(listed["kind"] == "evidence.read")
            #expect(listed["actor"]?.string == auditor.person.principal.description)
            #expect(listed["data"]?["count"] == 3)
            #expect(list.json["next"] == .null)
            let index = try #require(listed["index"]?.integer)
            let none = try await service.client.get(
                "/api/v1/audit/reads?before=\(index)&limit=1", token: auditor.token)
            #expect(none.json["entries"] == [])
            // The list was read, which is told in turn.
            #expect(try await told(service).count == 2)
            for token in [service.owner.token, service.administrator.token] {
                #expect(
                    try await service.client.get("/api/v1/audit/reads", token: token).status == 403)
            }
        }
    }

    @Test func `pages of the list follow each other to the log's beginning`() async throws {
        try await WebService.with { service in
            let auditor = try await auditor(service)
            _ = try await service.submit()
            for _ in 0..<5 {
                _ = try await service.client.get(
                    WebService.model + "/report", token: service.owner.token)
            }
            _ = try await told(service)
            var found: [Int64] = []
            var query = "?limit=2"
            for _ in 0..<10 {
                let page = try await service.client.get(
                    "/api/v1/audit/reads\(query)", token: auditor.token)
                found += (page.json["entries"]?.array ?? []).compactMap { $0["index"]?.integer }
                guard let next = page.json["next"]?.integer else { break }
                query = "?limit=2&before=\(next)"
            }
            #expect(found.count == 5)
            #expect(found == found.sorted(by: >))
        }
    }

    @Test func `a public log's readers are not told`() async throws {
        try await WebService.with(access: .all) { service in
            try await service.service.settled()
            let bundle = try await service.client.get(
                "/log/tile/entries/000.p/3", token: service.owner.token)
            #expect(bundle.status == 200)
            #expect(try await told(service).isEmpty)
        }
    }
}
