// swift-format-ignore-file: NeverForceUnwrap, NeverUseForceTry
import Attestation
import CanonicalJSON
import Cryptography
import Governance
import Testing

@Suite struct `An approval statement` {
    @Test(arguments: ApprovalMeaning.allCases)
    func `reads back from its own payload`(meaning: ApprovalMeaning) throws {
        let approval = SampleFacts.statement(meaning)
        let parsed = try Statement(parsing: approval.statement.payload)
        #expect(try ApprovalStatement(reading: parsed) == approval)
        #expect(parsed.subjects.first?.name == "credit/scorecard@3")
    }

    static func findings(_ statement: Statement) -> [String] {
        do {
            _ = try ApprovalStatement(reading: statement)
            return []
        } catch {
            return error.findings.map(\.pointer.description)
        }
    }

    @Test(arguments: ["", "  \n"])
    func `that asks for changes says which`(comment: String) {
        var statement = SampleFacts.statement(.requestChanges)
        #expect(Self.findings(statement.statement) == [])
        statement.comment = comment
        #expect(Self.findings(statement.statement) == ["/predicate/comment"])
        // Any other answer may come without a word.
        statement.meaning = .reject
        #expect(Self.findings(statement.statement) == [])
    }

    @Test(
        arguments: [
            ("/origin", nil, "/predicate/origin"), ("/origin", "", "/predicate/origin"),
            ("/request/nonce", "short", "/predicate/request/nonce"),
            ("/model", "credit/scorecard", "/predicate/model"),
            ("/environments", [], "/predicate/environments"),
            ("/environments", ["a", "a"], "/predicate/environments/1"),
            ("/uses", ["Two Words"], "/predicate/uses/0"),
            ("/digests/card", "00", "/predicate/digests/card"),
            ("/digests/extra", "00", "/predicate/digests/extra"),
            ("/conditions", ["canary only"], "/predicate/conditions"),
            ("/signer/principal", "Ada", "/predicate/signer/principal"),
            ("/signer/role", "god", "/predicate/signer/role"),
            ("/signer/delegation", "p-0000000000000001", "/predicate/signer/delegation"),
            ("/meaning", "maybe", "/predicate/meaning"),
            ("/factor", "token", "/predicate/factor"),
            ("/signedAt", "2026-11-21", "/predicate/signedAt"),
            ("/expiresAt", "2026-11-21T07:58:59.000Z", "/predicate/expiresAt"),
            ("/prior", "x", "/predicate/prior"),
            (
                "/approvedByMachine", true,
                "/predicate/approvedByMachine"
            ),
        ] as [(String, JSON?, String)])
    func `is refused with the place of the fault`(
        pointer: String, value: JSON?, place: String
    ) throws {
        let good = SampleFacts.statement().statement
        let bad = Statement(
            subjects: good.subjects, predicateType: good.predicateType,
            predicate: try good.predicate.setting(pointer, value))
        #expect(Self.findings(good) == [])
        #expect(Self.findings(bad) == [place])
    }

    @Test func `is refused about another subject or of another type`() {
        let good = SampleFacts.statement().statement
        let subjects = [
            [Statement.Subject(name: "credit/scorecard@4", sha256: SampleFacts.digests.artifact)],
            [Statement.Subject(name: "credit/scorecard@3", sha256: SampleFacts.digests.card)],
            good.subjects + good.subjects,
        ]
        for other in subjects {
            let statement = Statement(
                subjects: other, predicateType: good.predicateType, predicate: good.predicate)
            #expect(Self.findings(statement) == ["/subject"])
        }
        let statement = Statement(
            subjects: good.subjects, predicateType: KeyAssignment.predicateType,
            predicate: good.predicate)
        #expect(Self.findings(statement) == ["/predicateType"])
    }
}

@Suite struct `An assignment` {
    static func key() throws -> KeyAssignment {
        KeyAssignment(
            origin: "example.com/log", principal: SampleFacts.principal(1), kind: .person,
            key: try PrivateKey.generate(.ecdsaP384).publicKey,
            previous: SampleFacts.digest("earlier"), validFrom: SampleFacts.now,
            validUntil: SampleFacts.days(1))
    }

    static let role = RoleAssignment(
        origin: "example.com/log", principal: SampleFacts.principal(1),
        person: SampleFacts.principal(101), role: .validator,
        namespace: NamespacePattern("credit")!, credentials: [SampleFacts.digest("key")],
        validFrom: SampleFacts.now, validUntil: SampleFacts.days(1))

    @Test func `reads back from its own payload`() throws {
        let key = try Self.key()
        #expect(try KeyAssignment(reading: Statement(parsing: key.statement.payload)) == key)
        let role = try RoleAssignment(reading: Statement(parsing: Self.role.statement.payload))
        #expect(role == Self.role)
    }

    @Test(
        arguments: [
            ("/credential/algorithm", "ed25519"), ("/credential/algorithm", "rsa"),
            ("/credential/type", "password"), ("/credential/spki", "AAAA"), ("/kind", "robot"),
            ("/previous", ""), ("/validUntil", .string(SampleFacts.now.description)), ("/x", 1),
        ] as [(String, JSON)])
    func `of a key is refused when malformed`(pointer: String, value: JSON) throws {
        let good = try Self.key().statement
        let bad = Statement(
            subjects: good.subjects, predicateType: good.predicateType,
            predicate: try good.predicate.setting(pointer, value))
        #expect(throws: JSONFindings.self) { try KeyAssignment(reading: bad) }
    }

    @Test(
        arguments: [
            ("/role", "root"), ("/namespace", "cred*"), ("/credentials", []), ("/person", "Ada"),
            ("/credentials", ["x"]), ("/principal", "p-00000000000000ff"), ("/note", "x"),
        ] as [(String, JSON)])
    func `of a role is refused when malformed`(pointer: String, value: JSON) throws {
        let good = Self.role.statement
        let bad = Statement(
            subjects: good.subjects, predicateType: good.predicateType,
            predicate: try good.predicate.setting(pointer, value))
        #expect(throws: JSONFindings.self) { try RoleAssignment(reading: bad) }
    }
}
