// `imprimatur evaluate fairness`: from predictions to counts, rates and comparisons, exactly.

internal import ArgumentParser
internal import Artifacts
internal import Attestation
internal import CanonicalJSON
internal import Cryptography
internal import Fairness
internal import Governance
internal import OfflineCommands

/// Evaluates a predictions file; with `--sign-with` makes the signed statement of it.
struct EvaluateFairness: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "fairness", abstract: "Compare the groups of a predictions file (CSV).",
        discussion: """
            The file is read once, whatever its size. Nothing is rounded before it is printed; what \
            has no value is "undefined, because …". With --key the evaluation is signed, for \
            `imprimatur evaluate submit`. Exit codes: 0 evaluated, 2 cannot be, 64 usage.
            """)

    @Argument(help: "The predictions, CSV with a header; - is standard input.")
    var file: String

    @Option(help: ArgumentHelp("The column with what came true.", valueName: "col"))
    var label: String

    @Option(help: ArgumentHelp("The column with what was predicted.", valueName: "col"))
    var prediction: String

    @Option(help: ArgumentHelp("A column of decimal numbers, checked only.", valueName: "col"))
    var score: String?

    @Option(
        help: ArgumentHelp(
            "Sensitive columns; each is a grouping, together they are one more.",
            valueName: "col[,col]…"))
    var group: [String]

    @Option(help: ArgumentHelp("The class that counts as positive.", valueName: "value"))
    var positive = "1"

    @Option(help: ArgumentHelp("Compare with this group too.", valueName: "col=value"))
    var reference: [String] = []

    @Option(help: ArgumentHelp("Leave groups below this size out of comparisons.", valueName: "n"))
    var minimumGroupSize: Int64 = 1

    @OptionGroup var format: Format

    @Option(help: ArgumentHelp("Sign the evaluation with this key (PEM).", valueName: "pem"))
    var key: String?

    @Option(help: ArgumentHelp("A file whose first line opens the key.", valueName: "file"))
    var passphraseFile: String?

    @Option(help: "The origin of the log that the statement is for.")
    var origin: String?

    @Option(
        help: ArgumentHelp("The model that was evaluated.", valueName: "ns/name"),
        transform: Parse.model)
    var model: ModelName?

    @Option(help: ArgumentHelp("The artifact that was evaluated.", valueName: "path|digest"))
    var artifact: String?

    @OptionGroup var signatures: SignatureFiles

    @Option(help: ArgumentHelp("A name for the predictions, for people.", valueName: "text"))
    var datasetName: String?

    @Option(
        name: [.short, .customLong("output")],
        help: ArgumentHelp("The statement to make; never overwritten.", valueName: "file"))
    var output: String?

    func validate() throws {
        let parts: [Any?] = [key, origin, model, artifact, output]
        let given = parts.filter { $0 != nil }.count
        guard given == 0 || given == parts.count else {
            throw ValidationError(
                "A signed evaluation needs --key, --origin, --model, --artifact and --output.")
        }
        guard minimumGroupSize >= 1 else {
            throw ValidationError("--minimum-group-size is at least 1.")
        }
        _ = try references()
    }

    func run() throws {
        let columns = PredictionColumns(
            label: label, prediction: prediction, score: score, groups: groups, positive: positive)
        let predictions = try PredictionsFile(reading: file, columns)
        let evaluation = FairnessEvaluation(
            predictions.counts,
            FairnessParameters(
                minimumGroupSize: minimumGroupSize, minimumDenominator: 1,
                references: try references()))
        if let key { try sign(evaluation, predictions, columns, with: key) }
        guard format.json else { return Console.out(FairnessTable(evaluation: evaluation).text) }
        Console.out([
            "dataset": [
                "sha256": .string(predictions.digest.hex), "rows": .integer(predictions.rows),
            ],
            "evaluation": evaluation.document,
        ])
    }

    private var groups: [String] {
        group.flatMap {
            $0.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
        }
    }

    private func references() throws -> [String: String] {
        var references: [String: String] = [:]
        for text in reference {
            let parts = text.split(separator: "=", maxSplits: 1).map(String.init)
            guard parts.count == 2, groups.contains(parts[0]) else {
                throw ValidationError("--reference is column=value, the column one of --group.")
            }
            references[parts[0]] = parts[1]
        }
        return references
    }

    private func sign(
        _ evaluation: FairnessEvaluation, _ predictions: PredictionsFile,
        _ columns: PredictionColumns, with keyFile: String
    ) throws {
        guard let origin, let model, let artifact, let output else { return }
        let digest =
            try SHA256Digest(hex: artifact)
            ?? ArtifactScan.scan(artifact, signatureFiles: signatures.signature).digest
        let predicate = FairnessPredicate(
            origin: origin, dataset: predictions.digest, datasetName: datasetName,
            columns: columns, toolName: "imprimatur", toolVersion: Version.text,
            evaluation: evaluation, evaluatedAt: SystemClock.now())
        let key = try Files.privateKey(keyFile, passphraseFile: passphraseFile)
        let envelope = try Statement(
            subjects: [.init(name: model.description, sha256: digest)],
            predicateType: FairnessPredicate.type, predicate: predicate.json
        ).sign(with: [key])
        try Files.create(output, envelope.canonicalBytes)
        Console.note("signed by \(key.publicKey.id): \(output)")
    }
}
