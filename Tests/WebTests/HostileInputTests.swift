// Whatever is sent to any endpoint: a 4xx with a problem document, never a 500, and nothing changes.

import CanonicalJSON
import Cryptography
import Governance
import HTTPTypes
import Hummingbird
import NIOCore
import Testing

@testable import Web

@Suite(.serialized) struct `Hostile input` {
    /// Bodies that are no acceptable JSON, by what is wrong with them.
    private static let malformed: [(String, [UInt8])] = [
        ("empty", []),
        ("truncated", Array(#"{"reason":"tr"#.utf8)),
        ("trailing bytes", Array("{}{}".utf8)),
        ("duplicated key", Array(#"{"reason":"a","reason":"b"}"#.utf8)),
        ("duplicated key below", Array(#"{"assignment":{"a":1,"a":1}}"#.utf8)),
        (
            "nested 40 deep",
            Array((String(repeating: "[", count: 40) + String(repeating: "]", count: 40)).utf8)
        ),
        ("nested 200,000 deep", Array(String(repeating: #"{"a":"#, count: 200_000).utf8)),
        ("not UTF-8", Array(#"{"reason":""#.utf8) + [0xff, 0xfe] + Array(#""}"#.utf8)),
        ("overlong UTF-8", Array(#"{"reason":""#.utf8) + [0xc0, 0x80] + Array(#""}"#.utf8)),
        ("lone surrogate", Array(#"{"reason":"\ud800"}"#.utf8)),
        ("byte order mark", [0xef, 0xbb, 0xbf] + Array("{}".utf8)),
        ("fraction", Array(#"{"days":1.5}"#.utf8)),
        ("huge number", Array(#"{"days":1e999}"#.utf8)),
        ("NaN", Array(#"{"days":NaN}"#.utf8)),
        ("NUL bytes", [UInt8](repeating: 0, count: 100)),
    ]

    /// JSON that no endpoint reads.
    private static let wrong: [(String, JSON)] = [
        ("null", .null), ("array", []), ("string", "x"), ("number", 7),
        ("unknown member", ["surprise": 1]),
        (
            "wrong types",
            ["reason": 1, "assignment": 2, "days": "x", "statement": [], "card": .null]
        ),
        ("NUL in text", ["reason": "a\u{0}b"]),
        ("too long a reason", ["reason": .string(String(repeating: "x", count: 3_000))]),
        ("days out of range", ["days": 100_000]),
    ]

    /// A body of the right shape for each route, none of which may pass as it is.
    private static func sample(_ template: String) -> [String: JSON] {
        let envelope: JSON = [
            "payload": "e30=", "payloadType": "application/vnd.in-toto+json",
            "signatures": [["keyid": "", "sig": "AAAA"]],
        ]
        let digest = JSON.string(String(repeating: "a", count: 64))
        let last = template.split(separator: "/").last ?? ""
        return switch last {
        case "principals": ["name": "Ada", "person": .null, "assignment": envelope]
        case "keys", "roles": ["assignment": envelope]
        case "evaluations", "approvals", "snapshots", "legacy-imports": ["statement": envelope]
        case "tokens": ["days": 3_000]
        case "versions":
            [
                "card": envelope, "disclosures": [], "signature": "AAAA",
                "files": [["path": "a", "size": 1, "sha256": digest]],
            ]
        case "deployments":
            ["environment": "NOT A NAME", "artifact": digest, "target": "t", "dryRun": true]
        case "confirmation": ["extra": 1]
        case "retirement": ["reason": "", "successor": "nonsense"]
        default: ["reason": ""]
        }
    }

    /// Every member taken away, and replaced by what it cannot be.
    private static func mutants(of body: [String: JSON]) -> [(String, JSON)] {
        var mutants: [(String, JSON)] = [("sample", .object(body))]
        for name in body.keys.sorted() {
            for (what, value) in [
                ("an object", ["not": "this"] as JSON), ("a list of lists", [[]]),
                ("a NUL", "a\u{0}b"),
                ("a long text", .string(String(repeating: "x", count: 70_000))),
                ("a negative number", -1),
            ] {
                var changed = body
                changed[name] = value
                mutants.append(("\(name) is \(what)", .object(changed)))
            }
            var changed = body
            changed[name] = nil
            mutants.append(("\(name) is missing", .object(changed)))
        }
        return mutants
    }

    /// A path of the route with names that exist, so that only the body is at fault.
    private static func path(_ template: String, _ service: WebService) -> String {
        let digest = String(repeating: "a", count: 64)
        return template.split(separator: "/").map { part in
            switch part {
            case "{id}":
                template.contains("principals")
                    ? service.owner.person.principal.description : "d-0123456789abcdef01234567"
            case "{key}": service.owner.person.key.publicKey.id.hex
            case "{digest}", "{entry}": digest
            case "{ns}": "credit"
            case "{environment}": "production"
            case "{name}": "scorecard"
            case "{n}": "1"
            case "{path}": "0/000"
            default: String(part)
            }
        }.reduce("") { $0 + "/" + $1 }
    }

    @Test func `is refused everywhere with a problem document, and changes nothing`() async throws {
        try await WebService.with { service in
            _ = try await service.submit()
            let before = try await service.contents()
            var asked = 0
            for route in try service.table.routes {
                guard case .write(let limit, _) = route.handler else { continue }
                let path = Self.path(route.template, service)
                func check(
                    _ what: String, _ answer: Answer, is statuses: ClosedRange<Int> = 400...499
                ) {
                    asked += 1
                    #expect(
                        statuses.contains(answer.status) && answer.isProblem,
                        "\(route.template): \(what): \(answer.status) \(answer.text.prefix(300))")
                }
                let token = service.administrator.token
                for (what, bytes) in Self.malformed {
                    let answer = try await service.client.post(path, bytes: bytes, token: token)
                    check(what, answer, is: 400...400)
                }
                for (what, json) in Self.wrong {
                    let answer = try await service.client.post(path, json, token: token)
                    check(what, answer)
                    // Also when it is not the only fault.
                    #expect(what != "unknown member" || answer.text.contains(#""/surprise""#))
                }
                for (what, json) in Self.mutants(of: Self.sample(route.template)) {
                    for member in [service.administrator, service.owner] {
                        check(what, try await service.client.post(path, json, token: member.token))
                    }
                }
                try await checkEnvelope(route, path, limit, service, check)
            }
            #expect(asked > 800)
            #expect(try await service.contents() == before)
        }
    }

    /// What is wrong around the body: its size, type, retry key, and who sends it.
    private func checkEnvelope(
        _ route: Route, _ path: String, _ limit: Int, _ service: WebService,
        _ check: (String, Answer, ClosedRange<Int>) -> Void
    ) async throws {
        let (client, token) = (service.client, service.administrator.token)
        let huge = [UInt8](repeating: UInt8(ascii: " "), count: limit + 1)
        var headers: HTTPFields = [.contentLength: String(huge.count)]
        check(
            "announced too large",
            try await client.post(path, bytes: Array("{}".utf8), token: token, headers: headers),
            413...413)
        check(
            "too large, unannounced", try await client.post(path, bytes: huge, token: token),
            413...413)
        for type in [
            nil, "text/plain", "application/x-www-form-urlencoded",
            "application/json; charset=latin1",
        ] {
            check(
                "type \(type ?? "none")",
                try await client.post(path, bytes: Array("{}".utf8), token: token, type: type),
                415...415)
        }
        headers = [.contentEncoding: "gzip"]
        check(
            "compressed", try await client.post(path, [:], token: token, headers: headers),
            415...415)
        for key in ["", String(repeating: "k", count: 201), "t\u{e4}st"] {
            headers = [.idempotencyKey: key]
            check(
                "retry key", try await client.post(path, ["x": 1], token: token, headers: headers),
                400...400)
        }
        check("guest", try await client.post(path, [:]), 401...401)
        check("unknown token", try await client.post(path, [:], token: "imp_nobody"), 401...401)
        check("method", try await client.send(.delete, path, token: token), 405...405)
    }

    @Test func `in addresses is refused too`() async throws {
        try await WebService.with { service in
            _ = try await service.submit()
            let before = try await service.contents()
            let names = [
                "%00", "..", "%2e%2e", "UPPER", "x%27%3B--", String(repeating: "a", count: 5_000),
                "\u{fc}",
                "-1", "0", "18446744073709551616", "p-XYZ", "%ff%fe",
            ]
            for route in try service.table.routes where route.template.contains("{") {
                // 0 is the index of an entry that exists.
                for name in names where name != "0" || !route.template.contains("{entry}") {
                    // A number is a name where clusters are named.
                    if route.template.hasPrefix("/k8s/"), NameSegment.isValid(name) { continue }
                    let path = route.template.split(separator: "/")
                        .map { $0.hasPrefix("{") ? name : String($0) }
                        .reduce("") { $0 + "/" + $1 }
                    let answer = try await service.client.send(
                        route.method, path, token: service.administrator.token,
                        headers: [.contentType: "application/json"],
                        body: RequestBody(
                            buffer: ByteBuffer(
                                bytes: JSON.object(Self.sample(route.template)).canonicalBytes)))
                    #expect(
                        (400...499).contains(answer.status) && answer.isProblem,
                        "\(path.prefix(200)): \(answer.status) \(answer.text.prefix(200))")
                }
            }
            for query in [
                "?limit=0", "?limit=9999", "?limit=x", "?cursor=%00", "?cursor=!!", "?nothing=1",
                "?limit=1&limit=2",
            ] {
                let answer = try await service.client.get(
                    "/api/v1/models" + query, token: service.owner.token)
                #expect(answer.status == 400 && answer.isProblem, "\(query): \(answer.text)")
            }
            let report = try await service.client.get(
                WebService.model + "/report?format=exe", token: service.owner.token)
            #expect(report.status == 400 && report.isProblem)
            #expect(try await service.contents() == before)
        }
    }
}
