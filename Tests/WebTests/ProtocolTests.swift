// The layer around the operations: ids, methods, conditional requests, pages, load, health.

import Attestation
import CanonicalJSON
import Cryptography
import Governance
import HTTPTypes
import Hummingbird
import NIOCore
import Registry
import Testing

@testable import Web

@Suite(.serialized) struct `The protocol` {
    @Test func `answers unknown addresses and methods with problems`() async throws {
        try await WebService.with { service in
            let client = service.client
            for path in [
                "/", "/nothing", "/api/v1", "/api/v2/models", "/log", "/log/tile", "/API/v1/models",
            ] {
                let answer = try await client.get(path)
                #expect(answer.status == 404 && answer.isProblem, "\(path): \(answer.status)")
            }
            let wrong = try await client.send(.put, "/api/v1/models", token: service.owner.token)
            #expect(wrong.status == 405 && wrong.isProblem)
            #expect(wrong.headers[.allow] == "GET, HEAD")
            let post = try await client.get("/api/v1/principals", token: service.owner.token)
            #expect(post.status == 405)
            #expect(post.headers[.allow] == "POST")
            let head = try await client.send(.head, "/healthz")
            #expect(head.status == 200 && head.bytes.isEmpty)
            #expect(try await client.send(.head, "/nothing").bytes.isEmpty)
        }
    }

    @Test func `carries request ids and safe headers everywhere`() async throws {
        try await WebService.with { service in
            for path in ["/healthz", "/nothing", "/api/v1/models", "/api/openapi.json"] {
                let given = try await service.client.get(path, headers: [.requestID: "my-id.1"])
                #expect(given.headers[.requestID] == "my-id.1")
                let bad = try await service.client.get(
                    path, headers: [.requestID: "no spaces allowed"])
                #expect(bad.headers[.requestID]?.hasPrefix("q-") == true)
                #expect(bad.headers[.xContentTypeOptions] == "nosniff")
                #expect(
                    bad.headers[.contentSecurityPolicy]?.hasPrefix("default-src 'none'") == true)
                #expect(bad.headers[.strictTransportSecurity] == nil)
            }
            let secret = try await service.client.get("/api/v1/whoami", token: service.owner.token)
            #expect(secret.headers[.cacheControl] == "no-store")
        }
    }

    @Test func `answers 304 to whoever has the same`() async throws {
        try await WebService.with { service in
            _ = try await service.submit()
            let token = service.owner.token
            let first = try await service.client.get(WebService.version, token: token)
            let tag = try #require(first.headers[.eTag])
            for known in [tag, "W/\(tag)", "\"other\", \(tag)", "*"] {
                let again = try await service.client.get(
                    WebService.version, token: token, headers: [.ifNoneMatch: known])
                #expect(again.status == 304 && again.bytes.isEmpty, "\(known)")
            }
            _ = try await service.client.post(
                WebService.version + "/suspension", ["reason": "drift"], token: token)
            let changed = try await service.client.get(
                WebService.version, token: token, headers: [.ifNoneMatch: tag])
            #expect(changed.status == 200)
        }
    }

    @Test func `pages through models without gap or repetition`() async throws {
        try await WebService.with { service in
            for name in ["alpha", "beta", "gamma"] {
                let answer = try await service.client.post(
                    "/api/v1/namespaces/credit/models/\(name)/versions",
                    service.submission("credit/\(name)", seed: name), token: service.owner.token)
                #expect(answer.status == 201, "\(answer.text.prefix(300))")
            }
            var seen: [String] = []
            var path = "/api/v1/models?limit=2"
            while true {
                let page = try await service.client.get(path, token: service.owner.token).json
                seen += (page["models"]?.array ?? []).compactMap { $0["model"]?.string }
                guard let next = page["next"]?.string else { break }
                path = "/api/v1/models?limit=2&cursor=\(next)"
            }
            #expect(seen == ["credit/alpha", "credit/beta", "credit/gamma"])
        }
    }

    @Test func `refuses what exceeds its capacity, at once and unharmed`() async throws {
        let capacity = Capacity(requests: 2, bytes: 10)
        try await capacity.withRequest { () async throws -> Void in
            try await capacity.withRequest { () async throws -> Void in
                _ = await #expect(throws: Problem.self) { try await capacity.withRequest {} }
            }
            try await capacity.withRequest {}
        }
        try await capacity.withBytes(8) {
            let problem = await #expect(throws: Problem.self) {
                try await capacity.withBytes(3) {}
            }
            #expect(problem?.status == .serviceUnavailable)
            #expect(problem?.headers[.retryAfter] == "1")
            try await capacity.withBytes(2) {}
        }
        try await WebService.with(maximumInFlight: 0) { service in
            let answer = try await service.client.get("/api/v1/root")
            #expect(answer.status == 503 && answer.isProblem)
            #expect(answer.code == "busy")
            #expect(answer.headers[.retryAfter] == "1")
            #expect(try await service.client.get("/healthz").status == 200)
        }
    }

    @Test func `says whether it lives and is ready`() async throws {
        try await WebService.with { service in
            let health = try await service.client.get("/healthz")
            #expect(health.json == ["status": "ok", "halted": .null])
            #expect(try await service.client.get("/readyz").status == 200)
            let root = try await service.client.get("/api/v1/root")
            #expect(root.bytes == (try WebService.trustRoot(of: service.service)).canonicalBytes)
            let openAPI = try await service.client.get("/api/openapi.json")
            #expect(openAPI.json["openapi"] == "3.1.0")
        }
    }

    @Test func `denies, refuses and still proves while halted`() async throws {
        try await WebService.with { service in
            let version = try await service.makeApproved()
            let before = try await service.contents()
            service.registry.halt.halt(HaltReason(.forked, "at size 9 the roots differ"))
            let client = service.client
            let denied = try await client.post(
                WebService.version + "/deployments", service.question(version),
                token: service.deployer.token)
            #expect(denied.status == 200)
            #expect(denied.json["decision"]?["verdict"] == "deny")
            #expect(denied.json["decision"]?["rules"]?[0]?["id"] == "LOG-HALTED")
            #expect(denied.text.contains("at size 9 the roots differ"))
            #expect(denied.json["permit"] == .null)
            let writes: [(String, JSON)] = [
                (WebService.version + "/suspension", ["reason": "x"]),
                (WebService.version + "/retirement", ["reason": "x"]),
                ("/api/v1/principals/\(service.owner.person.principal)/tokens", ["days": 1]),
            ]
            for (path, body) in writes {
                let refused = try await client.post(path, body, token: service.owner.token)
                #expect(refused.status == 503 && refused.code == "log-halted", "\(refused.text)")
            }
            #expect(try await client.get("/readyz").code == "log-halted")
            #expect(try await client.get("/healthz").json["halted"] == "forked")
            #expect(
                try await client.get("/log/checkpoint", token: service.owner.token).status == 200)
            #expect(
                try await client.get(WebService.version, token: service.owner.token).status == 200)
            #expect(try await service.contents() == before)
        }
    }
}
