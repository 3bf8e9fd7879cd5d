// The published schema of each kind of file in a pack: it accepts what ships and refuses what the reader
// refuses for its form.

import CanonicalJSON
import Governance
import Schema
import TestSupport
import Testing

@Suite struct `The schemas of a pack` {
    static let kinds: [String: String] = {
        var kinds = ["cards/required.yaml": "required"]
        for name in [
            "approvals", "evaluations", "frameworks", "pack", "permits", "retention", "tiers",
        ] {
            kinds["\(name).yaml"] = name
        }
        for gate in Gate.allCases {
            kinds["gates/\(gate.rawValue).yaml"] = "gate"
            kinds["tests/\(gate.rawValue).yaml"] = "tests"
        }
        return kinds
    }()

    private func schema(_ kind: String) throws -> JSONSchema {
        try JSONSchema(loading: Fixtures.ours("docs/reference/policy/\(kind).schema.json"))
    }

    @Test func `are there for every file, and accept what ships`() throws {
        for path in PolicyPack.paths {
            #expect(Self.kinds[path] != nil, "\(path)")
        }
        for (path, kind) in Self.kinds {
            #expect(try schema(kind).findings(in: ShippedPack.file(path).tree) == [], "\(path)")
        }
    }

    @Test(
        arguments: [
            ("pack.yaml", "/version", 0), ("pack.yaml", "/effective_from", "2026"),
            ("pack.yaml", "/more", 1), ("tiers.yaml", "/unknown_counts_as", 1),
            ("tiers.yaml", "/raised_by/0/to", 4), ("cards/required.yaml", "/required/0/from", 0),
            ("approvals.yaml", "/tiers/0/quorum/0/role", "administrator"),
            ("approvals.yaml", "/tiers/0/quorum", []),
            ("evaluations.yaml", "/measures/0/threshold", "0,8"),
            ("permits.yaml", "/deploy/lifetime_minutes", 1_441), ("permits.yaml", "/run/0/tier", 4),
            ("approvals.yaml", "/delegation/maximum_days", 0),
            ("approvals.yaml", "/delegation/roles/0", "owner"),
            ("permits.yaml", "/break_glass/maximum_hours", 73),
            ("permits.yaml", "/break_glass/roles/0", "owner"),
            ("permits.yaml", "/break_glass/overrides/0", "dep-1"),
            ("retention.yaml", "/classes/0/record_days", 0),
            ("gates/deploy.yaml", "/rules/0/mode", "ignore"),
            ("gates/deploy.yaml", "/rules/0/id", "DEP-1"),
            ("gates/deploy.yaml", "/rules/3/check", "no-such-check"),
            ("gates/deploy.yaml", "/rules/0/missing/kind", "luck"),
            ("gates/deploy.yaml", "/rules/0/waivable", "no"),
            ("gates/deploy.yaml", "/rules/0/controls", ["none"]),
            ("gates/deploy.yaml", "/rules/0/because", "so"),
            ("frameworks.yaml", "/frameworks/0/kind", "habit"),
            ("frameworks.yaml", "/frameworks/0/controls", []),
            ("tests/deploy.yaml", "/tests/0/expect/verdict", "perhaps"),
            ("tests/deploy.yaml", "/tests/0/given", 1),
        ] as [(String, String, JSON)])
    func `refuse what the reader refuses`(
        _ path: String, _ pointer: String, _ value: JSON
    ) throws {
        let kind = try #require(Self.kinds[path])
        let place = try JSONPointer(parsing: pointer)
        let tree = try #require(
            ShippedPack.file(path).tree.changing(place.tokens[...], to: value))
        #expect(try !schema(kind).findings(in: tree).isEmpty)
    }

    @Test func `know the file that names certified signers`() throws {
        let file: JSON = [
            "trusts": [
                [
                    "name": "build-system", "method": "certificate", "authorities": "-----BEGIN",
                    "profile": "strict",
                    "identities": [
                        [
                            "identity": "release@example.org", "principal": "p-0000000000000001",
                            "valid_until": "2027-01-01T00:00:00.000Z",
                        ]
                    ],
                ],
                [
                    "name": "public-sigstore", "method": "sigstore", "trusted_root": "{}",
                    "identities": [
                        [
                            "identity": "release@example.org", "principal": "p-0000000000000001",
                            "issuer": "https://accounts.example.org",
                        ]
                    ],
                ],
            ]
        ]
        let schema = try schema("signatures")
        #expect(schema.findings(in: file) == [])
        for (pointer, value) in [
            ("/trusts/0/method", "letter"), ("/trusts/0/identities", []),
            ("/trusts/1/identities/0/principal", "me"), ("/trusts/0/pattern", "*"),
            ("/trusts/0/identities/0/valid_until", "2027"),
        ] as [(String, JSON)] {
            let place = try JSONPointer(parsing: pointer)
            let changed = try #require(file.changing(place.tokens[...], to: value))
            #expect(!schema.findings(in: changed).isEmpty, "\(pointer)")
        }
    }
}
