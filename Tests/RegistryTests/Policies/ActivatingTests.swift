import Attestation
import CanonicalJSON
import Cryptography
import Governance
import Registry
import TestSupport
import Testing

/// A pack with a statement that puts it in force.
struct NextPack {
    let envelope: Envelope
    let files: [UInt8]
    let digest: SHA256Digest
}

extension TestService {
    /// The shipped pack under another version, with shorter permits.
    func nextPack(
        version: Int = 2, predecessor: SHA256Digest?, signers: [PrivateKey]? = nil,
        minutes: Int = 5
    ) throws -> NextPack {
        let files = try PackFiles.load(folder: nil).map { file -> PackFile in
            var text = String(decoding: file.bytes, as: UTF8.self)
            if file.path == "pack.yaml" {
                text = text.replacing("version: 1\n", with: "version: \(version)\n")
            }
            if file.path == "permits.yaml" {
                text = text.replacing(
                    "lifetime_minutes: 15", with: "lifetime_minutes: \(minutes)")
            }
            let bytes = Array(text.utf8)
            return try PackFile(path: file.path, bytes: bytes, tree: StrictYAML.json(bytes))
        }
        let pack = try PolicyPack.parse(files)
        let envelope = try PackStatement(
            pack, files: files, origin: origin, predecessor: predecessor
        ).statement.sign(with: signers ?? [custodian])
        return NextPack(
            envelope: envelope, files: PackFiles.document(files), digest: pack.digest)
    }

    /// Puts a root in force that is not for development: two of three custodians make the next one.
    func rootOfThree() async throws -> [PrivateKey] {
        let custodians = [custodian, try .generate(.ecdsaP256), try .generate(.ecdsaP256)]
        let root = try successor(of: registry.root, signedBy: custodians) {
            $0.custodians = custodians.map(\.publicKey)
            $0.threshold = 2
            $0.development = false
        }
        try await install(root)
        guard try await eventually({ registry.root.version == 2 }) else {
            throw TestFailure("the root is not in force")
        }
        return custodians
    }
}

@Suite struct `Activating a policy pack` {
    private func inForce() throws -> SHA256Digest {
        try PolicyPack.parse(PackFiles.load(folder: nil)).digest
    }

    @Test func `puts the next pack in force, for every later decision`() async throws {
        try await TestService.with { service in
            let team = try await service.makeTeam()
            let before = try await service.submit(by: team.owner)
            let next = try service.nextPack(predecessor: inForce())
            let asAdministrator = service.request(service.administrator)
            let outcome = try await service.registry.activatePolicy(
                next.envelope, files: next.files, asAdministrator)
            guard case .policyActivated(let event) = outcome.recorded.entry.event else {
                throw TestFailure("no activation")
            }
            #expect(event.predecessor == (try inForce()))
            let after = try await service.makeApproved(team, "credit/second", seed: "two")
            let answer = try await service.deploy(after, by: team.deployer)
            #expect(answer.verdict == "allow")
            // Each entry names the pack that decided it, in whatever process memory was before.
            try await service.settled()
            for logged in try await service.logged() {
                guard case .versionSubmitted(let event) = logged.entry.event else { continue }
                let expected = event.version == before.reference ? try inForce() : next.digest
                #expect(logged.entry.policy == expected)
                #expect(event.policy == expected)
            }
            #expect(answer.outcome.recorded.entry.policy == next.digest)
        }
    }

    @Test func `is refused for a pack that does not follow the one in force`() async throws {
        try await TestService.with { service in
            let current = try inForce()
            let asAdministrator = service.request(service.administrator)
            let packs = [
                try service.nextPack(predecessor: nil),
                try service.nextPack(predecessor: SHA256.hash("another")),
                try service.nextPack(version: 1, predecessor: current),
            ]
            for pack in packs {
                let code = try await service.refusal {
                    try await service.registry.activatePolicy(
                        pack.envelope, files: pack.files, asAdministrator)
                }
                #expect(code == "policy-not-next")
            }
            // What was replaced does not come back by what was once signed for it.
            let second = try service.nextPack(predecessor: current)
            let third = try service.nextPack(version: 3, predecessor: second.digest, minutes: 6)
            for pack in [second, third] {
                _ = try await service.registry.activatePolicy(
                    pack.envelope, files: pack.files, asAdministrator)
            }
            #expect(
                try await service.refusal {
                    try await service.registry.activatePolicy(
                        second.envelope, files: second.files, asAdministrator)
                } == "policy-not-next")
        }
    }

    @Test func `needs the custodians' signature over exactly these files, and an administrator`()
        async throws
    {
        try await TestService.with { service in
            let owner = try await service.enrol([.owner])
            let good = try service.nextPack(predecessor: inForce())
            let asAdministrator = service.request(service.administrator)
            let forged = try service.nextPack(predecessor: inForce(), signers: [owner.key])
            let other = try service.nextPack(predecessor: inForce(), minutes: 7)
            let attempts: [(code: String, envelope: Envelope, files: [UInt8], request: Request)] = [
                ("policy-not-signed", forged.envelope, forged.files, asAdministrator),
                ("policy-not-signed", good.envelope, other.files, asAdministrator),
                ("policy-malformed", good.envelope, [0x7B], asAdministrator),
                ("role-missing", good.envelope, good.files, service.request(owner)),
            ]
            for attempt in attempts {
                #expect(
                    try await service.refusal {
                        try await service.registry.activatePolicy(
                            attempt.envelope, files: attempt.files, attempt.request)
                    } == attempt.code)
            }
        }
    }

    @Test func `is not for a pack, nor a root, with which no pack could follow`() async throws {
        try await TestService.with { service in
            let custodians = try await service.rootOfThree()
            let asAdministrator = service.request(service.administrator)
            func refusal(_ signatures: Int) async throws -> String? {
                let shipped = try PackFiles.load(folder: nil).first { $0.path == "pack.yaml" }
                let text = String(decoding: shipped?.bytes ?? [], as: UTF8.self)
                    .replacing("version: 1\n", with: "version: 2\n")
                    .replacing("signatures: 3", with: "signatures: \(signatures)")
                let files = try TestService.packFiles(["pack.yaml": text])
                let envelope = try PackStatement(
                    PolicyPack.parse(files), files: files, origin: service.origin,
                    predecessor: inForce()
                ).statement.sign(with: custodians)
                return try await service.refusal {
                    try await service.registry.activatePolicy(
                        envelope, files: PackFiles.document(files), asAdministrator)
                }
            }
            #expect(try await refusal(4) == "policy-custodians")
            #expect(try await refusal(30) == "policy-custodians")
            // The pack in force asks for three: a root of two would keep it for ever.
            let root = service.registry.root
            let two = try service.successor(of: root, signedBy: custodians) {
                $0.custodians.removeLast()
            }
            await #expect(throws: NodeError.self) { try await service.install(two) }
            #expect(service.registry.root.digest == root.digest)
            // Once it asks for two, both will do.
            #expect(try await refusal(2) == nil)
            try await service.install(two)
            #expect(try await service.eventually { service.registry.root.custodians.count == 2 })
        }
    }

    @Test(arguments: ["LEG-001", "EMG-001", "FCT-000"])
    func `is not for a pack with a rule named like what decisions add themselves`(
        _ id: String
    ) async throws {
        try await TestService.with { service in
            let gate = try #require(
                TestService.packFiles([:]).first { $0.path == "gates/deploy.yaml" })
            func renamed(_ id: String) -> [String: String] {
                let text = String(decoding: gate.bytes, as: UTF8.self)
                return ["gates/deploy.yaml": text.replacing("id: DEP-005", with: "id: \(id)")]
            }
            #expect(
                try await service.refusal { try await service.activatePack(renamed(id)) }
                    == "policy-names")
            #expect(
                try await service.refusal { try await service.activatePack(renamed("OWN-001")) }
                    == nil)
        }
    }

    @Test func `takes as many custodians as the pack in force says, whatever the root's threshold`()
        async throws
    {
        try await TestService.with { service in
            let custodians = try await service.rootOfThree()
            let asAdministrator = service.request(service.administrator)
            for count in 1...2 {
                let few = try service.nextPack(
                    predecessor: inForce(), signers: Array(custodians.prefix(count)))
                #expect(
                    try await service.refusal {
                        try await service.registry.activatePolicy(
                            few.envelope, files: few.files, asAdministrator)
                    } == "policy-not-signed", "\(count)")
            }
            let all = try service.nextPack(predecessor: inForce(), signers: custodians)
            _ = try await service.registry.activatePolicy(
                all.envelope, files: all.files, asAdministrator)
        }
    }
}
