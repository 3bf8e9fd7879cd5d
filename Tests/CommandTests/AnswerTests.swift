// What a command prints of an answer: a status in words, and a token's document without its secret.

import CanonicalJSON
import Cryptography
import Testing
import TransparencyLog

@Suite struct `What is printed of an answer` {
    @Test func `names in the status what restricts the version, in words`() throws {
        let service = try ForgedService([
            "/api/v1/namespaces/credit/models/scorecard/versions/1": .init(json: [
                "version": "credit/scorecard@1",
                "restrictions": [
                    [
                        "kind": "suspension", "id": "s-01", "source": "log",
                        "reason": "Complaints from branch 12",
                    ]
                ],
            ])
        ])
        defer { service.close() }
        let program = try Program()
        let ran = try program.run(
            "status", "credit/scorecard@1", "--server", service.url, "--token", "imp_x")
        #expect(
            ran.output.contains("restricted by suspension s-01: Complaints from branch 12 (log)\n"),
            "\(ran)")
    }

    private static let entry = Array("entry".utf8)
    private static let path = "/api/v1/principals/p-0000000000000007/tokens"

    private static func issuing() throws -> ForgedService {
        try ForgedService([
            path: .init(json: [
                "entry": [
                    "kind": "token.issued", "leafHash": .string(MerkleTree.leafHash(of: entry).hex),
                ],
                "entryBytes": .string(Base64.encode(entry)), "receipt": .null,
                "result": [
                    "token": "t-01", "secret": "imp_secret",
                    "expiresAt": "2099-01-01T00:00:00.000Z",
                ],
            ])
        ])
    }

    private static func issue(_ program: Program, at url: String, _ more: String...) throws -> Ran {
        try program.run(
            ["token", "issue", "--principal", "p-0000000000000007", "--server", url]
                + ["--token", "imp_x", "--json"] + more)
    }

    @Test func `is one JSON document without the secret when a file takes the secret`() throws {
        let service = try Self.issuing()
        defer { service.close() }
        let program = try Program()
        let ran = try Self.issue(program, at: service.url, "-o", "new.token")
        #expect(ran.code == 75)  // the receipt is still to come
        let document = try JSON(parsing: Array(ran.output.utf8))
        #expect(document["result"]?["token"] == "t-01", "\(ran)")
        #expect(document["entry"]?["kind"] == "token.issued")
        #expect(!(ran.output + ran.errors).contains("imp_secret"))
        #expect(try program.read("new.token") == Array("imp_secret\n".utf8))
    }

    @Test func `has the secret when nothing else takes it`() throws {
        let service = try Self.issuing()
        defer { service.close() }
        let program = try Program()
        let ran = try Self.issue(program, at: service.url)
        let document = try JSON(parsing: Array(ran.output.utf8))
        #expect(document["result"]?["secret"] == "imp_secret", "\(ran)")
    }
}
