// Guest, wrong role, right role: for each resource a row of who, method, path, body and status.

import Attestation
import CanonicalJSON
import Cryptography
import Governance
import HTTPTypes
import Testing

@testable import Web

@Suite(.serialized) struct `Who may do what` {
    private struct Row {
        let who: String
        let token: String?
        let method: HTTPRequest.Method
        let path: String
        var body: JSON?
        let status: Int
        var has = ""
        var hasNot = ""

        static func post(
            _ who: String, _ member: Member?, _ path: String, _ body: JSON, _ status: Int,
            has: String = "", hasNot: String = ""
        ) -> Row {
            Row(
                who: who, token: member?.token, method: .post, path: path, body: body,
                status: status,
                has: has, hasNot: hasNot)
        }

        static func get(
            _ who: String, _ member: Member?, _ path: String, _ status: Int, has: String = "",
            hasNot: String = ""
        ) -> Row {
            Row(
                who: who, token: member?.token, method: .get, path: path, status: status, has: has,
                hasNot: hasNot)
        }
    }

    private func run(_ rows: [Row], _ service: WebService) async throws {
        for row in rows {
            let answer =
                if let body = row.body {
                    try await service.client.post(row.path, body, token: row.token)
                } else {
                    try await service.client.send(row.method, row.path, token: row.token)
                }
            let label = "\(row.who) \(row.method.rawValue) \(row.path)"
            #expect(answer.status == row.status, "\(label): \(answer.text.prefix(400))")
            if !row.has.isEmpty {
                #expect(answer.text.contains(row.has), "\(label): \(answer.text.prefix(400))")
            }
            if !row.hasNot.isEmpty { #expect(!answer.text.contains(row.hasNot), "\(label)") }
            if row.status >= 400 { #expect(answer.isProblem, "\(label)") }
        }
    }

    @Test func `guests may nothing but what is public`() async throws {
        try await WebService.with { service in
            for route in try service.table.routes {
                let path = route.template.replacing("{path}", with: "0/000")
                let answer = try await service.client.send(
                    route.method, path, headers: [.contentType: "application/json"])
                if route.needsToken {
                    #expect(answer.status == 401 && answer.isProblem, "\(path)")
                    #expect(answer.headers[.wwwAuthenticate]?.hasPrefix("Bearer") == true)
                } else {
                    let isLog = path.contains("/log/") && path != "/log/key"
                    #expect(
                        answer.status == (isLog ? 401 : 200), "\(path): \(answer.text.prefix(200))")
                }
            }
        }
    }

    @Test func `submission is for owners of the namespace`() async throws {
        try await WebService.with { service in
            let body = try service.submission()
            let elsewhere = try service.submission("fraud/scorecard")
            let path = WebService.model + "/versions"
            try await run(
                [
                    .post("guest", nil, path, body, 401),
                    .post(
                        "deployer", service.deployer, path, body, 403, has: "role-missing",
                        hasNot: "Person"),
                    .post("administrator", service.administrator, path, body, 403),
                    .post(
                        "owner elsewhere", service.owner,
                        "/api/v1/namespaces/fraud/models/scorecard/versions", elsewhere, 403),
                    .post("owner", service.owner, path, body, 201, has: "credit/scorecard@1"),
                    .get(
                        "any member", service.deployer, WebService.version, 200,
                        has: "\"state\":\"open\"", hasNot: "salt"),
                    .get("any member", service.deployer, WebService.model, 200, has: "scorecard@1"),
                    .get(
                        "any member", service.deployer, WebService.model + "/versions/2", 404,
                        has: "version-unknown"),
                    .get(
                        "any member", service.deployer, "/api/v1/models", 200,
                        has: "credit/scorecard"),
                ], service)
        }
    }

    @Test func `evidence is for those entitled to give it`() async throws {
        try await WebService.with { service in
            let version = try await service.submit()
            let forged = try service.service.evaluationStatement(
                of: version, by: service.owner.person)
            let rightful = try service.service.evaluationStatement(
                of: version, by: service.reviewer.person)
            let evaluations = WebService.version + "/evaluations"
            try await run(
                [
                    .post(
                        "owner", service.owner, evaluations, ["statement": forged.json], 422,
                        has: "evaluation-not-entitled"),
                    .post(
                        "reviewer", service.reviewer, evaluations, ["statement": rightful.json],
                        201, has: "receipt"),
                    .post(
                        "reviewer again", service.reviewer, evaluations,
                        ["statement": rightful.json], 409, has: "evaluation-exists"),
                ], service)
            let own = try await service.service.approvalStatement(
                of: version, by: service.owner.person, as: .validator)
            let good = try await service.service.approvalStatement(
                of: version, by: service.validator.person, as: .validator)
            let approvals = WebService.version + "/approvals"
            try await run(
                [
                    .post(
                        "submitter", service.owner, approvals, ["statement": own.json], 422,
                        has: "gate-denied"),
                    .post(
                        "under another version", service.validator,
                        WebService.model + "/versions/2/approvals", ["statement": good.json], 422,
                        has: "version-mismatch"),
                    .post("validator", service.validator, approvals, ["statement": good.json], 201),
                ], service)
        }
    }

    @Test func `provenance is handed in by owner or validator, and signed by a service`()
        async throws
    {
        try await WebService.with { service in
            let version = try await service.submit()
            let test = service.service
            let own = try test.provenance(of: version, by: service.owner.person)
            let builder = try await test.enrol([], kind: .service)
            let good = try test.provenance(of: version, by: builder)
            let provenance = WebService.version + "/provenance"
            try await run(
                [
                    .post("nobody", nil, provenance, ["statement": good.json], 401),
                    .post(
                        "reviewer", service.reviewer, provenance, ["statement": good.json], 403,
                        has: "role-missing"),
                    .post(
                        "owner for himself", service.owner, provenance, ["statement": own.json],
                        422, has: "provenance-not-entitled"),
                    .post(
                        "validator", service.validator, provenance, ["statement": good.json], 201,
                        has: "receipt"),
                    .post(
                        "owner again", service.owner, provenance, ["statement": good.json], 409,
                        has: "provenance-known"),
                    .get(
                        "validator", service.validator, WebService.version, 200,
                        has: builder.principal.description),
                ], service)
        }
    }

    @Test func `findings are raised and closed by reviewers alone`() async throws {
        try await WebService.with { service in
            let version = try await service.submit()
            let test = service.service
            let forged = try test.finding(
                on: version, by: service.owner.person, owner: service.owner.person)
            let good = try test.finding(
                on: version, by: service.validator.person, owner: service.owner.person)
            let findings = WebService.version + "/findings"
            let body: JSON = ["statement": good.json]
            try await run(
                [
                    .post("nobody", nil, findings, body, 401),
                    .post(
                        "owner", service.owner, findings, ["statement": forged.json], 422,
                        has: "finding-not-entitled"),
                    .post(
                        "under another version", service.validator,
                        WebService.model + "/versions/2/findings", body, 422,
                        has: "version-mismatch"),
                    .post("validator", service.validator, findings, body, 201, has: "receipt"),
                    .post("validator again", service.validator, findings, body, 409),
                    .get(
                        "validator", service.validator, WebService.version, 200,
                        has: good.payloadDigest.hex),
                ], service)
            let own = try await test.closure(
                of: good.payloadDigest, on: version, by: service.owner.person)
            let closure = try await test.closure(
                of: good.payloadDigest, on: version, by: service.validator.person)
            try await run(
                [
                    .post(
                        "owner", service.owner, findings + "/closure", ["statement": own.json], 422,
                        has: "closure-not-entitled"),
                    .post(
                        "validator", service.validator, findings + "/closure",
                        ["statement": closure.json], 201, has: "receipt"),
                    .get(
                        "validator", service.validator, WebService.version, 200,
                        hasNot: good.payloadDigest.hex),
                ], service)
        }
    }

    @Test func `what runs is said by agents alone, each of its own place`() async throws {
        try await WebService.with { service in
            let version = try await service.submit()
            let test = service.service
            let agent = try await test.enrol([.agent], kind: .service)
            let address = "/api/v1/namespaces/credit/environments/production/snapshots"
            let items = [EnvironmentSnapshot.Item(version: version.reference)]
            let forged = try test.snapshot(by: service.deployer.person, items)
            let good = try test.snapshot(by: agent, items)
            let body: JSON = ["statement": good.json]
            try await run(
                [
                    .post("nobody", nil, address, body, 401),
                    .post(
                        "no agent", service.deployer, address, ["statement": forged.json], 422,
                        has: "snapshot-not-entitled"),
                    .post(
                        "of another place", service.deployer,
                        "/api/v1/namespaces/credit/environments/staging/snapshots", body, 422,
                        has: "environment-mismatch"),
                    .post(
                        "of no place", service.deployer,
                        "/api/v1/namespaces/credit/environments/Production/snapshots", body, 404,
                        has: "environment-unknown"),
                    .post("without it", service.deployer, address, [:], 422),
                    .post(
                        "the agent's word, brought by another", service.deployer, address, body,
                        201, has: "running-not-permitted"),
                    .post("again", service.deployer, address, body, 409, has: "snapshot-not-later"),
                    .get(
                        "deployer", service.deployer, WebService.version, 200,
                        has: "\"runs\":true"),
                ], service)
        }
    }

    @Test func `restrictions and deployments have their roles`() async throws {
        try await WebService.with { service in
            let version = try await service.submit()
            let question = service.question(version)
            let deployments = WebService.version + "/deployments"
            try await run(
                [
                    .post("guest", nil, deployments, question, 401),
                    .post(
                        "wrong role", service.owner, deployments, question, 200,
                        has: "\"verdict\":\"deny\"", hasNot: "dsseEnvelope"),
                    .post(
                        "unknown version", service.deployer,
                        WebService.model + "/versions/7/deployments", question, 404,
                        has: "version-unknown"),
                    .post(
                        "unknown deployment", service.deployer,
                        "/api/v1/deployments/d-00/confirmation", [:], 404, has: "deployment-unknown"
                    ),
                    .post(
                        "deployer", service.deployer, WebService.version + "/suspension",
                        ["reason": "x"], 403),
                    .post(
                        "validator", service.validator, WebService.version + "/suspension",
                        ["reason": "drift"], 201),
                    .post(
                        "validator", service.validator, WebService.version + "/withdrawal",
                        ["reason": "x"], 403),
                    .post(
                        "owner", service.owner, WebService.version + "/withdrawal",
                        ["reason": "wrong data"], 201),
                    .get("deployer", service.deployer, WebService.version, 200, has: "suspension"),
                ], service)
        }
    }

    @Test func `people are for administrators`() async throws {
        try await WebService.with { service in
            let path = "/api/v1/principals/\(service.owner.person.principal)"
            let key = service.owner.person.key.publicKey.id.hex
            let role = try #require(service.owner.person.assignments[.owner]).hex
            let statement = try KeyAssignment(
                origin: service.service.origin, principal: service.owner.person.principal,
                kind: .person, key: service.owner.person.key.publicKey,
                validFrom: service.service.clock.now,
                validUntil: service.service.clock.now.adding(seconds: 10)
            ).statement.sign(with: [service.owner.person.key])
            try await run(
                [
                    .post(
                        "deployer", service.deployer, "/api/v1/principals",
                        ["name": "X", "person": .null, "assignment": statement.json], 403),
                    .post(
                        "administrator, unsigned by one", service.administrator,
                        "/api/v1/principals",
                        ["name": "X", "person": .null, "assignment": statement.json], 422,
                        has: "assignment-not-entitled"),
                    .post(
                        "deployer", service.deployer, path + "/keys",
                        ["assignment": statement.json], 403),
                    .post(
                        "for another", service.administrator,
                        "/api/v1/principals/\(service.deployer.person.principal)/keys",
                        ["assignment": statement.json], 422, has: "principal-mismatch"),
                    .post(
                        "deployer", service.deployer, path + "/tokens", ["days": 1], 403,
                        hasNot: "imp_"),
                    .post(
                        "deployer", service.deployer, path + "/keys/\(key)/revocation",
                        ["reason": "x"], 403),
                    .post(
                        "deployer", service.deployer, path + "/roles/\(role)/revocation",
                        ["reason": "x"], 403),
                    .post(
                        "herself", service.owner, path + "/tokens", ["days": 1], 201, has: "imp_"),
                    .get("any member", service.deployer, path, 200, has: key, hasNot: "hash"),
                    .get(
                        "any member", service.deployer, "/api/v1/principals/p-0000000000000000",
                        404, has: "principal-unknown"),
                ], service)
        }
    }
}
