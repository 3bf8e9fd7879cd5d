// Another pack over what a real log records.

import Governance
import Registry
import Testing

@Suite struct `A simulation over a log` {
    @Test func `is equal with the same pack, and names what another one turns around`() async throws
    {
        try await TestService.with { service in
            let team = try await service.makeTeam()
            let version = try await service.makeApproved(team)
            _ = try await service.deploy(version, by: team.deployer)
            _ = try await service.deploy(version, by: team.owner, dryRun: true)
            try await service.settled()
            let run = { (pack: PolicyPack) in
                try await Auditing.simulate(
                    pack, over: service.access.migrator,
                    history: RootHistory(service.registry.root))
            }
            let shipped = try PolicyPack.parse(PackFiles.load(folder: nil))
            let same = try await run(shipped)
            #expect(same.decisions == 4, "what was only asked keeps no facts")
            #expect(same.identical == same.decisions)
            #expect(same.flips == [] && same.unusable == [])

            let files = try TestService.packFiles([
                "permits.yaml": "deploy:\n  lifetime_minutes: 5\n"
            ])
            let other = try await run(try PolicyPack.parse(files))
            #expect(other.decisions == same.decisions && other.identical == 0)
            #expect(other.flips == [])

            // In the stricter pack only a risk officer deploys, which nobody is; nothing is written.
            let gate = try #require(files.first { $0.path == "gates/deploy.yaml" })
            let strict = String(decoding: gate.bytes, as: UTF8.self)
                .replacing(
                    "exists(r, r in [\"deployer\"])", with: "exists(r, r in [\"risk-officer\"])")
            let flips = try await run(
                try PolicyPack.parse(TestService.packFiles(["gates/deploy.yaml": strict]))
            ).flips
            #expect(!flips.isEmpty)
            for flip in flips {
                #expect(flip.gate == .deploy && flip.was == .allow && flip.would == .deny)
                #expect(flip.reasons.contains { $0.hasPrefix("DEP-401") })
            }
            #expect(try await run(shipped).decisions == same.decisions)
        }
    }

    @Test func `a finding stands where the file has it, also within a folded condition`() throws {
        let text = """
            gate: retire
            rules:
              - id: RET-901
                title: A rule
                mode: enforce
                condition: >-
                  reason != ""
                  && size(reasn) > 3
                reason: "no"
                waivable: maybe
            """
        let bytes = Array(text.utf8)
        let file = try PackFile(
            path: "gates/retire.yaml", bytes: bytes, tree: StrictYAML.json(bytes))
        let files = try PackFiles.load(folder: nil).filter { $0.path != file.path } + [file]
        let error = #expect(throws: PackFindings.self) { try PolicyPack.parse(files) }
        let lines = (error?.findings ?? []).map { $0.place(in: files).text }
        #expect(lines.contains { $0.hasPrefix("gates/retire.yaml:8:15: There is no variable") })
        #expect(lines.contains { $0.hasPrefix("gates/retire.yaml:10:15: Expected a boolean") })
    }
}
