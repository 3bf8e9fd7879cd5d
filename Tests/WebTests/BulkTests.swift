// Many commands in one request: each as if it had come alone.

import Attestation
import CanonicalJSON
import Cryptography
import Database
import Governance
import HTTPTypes
import Registry
import TestSupport
import Testing

@testable import Web

@Suite(.serialized) struct `A bulk request` {
    private static let suspension = WebService.version + "/suspension"

    private static func command(_ path: String, _ body: JSON, key: String? = nil) -> JSON {
        var members: [String: JSON] = ["path": .string(path), "body": body]
        if let key { members["key"] = .string(key) }
        return .object(members)
    }

    private static func suspend(_ reason: String, key: String? = nil) -> JSON {
        command(suspension, ["reason": .string(reason)], key: key)
    }

    private func send(
        _ commands: [JSON], _ service: WebService, as member: Member? = nil
    ) async throws -> [JSON] {
        let answer = try await service.client.post(
            "/api/v1/bulk", ["commands": .array(commands)],
            token: (member ?? service.owner).token)
        #expect(answer.status == 200, "\(answer.text.prefix(600))")
        return answer.json["results"]?.array ?? []
    }

    /// What is in the log under the entry of a result, once it is there.
    private func logged(_ result: JSON, _ service: WebService) async throws -> Entry {
        let text = try #require(result["body"]?["entryBytes"]?.string)
        let bytes = try #require(Base64.decode(text))
        let url = try #require(result["body"]?["receiptURL"]?.string)
        for _ in 0..<200 {
            let receipt = try await service.client.get(url, token: service.owner.token)
            if receipt.status == 200 { break }
            try await Task.sleep(for: .milliseconds(20))
        }
        let receipt = try await service.client.get(url, token: service.owner.token)
        #expect(receipt.status == 200, "\(receipt.text.prefix(300))")
        return try Entry(parsing: SignedEntry(parsing: bytes).payload)
    }

    @Test func `answers in order, and a command that is refused leaves the others`() async throws {
        try await WebService.with { service in
            _ = try await service.submit()
            let before = try await service.contents()
            let results = try await send(
                [
                    Self.suspend("first"), Self.suspend(""),
                    Self.command(
                        WebService.model + "/versions/9/suspension", ["reason": "no such version"]),
                    Self.command("/api/v1/nothing", [:]), Self.command("/api/v1/bulk", [:]),
                    Self.command("api/v1/principals", [:]),
                    Self.command(Self.suspension, ["reason": "x", "surprise": 1]),
                    Self.suspend("second"),
                ], service)
            #expect(
                results.map { $0["status"]?.integer } == [202, 422, 404, 404, 404, 404, 422, 202])
            #expect(results[1]["body"]?["code"]?.string == "body-invalid")
            #expect(results[2]["body"]?["code"]?.string == "version-unknown")
            #expect(results[6]["body"]?["findings"]?[0]?["pointer"]?.string == "/surprise")
            let first = try await logged(results[0], service)
            let last = try await logged(results[7], service)
            let subject = "version/credit/scorecard@1"
            let number = try #require(first.subjects[subject])
            #expect(number.wrote)
            #expect(last.subjects[subject] == .init(seq: number.seq + 1, wrote: true))
            let after = try await service.contents()
            #expect(after["size"] == before["size"].map { $0 + 2 })
            #expect(
                after["registry.restriction"] == before["registry.restriction"].map { $0 + 2 })
            // The restriction counts: who reads the version sees it.
            let status = try await service.client.get(
                WebService.version, token: service.owner.token)
            #expect(status.text.contains("first") && status.text.contains("second"))
        }
    }

    @Test func `keeps the order of the commands in the log`() async throws {
        try await WebService.with { service in
            _ = try await service.submit()
            let results = try await send((0..<150).map { Self.suspend("number \($0)") }, service)
            #expect(results.allSatisfy { $0["status"]?.integer == 202 })
            _ = try await logged(results[149], service)
            let hashes = try results.map { result in
                let text = try #require(result["body"]?["entry"]?["leafHash"]?.string)
                return try #require(SHA256Digest(hex: text)).bytes
            }
            let database = service.service.scratch.superuser()
            let logged = try await database.read { db in
                try db.all(
                    """
                    SELECT leaf_hash FROM audit.leaf WHERE leaf_hash = ANY(\(hashes))
                    ORDER BY index
                    """, as: [UInt8].self)
            }
            await database.closeIdle()
            #expect(logged == hashes)
            // The follower, which folds what restricts, has read the shared signature too.
            #expect(service.registry.halt.reason == nil)
        }
    }

    @Test func `does a command with a key once`() async throws {
        try await WebService.with { service in
            _ = try await service.submit()
            let before = try await service.contents()
            let keyed = Self.suspend("once", key: "k-1")
            // Twice in one request, then again: the database refuses the second, all go on alone.
            let results = try await send([keyed, keyed, Self.suspend("other")], service)
            #expect(results.map { $0["status"]?.integer } == [202, 202, 202])
            #expect(
                results.map { $0["body"]?["replayed"]?.bool } == [false, true, false])
            #expect(
                results[0]["body"]?["entry"]?["leafHash"]
                    == results[1]["body"]?["entry"]?["leafHash"])
            let again = try await send([Self.suspend("third"), keyed], service)
            #expect(again.map { $0["body"]?["replayed"]?.bool } == [false, true])
            let single = try await service.client.post(
                Self.suspension, ["reason": "once"], token: service.owner.token,
                headers: [.idempotencyKey: "k-1"])
            #expect(single.json["replayed"]?.bool == true)
            let other = try await send([Self.suspend("another", key: "k-1")], service)
            #expect(other[0]["body"]?["code"]?.string == "idempotency-key-reused")
            let after = try await service.contents()
            #expect(after["size"] == before["size"].map { $0 + 3 })
        }
    }

    @Test func `asks for the role of each command`() async throws {
        try await WebService.with { service in
            _ = try await service.submit()
            let before = try await service.contents()
            let results = try await send(
                [Self.suspend("by a stranger to the model")], service, as: service.administrator)
            #expect(results.map { $0["status"]?.integer } == [403])
            #expect(try await service.contents() == before)
        }
    }

    @Test func `takes acts of several entries, and many kinds`() async throws {
        try await WebService.with { service in
            let version = try await service.submit()
            let evaluation = try service.service.evaluationStatement(
                of: version, by: service.reviewer.person)
            let results = try await send(
                [
                    Self.command(
                        WebService.version + "/evaluations", ["statement": evaluation.json]),
                    Self.suspend("beside it"),
                ], service, as: service.reviewer)
            #expect(results[0]["status"]?.integer == 202, "\(results[0])")
        }
    }

    @Test func `is bounded and strict`() async throws {
        try await WebService.with { service in
            _ = try await service.submit()
            let before = try await service.contents()
            let one = Self.suspend("x")
            let wrong: [(JSON, Int)] = [
                ([:], 422), (["commands": []], 422),
                (["commands": .array(Array(repeating: one, count: 1_001))], 422),
                (["commands": [["path": "/api/v1/tokens"]]], 422),
                (["commands": [["path": 7, "body": [:]]]], 422),
                (["commands": .array([Self.suspend("x", key: "")])], 422),
                (["commands": .array([one]), "more": true], 422), ([1], 422),
            ]
            for (body, status) in wrong {
                let answer = try await service.client.post(
                    "/api/v1/bulk", body, token: service.owner.token)
                #expect(
                    answer.status == status && answer.isProblem,
                    "\(body.canonicalText.prefix(80)): \(answer.text.prefix(200))")
            }
            let stranger = try await service.client.post(
                "/api/v1/bulk", ["commands": .array([one])])
            #expect(stranger.status == 401)
            #expect(try await service.contents() == before)
        }
    }
}
