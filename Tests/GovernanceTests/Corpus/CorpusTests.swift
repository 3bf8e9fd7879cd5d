// I4: what was ever signed is read, verified, and written again to the same bytes, for ever.

import Attestation
import CanonicalJSON
import Cryptography
import Testing

@testable import Governance

@Suite struct `The frozen corpus` {
    /// Reads a statement of each type and answers the payload that its value has.
    static let readers: [String: @Sendable (Statement) throws -> [UInt8]] = [
        ModelCard.predicateType: {
            try CardStatement(reading: $0, schema: publishedSchema()).statement.payload
        },
        FairnessPredicate.type: {
            Statement(
                subjects: $0.subjects, predicateType: $0.predicateType,
                predicate: try FairnessPredicate(recomputing: $0.predicate).json
            ).payload
        },
        ApprovalStatement.predicateType: {
            try ApprovalStatement(reading: $0).statement.payload
        },
        KeyAssignment.predicateType: { try KeyAssignment(reading: $0).statement.payload },
        RoleAssignment.predicateType: { try RoleAssignment(reading: $0).statement.payload },
        PackStatement.predicateType: { try PackStatement(reading: $0).statement.payload },
        Permit.predicateType: { try Permit($0).statement().payload },
        StatusList.predicateType: { try StatusList($0).statement().payload },
        RetirementCertificate.predicateType: {
            try RetirementCertificate(reading: $0).statement.payload
        },
        SuspensionLift.predicateType: { try SuspensionLift(reading: $0).statement.payload },
        ValidationFinding.predicateType: {
            try ValidationFinding(reading: $0).statement.payload
        },
        FindingClosure.predicateType: { try FindingClosure(reading: $0).statement.payload },
        LegacyImport.predicateType: { try LegacyImport(reading: $0).statement.payload },
        EnvironmentSnapshot.predicateType: {
            try EnvironmentSnapshot(reading: $0).statement.payload
        },
        Abstention.predicateType: { try Abstention(reading: $0).statement.payload },
        Delegation.predicateType: { try Delegation(reading: $0).statement.payload },
        Waiver.predicateType: { try Waiver(reading: $0).statement.payload },
        BreakGlass.predicateType: { try BreakGlass(reading: $0).statement.payload },
        TierDetermination.predicateType: { try TierDetermination(reading: $0).statement.payload },
        BreakGlassReview.predicateType: { try BreakGlassReview(reading: $0).statement.payload },
        HoldRelease.predicateType: { try HoldRelease(reading: $0).statement.payload },
        LogRecovery.predicateType: { try LogRecovery(reading: $0).statement.payload },
        DisposalRequest.predicateType: {
            try DisposalRequest(reading: $0).statement.payload
        },
        ErasureRequest.predicateType: { try ErasureRequest(reading: $0).statement.payload },
    ]

    @Test func `has an entry of every kind that is read`() {
        let kinds = Set(CorpusFolder.entries.names.map(Self.kind))
        #expect(Set(Event.kinds).subtracting(kinds) == [], "see Tests/Corpus/README.md")
        #expect(kinds.subtracting(Event.kinds) == [], "a kind that was signed must stay readable")
    }

    private static func kind(_ name: String) -> String {
        name.split(separator: "-").first.map(String.init) ?? name
    }

    @Test(arguments: CorpusFolder.entries.names)
    func `holds entries that are verified, read, and written to the same bytes`(
        _ name: String
    ) throws {
        let bytes = try CorpusFolder.entries.read(name)
        let signed = try SignedEntry(parsing: bytes)
        let key = try #require(try CorpusFolder.publicKeys().first { $0.id == signed.keyID })
        #expect(signed.isSigned(by: key))
        let entry = try Entry(parsing: signed.payload)
        #expect(entry.event.kind == Self.kind(name))
        #expect(entry.canonicalBytes == signed.payload)
        #expect(Set(entry.event.payload.members.keys).count == entry.event.payload.members.count)
        // The negative twin: one bit of it, and the signature holds no longer.
        var altered = bytes
        altered[bytes.count / 3] ^= 1
        #expect((try? SignedEntry(parsing: altered))?.isSigned(by: key) != true)
    }

    @Test func `has a statement of every type that is read`() throws {
        var types: Set<String> = []
        for name in CorpusFolder.statements.names {
            let envelope = try Envelope(parsing: CorpusFolder.statements.read(name))
            guard envelope.payloadType == Statement.payloadType else { continue }
            types.insert(try Statement(parsing: envelope.payload).predicateType)
        }
        #expect(types == Set(Self.readers.keys), "see Tests/Corpus/README.md")
        #expect(CorpusFolder.statements.names.contains { $0.hasPrefix("trust-root") })
    }

    @Test(arguments: CorpusFolder.statements.names)
    func `holds statements that are verified, read, and written to the same bytes`(
        _ name: String
    ) throws {
        let bytes = try CorpusFolder.statements.read(name)
        let envelope = try Envelope(parsing: bytes)
        #expect(envelope.canonicalBytes == bytes)
        let signers = envelope.verify(with: try CorpusFolder.publicKeys())
        #expect(signers.count == envelope.signatures.count)
        #expect(!signers.isEmpty)
        if envelope.payloadType == TrustRoot.payloadType {
            let root = try TrustRoot.verify(envelope)
            #expect(root.digest == envelope.payloadDigest)
            return
        }
        let statement = try Statement(parsing: envelope.payload)
        let write = try #require(Self.readers[statement.predicateType])
        #expect(try write(statement) == envelope.payload)
        // A member that the format does not have is refused, in every type.
        var members = try #require(statement.predicate.object)
        members["extra"] = true
        #expect(throws: (any Error).self) {
            try write(
                Statement(
                    subjects: statement.subjects, predicateType: statement.predicateType,
                    predicate: .object(members)))
        }
    }

    @Test func `has a decision of every gate, allowed and denied`() {
        let names = Set(CorpusFolder.decisions.names)
        for gate in Gate.allCases {
            for verdict in Verdict.allCases {
                #expect(names.contains { $0.hasPrefix("\(gate.rawValue)-\(verdict.rawValue)") })
            }
        }
    }

    @Test(arguments: CorpusFolder.decisions.names)
    func `holds decisions that come out the same`(_ name: String) throws {
        let stored = try JSON(parsing: CorpusFolder.decisions.read(name))
        let document = try #require(stored["decision"])
        let facts = try #require(stored["facts"])
        let digest = try #require(document["policy"]?["digest"]?.string)
        let pack = try Self.pack(digest)
        #expect(Decision.replay(document: document, facts: facts, pack: pack) == [])
        #expect(document["factsDigest"]?.string == SHA256.hash(facts.canonicalBytes).hex)
    }

    private static func pack(_ digest: String) throws -> PolicyPack {
        let stored = try JSON(parsing: CorpusFolder.packs.read(digest))
        let files = try #require(stored.array).map { file in
            PackFile(
                path: try #require(file["path"]?.string),
                bytes: try #require(file["content"]?.string.flatMap { Base64.decode($0) }),
                tree: try #require(file["tree"]))
        }
        let pack = try PolicyPack.parse(files)
        #expect(pack.digest.hex == digest)
        return pack
    }
}
