// The card as whoever deploys reads it, and what the gate makes of headers that contradict it.

import Attestation
import CanonicalJSON
import Cryptography
import Governance
import Registry
import Testing

@testable import Web

@Suite(.serialized) struct `Headers and card over HTTP` {
    @Test func `the signed card is for who has a role in its namespace, and for nobody else`()
        async throws
    {
        try await WebService.with { service in
            let version = try await service.submit()
            let path = WebService.version + "/card"
            let answer = try await service.client.get(path, token: service.deployer.token)
            #expect(answer.status == 200)
            let envelope = try Envelope(json: answer.json)
            let status = try await service.client.get(
                WebService.version, token: service.deployer.token)
            #expect(status.json["digests"]?["card"]?.string == envelope.payloadDigest.hex)
            let statement = try Statement(parsing: envelope.payload)
            #expect(statement.subjects.first?.sha256 == version.artifact)
            let stranger = try await WebService.member(
                service.service.enrol([.deployer], in: "hiring"), service.service)
            #expect(try await service.client.get(path, token: stranger.token).status == 403)
            #expect(try await service.client.get(path).status == 401)
            let absent = path.replacing("versions/1", with: "versions/2")
            #expect(
                try await service.client.get(absent, token: service.deployer.token).status == 404)
        }
    }

    @Test func `a contradiction that the caller found denies by name, and none does not`()
        async throws
    {
        try await WebService.with { service in
            let version = try await service.makeApproved()
            func ask(_ contradictions: JSON) async throws -> Answer {
                try await service.client.post(
                    WebService.version + "/deployments",
                    service.question(version, ["contradictions": contradictions]),
                    token: service.deployer.token)
            }
            let lie: JSON = [
                "field": "licences", "card": "“MIT”", "header": "“apache-2.0”", "path": "“w”",
            ]
            let denied = try await ask([lie])
            #expect(denied.json["decision"]?["verdict"] == "deny", "\(denied.text.prefix(400))")
            let failed = (denied.json["decision"]?["rules"]?.array ?? []).filter {
                $0["result"] == "fail"
            }
            #expect(failed.map { $0["id"]?.string } == ["DEP-005"])
            #expect(failed.first?["reason"]?.string?.contains("“apache-2.0”") == true)
            #expect(try await ask([]).json["decision"]?["verdict"] == "allow")
            let malformed = try await ask([["field": "licences"]])
            #expect(malformed.status == 422)
        }
    }
}
