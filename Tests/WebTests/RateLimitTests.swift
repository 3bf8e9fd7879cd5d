// Whoever asks too often waits, nobody else does, and the memory for it is bounded.

import CanonicalJSON
import Governance
import HTTPTypes
import Registry
import TestSupport
import Testing

@testable import Web

@Suite struct `A rate limiter` {
    private let start = ContinuousClock.now

    @Test func `lets a burst through, then what flows in`() {
        let limiter = RateLimiter(perSecond: 10, burst: 3)
        for _ in 0..<3 { #expect(limiter.take("ada", at: start) == nil) }
        let wait = limiter.take("ada", at: start)
        #expect(wait.map { $0 > .milliseconds(99) && $0 <= .milliseconds(101) } == true)
        #expect(limiter.take("ada", at: start + .milliseconds(50)) != nil)
        #expect(limiter.take("ada", at: start + .milliseconds(101)) == nil)
        #expect(limiter.take("ada", at: start + .milliseconds(101)) != nil)
        // A long pause gives a burst, and no more.
        let later = start + .seconds(1_000)
        for _ in 0..<3 { #expect(limiter.take("ada", at: later) == nil) }
        #expect(limiter.take("ada", at: later) != nil)
    }

    @Test func `keeps callers apart`() {
        let limiter = RateLimiter(perSecond: 1, burst: 1)
        #expect(limiter.take("ada", at: start) == nil)
        #expect(limiter.take("ada", at: start) != nil)
        #expect(limiter.take("bob", at: start) == nil)
    }

    @Test func `is bounded in memory, and lets newcomers share one place`() {
        let limiter = RateLimiter(perSecond: 1, burst: 2, mostBuckets: 50)
        for number in 0..<5_000 { _ = limiter.take("\(number)", at: start) }
        #expect(limiter.count <= 51)
        #expect(limiter.take("a newcomer", at: start) != nil)
        // Those that are full again make room.
        #expect(limiter.take("a newcomer", at: start + .seconds(60)) == nil)
        #expect(limiter.count == 1)
    }
}

@Suite(.serialized) struct `Limits of requests` {
    private func client(_ service: WebService, _ limits: RequestLimits) throws -> Client {
        var settings = service.settings
        settings.limits = limits
        return try WebService.client(of: service.service, settings)
    }

    @Test func `a caller that asks too often is answered 429, others are not`() async throws {
        try await WebService.with { service in
            let client = try client(
                service,
                .init(perSecond: 1, burst: 4, failuresPerSecond: 1, failureBurst: 100))
            let second = try await WebService.member(service.owner.person, service.service)
            var answers: [Answer] = []
            while answers.count < 50, answers.last?.status != 429 {
                answers.append(try await client.get("/api/v1/whoami", token: service.owner.token))
            }
            // Another token of the same principal does not help; another principal has its own.
            let other = try await client.get("/api/v1/whoami", token: second.token)
            #expect(other.status == 429)
            #expect(answers.count > 4 && answers.prefix(4).allSatisfy { $0.status == 200 })
            let refused = try #require(answers.last)
            #expect(refused.status == 429 && refused.isProblem && refused.code == "rate-limited")
            #expect(refused.headers[.retryAfter].flatMap { Int($0) }.map { $0 >= 1 } == true)
            #expect(
                try await client.get("/api/v1/whoami", token: service.deployer.token).status == 200)
            #expect(try await client.get("/healthz").status == 200)
        }
    }

    @Test func `an address that tries tokens is slowed down, and good tokens from it are not`()
        async throws
    {
        try await WebService.with { service in
            let client = try client(
                service,
                .init(perSecond: 100, burst: 100, failuresPerSecond: 1, failureBurst: 3))
            var statuses: [Int] = []
            for _ in 0..<6 {
                statuses.append(try await client.get("/api/v1/whoami", token: "imp_x").status)
            }
            #expect(statuses.prefix(3) == [401, 401, 401])
            #expect(statuses.contains(429))
            #expect(
                try await client.get("/api/v1/whoami", token: service.owner.token).status == 200)
        }
    }

    @Test func `the settings survive their file, and older files have the usual ones`() throws {
        var settings = StoredSettings(origin: "example.com/log", pin: "/pin", postgresUser: nil)
        settings.limits.burst = 7
        settings.housekeeping.periods.mapSeconds = 60
        #expect(try StoredSettings.read(settings.json.canonicalBytes) == settings)
        let older: JSON = [
            "origin": "example.com/log", "pin": "/pin", "postgresUser": .null, "version": 1,
        ]
        let read = try StoredSettings.read(older.canonicalBytes)
        #expect(read.limits == .usual && read.housekeeping == .usual)
        let wrong = settings.json.object?.merging(["limits": ["burst": 0]]) { $1 }
        #expect(throws: (any Error).self) {
            try StoredSettings.read(JSON.object(wrong ?? [:]).canonicalBytes)
        }
    }
}

@Suite(.serialized) struct `Administrators` {
    /// An administrator of one namespace.
    private func local(_ service: WebService) async throws -> Member {
        let person = try await service.service.enrol([])
        _ = try await service.service.grant(.administrator, to: person, in: "credit")
        return try await WebService.member(person, service.service)
    }

    @Test func `of one namespace reach no further than it`() async throws {
        try await WebService.with { service in
            let local = try await local(service)
            let stranger = try await service.service.enrol([.owner], in: "fraud")
            func tokens(_ person: TestPerson) async throws -> Int {
                try await service.client.post(
                    "/api/v1/principals/\(person.principal)/tokens", ["days": 1], token: local.token
                ).status
            }
            func revoke(_ person: TestPerson, _ role: Role) async throws -> Int {
                let digest = try #require(person.assignments[role])
                return try await service.client.post(
                    "/api/v1/principals/\(person.principal)/roles/\(digest)/revocation",
                    ["reason": "test"], token: local.token
                ).status
            }
            #expect(try await tokens(stranger) == 403)
            #expect(try await revoke(stranger, .owner) == 403)
            let keys = try await service.client.get(
                "/api/v1/principals/\(stranger.principal)", token: local.token)
            let key = try #require(keys.json["keys"]?.array?.first?["key"]?.string)
            let revoked = try await service.client.post(
                "/api/v1/principals/\(stranger.principal)/keys/\(key)/revocation",
                ["reason": "test"], token: local.token)
            #expect(revoked.status == 403)
            #expect(revoked.json["detail"]?.string?.contains("over fraud") == true)
            // Nor for the administrator of everything, whose token would be more than its own.
            #expect(try await tokens(service.administrator.person) == 403)
            // Within its namespace it administers; so does the one of all namespaces everywhere.
            #expect(try await tokens(service.owner.person) == 201)
            #expect(try await revoke(service.owner.person, .owner) == 201)
            let all = try await service.client.post(
                "/api/v1/principals/\(stranger.principal)/tokens", ["days": 1],
                token: service.administrator.token)
            #expect(all.status == 201)
        }
    }

    @Test func `somebody with roles in two namespaces needs an administrator of both`()
        async throws
    {
        try await WebService.with { service in
            let local = try await local(service)
            let both = try await service.service.enrol([.owner])
            let path = "/api/v1/principals/\(both.principal)/tokens"
            #expect(
                try await service.client.post(path, ["days": 1], token: local.token).status == 201)
            _ = try await service.service.grant(.owner, to: both, in: "fraud")
            try await service.service.settled()
            #expect(
                try await service.client.post(path, ["days": 1], token: local.token).status == 403)
        }
    }
}
