// `imprimatur policy`: policy packs.

internal import ArgumentParser
internal import Attestation
internal import CanonicalJSON
internal import Cryptography
internal import Governance
internal import OfflineCommands
internal import Registry

/// The commands about policy packs.
struct PolicyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "policy",
        abstract: "Check, test, compare, explain, simulate, prove, sign and activate policy packs.",
        subcommands: [
            PolicyCheck.self, PolicyTest.self, PolicyCoverage.self, PolicyDiff.self,
            PolicyExplain.self, PolicySimulate.self, PolicyProve.self, PolicyFrameworks.self,
            PolicyShow.self,
            PolicySign.self, PolicyActivate.self,
        ])
}

/// Checks a folder.
struct PolicyCheck: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check", abstract: "Check a policy pack; name everything that is wrong.",
        discussion: "Exit codes: 0 good, 1 not, 2 cannot be read, 64 usage.")

    @Argument(help: "The pack's folder; - is the pack in this binary.")
    var folder: String

    @OptionGroup var format: Format

    func run() throws {
        let (pack, findings, lines) = try examine()
        if format.json {
            Console.out([
                "valid": .bool(pack != nil), "findings": .array(findings),
                "digest": pack.map { .string($0.digest.hex) } ?? .null,
            ])
        } else if let pack {
            Console.out("\(pack.name) version \(pack.version): a good pack\ndigest \(pack.digest)")
        } else {
            Console.error("The policy pack is not acceptable.")
            for line in lines { Console.note("  - \(line)") }
        }
        guard pack != nil else { throw ExitCode.no }
    }
}

extension PolicyCheck {
    /// The pack, or everything that is wrong with it: as documents and as lines with their places.
    private func examine() throws -> (PolicyPack?, [JSON], [String]) {
        guard folder != "-" else { return (try Cards.pack(folder: nil), [], []) }
        let (files, unreadable) = try PackFolder.read(folder)
        guard unreadable.isEmpty else {
            let findings = unreadable.map { item -> JSON in
                [
                    "code": "yaml", "file": .string(item.file),
                    "line": .integer(Int64(item.error.line)),
                    "column": .integer(Int64(item.error.column)),
                    "message": .string(item.error.message),
                ]
            }
            return (nil, findings, unreadable.map(\.description))
        }
        do {
            return (try PolicyPack.parse(files), [], [])
        } catch {
            let findings = error.findings.map { finding -> JSON in
                let place = finding.place(in: files).place
                var members = finding.json.object ?? [:]
                members["line"] = .integer(Int64(place.line))
                members["column"] = .integer(Int64(place.column))
                return .object(members)
            }
            return (nil, findings, error.findings.map { $0.place(in: files).text })
        }
    }
}

/// Shows what a pack demands.
struct PolicyShow: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Show what a policy pack demands.",
        discussion: "Exit codes: 0 shown, 2 cannot be read, 64 usage.")

    @Argument(help: "The pack's folder; without it the pack in this binary.")
    var folder: String?

    @OptionGroup var format: Format

    func run() throws {
        let pack = try Cards.pack(folder: folder == "-" ? nil : folder)
        guard !format.json else { return Console.out(document(pack)) }
        var lines = [
            "\(pack.name) version \(pack.version), in effect from \(pack.effectiveFrom)",
            "digest \(pack.digest)", pack.description, "",
        ]
        for tier in pack.tiers { lines.append("tier \(tier.tier) \(tier.name): \(tier.text)") }
        for (gate, rules) in pack.rules.sorted(by: { $0.key.rawValue < $1.key.rawValue }) {
            lines += ["", "gate \(gate.rawValue)"]
            lines += rules.map { "  \($0.id)  \($0.mode.rawValue)  \($0.title)" }
        }
        Console.out(lines.joined(separator: "\n"))
    }

    private func document(_ pack: PolicyPack) -> JSON {
        let gates = pack.rules.map { gate, rules -> (String, JSON) in
            (
                gate.rawValue,
                .array(
                    rules.map {
                        [
                            "id": .string($0.id), "title": .string($0.title),
                            "mode": .string($0.mode.rawValue),
                        ]
                    })
            )
        }
        return [
            "name": .string(pack.name), "version": .integer(pack.version),
            "digest": .string(pack.digest.hex), "description": .string(pack.description),
            "effectiveFrom": .string("\(pack.effectiveFrom)"),
            "gates": .object(Dictionary(uniqueKeysWithValues: gates)),
        ]
    }
}

/// Makes the statement that custodians sign over a pack.
struct PolicySign: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sign", abstract: "Sign a policy pack as a custodian.",
        discussion: """
            Further custodians add their signatures with `imprimatur statement sign`. Exit codes: 0 \
            signed, 1 the pack is not acceptable, 2 not signed, 64 usage.
            """)

    @Argument(help: "The pack's folder; - is the pack in this binary.")
    var folder: String

    @Option(help: "The origin of the log that the pack is for.")
    var origin: String

    @Option(
        help: ArgumentHelp(
            "Digest of the pack in force, which this one replaces; none for the first of a log.",
            valueName: "sha256"),
        transform: Parse.digest)
    var predecessor: SHA256Digest?

    @OptionGroup var key: SigningKey

    @Option(
        name: [.short, .customLong("output")],
        help: ArgumentHelp("The statement to make; never overwritten.", valueName: "file"))
    var output: String

    func run() throws {
        let files = try PackFiles.load(folder: folder == "-" ? nil : folder)
        let pack = try PolicyPack.parse(files)
        let envelope = try PackStatement(
            pack, files: files, origin: origin, predecessor: predecessor
        ).statement.sign(with: [key.load()])
        try Files.create(output, envelope.canonicalBytes)
        Console.out(pack.digest.hex)
    }
}
