// Provenance of versions: who may speak as a builder, and what nobody can take away.

import Attestation
import CanonicalJSON
import Cryptography
import Governance
import Registry
import TestSupport
import Testing

@Suite struct `A builder's word` {
    private struct Scene {
        let service: TestService
        let team: TestTeam
        let version: TestVersion

        /// The code of the refusal; nil when it is on record.
        func attest(_ envelope: Envelope) async throws -> String? {
            try await service.refusal {
                _ = try await service.registry.attest(
                    envelope, of: version.reference, service.request(team.owner))
            }
        }

        func shown() async throws -> [JSON] {
            try await service.registry.status(of: version.reference)["provenance"]?.array ?? []
        }
    }

    private func scene(_ body: (Scene) async throws -> Void) async throws {
        try await TestService.with { service in
            let team = try await service.makeTeam()
            let version = try await service.submit(by: team.owner, seed: "one")
            try await body(Scene(service: service, team: team, version: version))
        }
    }

    @Test func `is a service's, and not that of who submitted the version`() async throws {
        try await scene { scene in
            let (service, team) = (scene.service, scene.team)
            for person in [team.owner, team.validator] {
                let own = try service.provenance(of: scene.version, by: person)
                #expect(try await scene.attest(own) == "provenance-not-entitled")
            }
            let owners = try await service.enrol(
                [], kind: .service, as: team.owner.principal)
            #expect(
                try await scene.attest(service.provenance(of: scene.version, by: owners))
                    == "provenance-not-entitled")
            let others = try await service.enrol(
                [], kind: .service, as: team.validator.principal)
            #expect(
                try await scene.attest(service.provenance(of: scene.version, by: others)) == nil)
        }
    }

    @Test func `is no longer taken after the key was revoked`() async throws {
        try await scene { scene in
            let service = scene.service
            let builder = try await service.enrol([], kind: .service)
            let one = try service.provenance(of: scene.version, by: builder)
            let two = try service.provenance(of: scene.version, by: builder, subject: nil) {
                $0 = Self.edited($0, buildType: "two")
            }
            #expect(try await scene.attest(one) == nil)
            _ = try await service.registry.revokeKey(
                builder.key.publicKey.id, of: builder.principal, reason: "stolen",
                service.request(service.administrator))
            #expect(try await scene.attest(two) == "provenance-not-entitled")
        }
    }

    @Test func `does not take the place of another's over the same bytes`() async throws {
        try await scene { scene in
            let service = scene.service
            let first = try await service.enrol([], kind: .service)
            let second = try await service.enrol([], kind: .service)
            let one = try service.provenance(of: scene.version, by: first)
            let two = try Envelope.sign(one.payload, with: [second.key])
            let both = try Envelope.sign(one.payload, with: [first.key, second.key])
            #expect(try await scene.attest(both) == "provenance-malformed")
            #expect(try await scene.attest(one) == nil)
            #expect(try await scene.attest(two) == nil)
            #expect(try await scene.attest(two) == "provenance-known")
            let principals = try await scene.shown().compactMap { $0["principal"]?.string }
            #expect(
                principals == [first.principal.description, second.principal.description])
        }
    }

    @Test func `is known and shown by the log, whatever becomes of the rows`() async throws {
        try await scene { scene in
            let service = scene.service
            let builder = try await service.enrol([], kind: .service)
            let envelope = try service.provenance(of: scene.version, by: builder)
            #expect(try await scene.attest(envelope) == nil)
            try await service.sabotage(["UPDATE registry.provenance SET builder = 'forged'"])
            #expect(try await scene.shown().map { $0["builder"] } == ["https://ci.example/builder"])
            try await service.sabotage(["DELETE FROM registry.provenance"])
            #expect(try await scene.shown().map { $0["builder"] } == ["https://ci.example/builder"])
            #expect(try await scene.attest(envelope) == "provenance-known")
        }
    }

    @Test func `is taken twenty times of one builder, and not for one that is retired`()
        async throws
    {
        try await scene { scene in
            let service = scene.service
            let builder = try await service.enrol([], kind: .service)
            func said(_ type: String, of version: TestVersion) throws -> Envelope {
                try service.provenance(of: version, by: builder) {
                    $0 = Self.edited($0, buildType: type)
                }
            }
            for number in 1...20 {
                #expect(try await scene.attest(said("\(number)", of: scene.version)) == nil)
            }
            #expect(
                try await scene.attest(said("21", of: scene.version)) == "provenance-too-much")
            // Another builder still has a word.
            let real = try await service.enrol([], kind: .service)
            #expect(
                try await scene.attest(service.provenance(of: scene.version, by: real)) == nil)
            let next = Scene(
                service: service, team: scene.team,
                version: try await service.submit(by: scene.team.owner, seed: "two"))
            #expect(try await next.attest(said("1", of: next.version)) == nil)
            let answer = try await service.registry.retire(
                next.version.reference, reason: "superseded", successor: nil,
                service.request(scene.team.owner))
            #expect(answer.verdict == "allow")
            #expect(try await next.attest(said("2", of: next.version)) == "version-closed")
        }
    }

    private static func edited(_ predicate: JSON, buildType: String) -> JSON {
        [
            "buildDefinition": ["buildType": .string(buildType)],
            "runDetails": predicate["runDetails"] ?? [:],
        ]
    }

    static let secretive = [
        "git+https://user:ghp_secret@git.example/a", "https://ghp_secret@git.example",
        "ssh://git:pw@git.example/a", "https://a.example/?of=https://u:p@b.example/",
    ]

    @Test(arguments: secretive)
    func `is not recorded with an address that names an account`(_ address: String) async throws {
        try await scene { scene in
            let builder = try await scene.service.enrol([], kind: .service)
            for predicate in Self.naming(address) {
                let envelope = try scene.service.provenance(of: scene.version, by: builder) {
                    $0 = predicate
                }
                #expect(try await scene.attest(envelope) == "provenance-malformed")
            }
        }
    }

    static let harmless = [
        "git+ssh://git@git.example/a", "https://git.example/a@main", "pkg:docker/a@sha256:ab",
        "https://a.example?mail=a@b.example", "git@git.example:a/b",
    ]

    @Test func `is recorded with any other address`() async throws {
        try await scene { scene in
            let builder = try await scene.service.enrol([], kind: .service)
            for address in Self.harmless {
                for predicate in Self.naming(address) {
                    let envelope = try scene.service.provenance(of: scene.version, by: builder) {
                        $0 = predicate
                    }
                    #expect(try await scene.attest(envelope) == nil, "\(address)")
                }
            }
        }
    }

    private static func naming(_ address: String) -> [JSON] {
        [
            [
                "buildDefinition": ["buildType": "x"],
                "runDetails": ["builder": ["id": .string(address)]],
            ],
            [
                "buildDefinition": [
                    "buildType": "x", "resolvedDependencies": [["uri": .string(address)]],
                ],
                "runDetails": ["builder": ["id": "x"]],
            ],
        ]
    }

    @Test func `has digests of their lengths, and is not too long`() async throws {
        try await scene { scene in
            let builder = try await scene.service.enrol([], kind: .service)
            func said(_ digest: JSON, padding: Int = 0) throws -> Envelope {
                try scene.service.provenance(of: scene.version, by: builder) {
                    $0 = [
                        "buildDefinition": [
                            "buildType": "x", "resolvedDependencies": [["digest": digest]],
                            "padding": .string(String(repeating: "x", count: padding)),
                        ],
                        "runDetails": ["builder": ["id": "x"]],
                    ]
                }
            }
            for (algorithm, length) in [("sha256", 63), ("sha1", 64), ("gitCommit", 41)] {
                let digest = JSON.object([algorithm: .string(String(repeating: "a", count: length))]
                )
                #expect(try await scene.attest(said(digest)) == "provenance-malformed")
            }
            let right: [(String, Int)] = [
                ("sha256", 64), ("sha1", 40), ("gitCommit", 40), ("gitCommit", 64), ("dirHash", 7),
            ]
            for (algorithm, length) in right {
                let digest = JSON.object([algorithm: .string(String(repeating: "a", count: length))]
                )
                #expect(try await scene.attest(said(digest)) == nil)
            }
            let sha1: JSON = ["sha1": .string(String(repeating: "a", count: 40))]
            #expect(try await scene.attest(said(sha1, padding: 100_000)) == "provenance-malformed")
            #expect(try await scene.attest(said(sha1, padding: 90_000)) == nil)
        }
    }
}
