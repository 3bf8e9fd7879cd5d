// `imprimatur card check`: everything that is wrong with a card, at once and offline.

internal import ArgumentParser
internal import Artifacts
internal import Attestation
internal import CanonicalJSON
internal import Governance
internal import ModelFormats
internal import OfflineCommands
internal import Schema

/// Checks a card against the schema and against what its tier requires.
struct CardCheck: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check", abstract: "Check a model card; name everything that is missing.",
        discussion: """
            The tier is the one that the card states, raised by what it contains. The service checks \
            against its own policy pack. With --artifact, what the card says of licence, base models, \
            parameters and types of weights is compared with the headers of the model's files, and \
            contradictions are named; what free text of a header contradicts is a warning. Exit codes: 0 \
            good, 1 something is wrong or missing, 2 cannot be read, 64 usage.
            """)

    @Argument(help: "The card, in YAML or JSON; - is standard input.")
    var file: String

    @Option(help: ArgumentHelp("The folder of a policy pack.", valueName: "dir"))
    var policy: String?

    @Option(help: "Check against this tier at least: 1, 2 or 3.", transform: Parse.tier)
    var tier: Tier?

    @Option(help: ArgumentHelp("The model: a directory or one file.", valueName: "path"))
    var artifact: String?

    @OptionGroup var format: Format

    func run() throws {
        let schema = try Cards.schema()
        let pack = try Cards.pack(folder: policy)
        let json = try Cards.json(file)
        let stated = pack.tier(of: json)
        let tier = max(stated.tier, tier ?? .minimal)
        var findings: [JSONFinding] = []
        do {
            let card = try ModelCard(parsing: json, schema: schema)
            findings = card.missing(for: tier, of: pack.requiredFields, schema: schema)
        } catch {
            // Also what is missing is told now, not after the form has been mended.
            let seen = Set(error.findings.map(\.pointer))
            findings =
                error.findings
                + missing(json, tier, pack, schema).filter { !seen.contains($0.pointer) }
        }
        let contents = try artifact.map {
            try ArtifactCoverage.survey($0, bundle: nil, signatureFile: nil).contents
        }
        let truth = contents.map { HeaderTruth(json, $0) }
        truth?.warn()
        findings += truth?.contradictions.map(\.finding) ?? []
        if let contents {
            if contents.headers.isEmpty {
                Console.warning("no header of the model could be compared with the card")
            }
        }
        findings.sort()
        if format.json {
            Console.out([
                "valid": .bool(findings.isEmpty), "tier": tier.json,
                "raisedBecause": .array(stated.raisedBecause.map(JSON.string)),
                "findings": .array(findings.map(\.json)),
                "warnings": .array(truth?.doubts.map(\.finding.json) ?? []),
            ])
        } else {
            describe(findings, tier, stated)
        }
        guard findings.isEmpty else { throw ExitCode.no }
    }

    private func missing(
        _ json: JSON, _ tier: Tier, _ pack: PolicyPack, _ schema: JSONSchema
    ) -> [JSONFinding] {
        pack.missingCardFields(in: json, tier: tier).map { pointer in
            let summary = schema.summary(at: pointer) ?? ""
            return JSONFinding(
                pointer, JSONFinding.Code.missing,
                "\(pointer.path) is required in tier \(tier) and missing"
                    + (summary.isEmpty ? "." : ": \(summary)"))
        }
    }

    private func describe(_ findings: [JSONFinding], _ tier: Tier, _ stated: TierVerdict) {
        for reason in stated.raisedBecause { Console.note("tier raised to \(tier): \(reason)") }
        guard !findings.isEmpty else {
            return Console.out("\(file): a good card for tier \(tier)")
        }
        Console.error("\(file) is not acceptable in tier \(tier); \(findings.count) findings:")
        for finding in findings { Console.note("  - \(finding.line)") }
    }
}
