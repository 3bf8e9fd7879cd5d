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
            if !row.has.isEmpty { #expect(answer.text.contains(row.has), "\(label): \(answer.text.prefix(400))") }
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
                    let isLog = path.hasPrefix("/log/") && path != "/log/key"
                    #expect(answer.status == (isLog ? 401 : 200), "\(path): \(answer.text.prefix(200))")
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
                    Row(who: "guest", token: nil, method: .post, path: path, body: body, status: 401),
                    Row(who: "deployer", token: service.deployer.token, method: .post, path: path, body: body, status: 403, has: "role-missing", hasNot: "Person"),
                    Row(who: "administrator", token: service.administrator.token, method: .post, path: path, body: body, status: 403),
                    Row(who: "owner elsewhere", token: service.owner.token, method: .post, path: "/api/v1/namespaces/fraud/models/scorecard/versions", body: elsewhere, status: 403),
                    Row(who: "owner", token: service.owner.token, method: .post, path: path, body: body, status: 201, has: "credit/scorecard@1"),
                    Row(who: "any member", token: service.deployer.token, method: .get, path: WebService.version, status: 200, has: "\"state\":\"open\"", hasNot: "salt"),
                    Row(who: "any member", token: service.deployer.token, method: .get, path: WebService.model, status: 200, has: "scorecard@1"),
                    Row(who: "any member", token: service.deployer.token, method: .get, path: WebService.model + "/versions/2", status: 404, has: "version-unknown"),
                    Row(who: "any member", token: service.deployer.token, method: .get, path: "/api/v1/models", status: 200, has: "credit/scorecard"),
                ], service)
        }
    }

    @Test func `evidence is for those entitled to give it`() async throws {
        try await WebService.with { service in
            let version = try await service.submit()
            let forged = try service.service.evaluationStatement(of: version, by: service.owner.person)
            let rightful = try service.service.evaluationStatement(of: version, by: service.reviewer.person)
            let evaluations = WebService.version + "/evaluations"
            try await run(
                [
                    Row(who: "owner", token: service.owner.token, method: .post, path: evaluations, body: ["statement": forged.json], status: 422, has: "evaluation-not-entitled"),
                    Row(who: "reviewer", token: service.reviewer.token, method: .post, path: evaluations, body: ["statement": rightful.json], status: 201, has: "receipt"),
                    Row(who: "reviewer again", token: service.reviewer.token, method: .post, path: evaluations, body: ["statement": rightful.json], status: 409, has: "evaluation-exists"),
                ], service)
            let own = try await service.service.approvalStatement(of: version, by: service.owner.person, as: .validator)
            let good = try await service.service.approvalStatement(of: version, by: service.validator.person, as: .validator)
            let approvals = WebService.version + "/approvals"
            try await run(
                [
                    Row(who: "submitter", token: service.owner.token, method: .post, path: approvals, body: ["statement": own.json], status: 422, has: "gate-denied"),
                    Row(who: "under another version", token: service.validator.token, method: .post, path: WebService.model + "/versions/2/approvals", body: ["statement": good.json], status: 422, has: "version-mismatch"),
                    Row(who: "validator", token: service.validator.token, method: .post, path: approvals, body: ["statement": good.json], status: 201),
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
                    Row(who: "guest", token: nil, method: .post, path: deployments, body: question, status: 401),
                    Row(who: "wrong role", token: service.owner.token, method: .post, path: deployments, body: question, status: 200, has: "\"verdict\":\"deny\"", hasNot: "dsseEnvelope"),
                    Row(who: "unknown version", token: service.deployer.token, method: .post, path: WebService.model + "/versions/7/deployments", body: question, status: 404, has: "version-unknown"),
                    Row(who: "unknown deployment", token: service.deployer.token, method: .post, path: "/api/v1/deployments/d-00/confirmation", body: [:], status: 404, has: "deployment-unknown"),
                    Row(who: "deployer", token: service.deployer.token, method: .post, path: WebService.version + "/suspension", body: ["reason": "x"], status: 403),
                    Row(who: "validator", token: service.validator.token, method: .post, path: WebService.version + "/suspension", body: ["reason": "drift"], status: 201),
                    Row(who: "validator", token: service.validator.token, method: .post, path: WebService.version + "/withdrawal", body: ["reason": "x"], status: 403),
                    Row(who: "owner", token: service.owner.token, method: .post, path: WebService.version + "/withdrawal", body: ["reason": "wrong data"], status: 201),
                    Row(who: "deployer", token: service.deployer.token, method: .get, path: WebService.version, status: 200, has: "suspension"),
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
                validFrom: service.service.clock.now, validUntil: service.service.clock.now.adding(seconds: 10)
            ).statement.sign(with: [service.owner.person.key])
            try await run(
                [
                    Row(who: "deployer", token: service.deployer.token, method: .post, path: "/api/v1/principals", body: ["name": "X", "person": .null, "assignment": statement.json], status: 403),
                    Row(who: "administrator, unsigned by one", token: service.administrator.token, method: .post, path: "/api/v1/principals", body: ["name": "X", "person": .null, "assignment": statement.json], status: 422, has: "assignment-not-entitled"),
                    Row(who: "deployer", token: service.deployer.token, method: .post, path: path + "/keys", body: ["assignment": statement.json], status: 403),
                    Row(who: "for another", token: service.administrator.token, method: .post, path: "/api/v1/principals/\(service.deployer.person.principal)/keys", body: ["assignment": statement.json], status: 422, has: "principal-mismatch"),
                    Row(who: "deployer", token: service.deployer.token, method: .post, path: path + "/tokens", body: ["days": 1], status: 403, hasNot: "imp_"),
                    Row(who: "deployer", token: service.deployer.token, method: .post, path: path + "/keys/\(key)/revocation", body: ["reason": "x"], status: 403),
                    Row(who: "deployer", token: service.deployer.token, method: .post, path: path + "/roles/\(role)/revocation", body: ["reason": "x"], status: 403),
                    Row(who: "herself", token: service.owner.token, method: .post, path: path + "/tokens", body: ["days": 1], status: 201, has: "imp_"),
                    Row(who: "any member", token: service.deployer.token, method: .get, path: path, status: 200, has: key, hasNot: "hash"),
                    Row(who: "any member", token: service.deployer.token, method: .get, path: "/api/v1/principals/p-0000000000000000", status: 404, has: "principal-unknown"),
                ], service)
        }
    }
}
