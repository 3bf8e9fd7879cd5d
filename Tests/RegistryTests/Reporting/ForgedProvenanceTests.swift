// Reports with lines about provenance that an insider with the service's keys had written.

import Attestation
import CanonicalJSON
import Cryptography
import Governance
import Registry
import TestSupport
import Testing

/// What an insider had the log say of a builder's statement.
struct ForgedProvenance: Sendable, CustomTestStringConvertible {
    let testDescription: String
    /// What the report's check says of it.
    let codes: Set<String>
    /// What the statement is about; the artifact when nil.
    var subject: @Sendable (TestVersion) -> SHA256Digest? = { _ in nil }
    var signedBy: PrivateKey?
    var signer: KeyID?
    var principal: PrincipalID?
    var builder: String?
    var file: @Sendable (TestVersion) -> String = { _ in "" }

    static let all: [ForgedProvenance] = {
        guard let key = try? PrivateKey.generate(.ecdsaP256) else { return [] }
        return [
            .init(testDescription: "nothing forged", codes: []),
            .init(
                testDescription: "nothing forged, of a file", codes: [],
                subject: { $0.files.first?.sha256 }, file: { $0.files.first?.path ?? "" }),
            .init(testDescription: "another builder", codes: ["statement"], builder: "other"),
            .init(testDescription: "a stranger's signature", codes: ["authority"], signedBy: key),
            .init(
                testDescription: "a stranger's signature under his key", codes: ["authority"],
                signedBy: key, signer: key.publicKey.id),
            .init(
                testDescription: "a principal without that key", codes: ["authority"],
                principal: PrincipalID(bytes: [1, 2, 3, 4, 5, 6, 7, 8])),
            .init(
                testDescription: "bytes that were never submitted", codes: ["statement"],
                subject: { _ in SHA256.hash("foreign") }),
            .init(
                testDescription: "a file of the version as all of it", codes: ["statement"],
                subject: { $0.files.first?.sha256 }),
            .init(
                testDescription: "one file under the name of another", codes: ["statement"],
                subject: { $0.files.first?.sha256 }, file: { $0.files.last?.path ?? "" }),
            .init(
                testDescription: "foreign bytes as a file of the version", codes: ["statement"],
                subject: { _ in SHA256.hash("foreign") }, file: { $0.files.last?.path ?? "" }),
        ]
    }()
}

@Suite struct `Forged provenance` {
    @Test(arguments: ForgedProvenance.all)
    func `in a report is found`(_ forged: ForgedProvenance) async throws {
        try await TestService.with { service in
            let team = try await service.makeTeam()
            let builder = try await service.enrol([], kind: .service)
            let version = try await service.submit(by: team.owner, seed: "one")
            let subject = forged.subject(version) ?? version.artifact
            let good = try service.provenance(of: version, by: builder, subject: subject)
            let envelope = try Envelope.sign(good.payload, with: [forged.signedBy ?? builder.key])
            let document = envelope.canonicalBytes
            let said = try ProvenanceEvidence(reading: envelope).event(
                of: version.reference, document: SHA256.hash(document), subject: subject,
                file: forged.file(version), signer: forged.signer ?? builder.key.publicKey.id,
                principal: forged.principal ?? builder.principal)
            let event = ProvenanceRecorded(
                version: said.version, predicateType: said.predicateType, statement: said.statement,
                document: said.document, subject: said.subject, file: said.file,
                signer: said.signer, principal: said.principal,
                builder: forged.builder ?? said.builder, buildType: said.buildType,
                materials: said.materials, lineage: said.lineage)
            _ = try await service.registry.writer.write(
                service.request(team.owner), Subjects(written: ["version/\(version.reference)"])
            ) { _, _ in Act(.provenanceRecorded(event), documents: [document]) }
            try await service.settled()
            let report = try await service.registry.report(
                model: version.reference.model, for: service.administrator.caller)
            let verdict = ReportCheck.check(
                report.json, root: service.registry.root, acceptingDevelopment: true)
            #expect(Set(verdict.findings.map(\.code)) == forged.codes, "\(verdict.findings)")
        }
    }
}
