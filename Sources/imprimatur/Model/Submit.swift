// `imprimatur submit`: hands a signed model with its card in.

internal import ArgumentParser
internal import Artifacts
internal import Attestation
internal import CanonicalJSON
internal import Cryptography
internal import Governance
internal import OfflineCommands
internal import Registry
internal import Schema
internal import TransparencyLog

/// Hashes, commits the personal fields, signs the card, sends all of it, keeps the receipt.
struct Submit: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "submit", abstract: "Submit a signed model with its card for approval.",
        discussion: """
            Names and contacts of people leave this machine beside the signed card, which holds only \
            commitments to them. The receipt and the entry are kept beside the card as \
            CARD@N.tlog-proof and CARD@N.entry. Nothing is sent when the headers of the weights \
            contradict the card. Exit codes: 0 submitted, 1 refused (everything that \
            is missing is named), 2 could not be asked, 64 usage, 75 receipt to come.
            """)

    @Argument(help: "The artifact: a directory or one file.")
    var path: String

    @Option(help: ArgumentHelp("The model card, YAML or JSON.", valueName: "file"))
    var card: String

    @Option(help: ArgumentHelp("The model.", valueName: "ns/name"), transform: Parse.model)
    var model: ModelName

    @Option(help: ArgumentHelp("The artifact's signature file.", valueName: "file"))
    var signature: String

    @OptionGroup var key: SigningKey
    @OptionGroup var root: RootOptions
    @OptionGroup var service: ServiceOptions
    @OptionGroup var format: Format

    func run() async throws {
        let client = try service.client()
        let schema = try Cards.schema()
        let card = try readCard(schema)
        let bundle = try Files.read(signature)
        let key = try key.load()
        Console.progress("hashing \(path)")
        let scan = try ArtifactScan.scan(path, signatureFiles: [signature])
        Console.endProgress()
        try HeaderTruth(card.json, scan.contents()).require(of: self.card)
        let salts = PersonalFields.exposed(in: card, schema: schema).map { _ in
            Random.bytes(PersonalFields.saltBytes)
        }
        let committed = try PersonalFields.commit(card, schema: schema, salts: salts)
        let envelope = try CardStatement(
            origin: try await Who(asking: client).origin, model: model, artifact: scan.digest,
            card: committed.card
        ).statement.sign(with: [key])
        let trust = try await root.load(for: client)
        let answer = try await client.write(
            model.address + "/versions",
            [
                "card": envelope.json, "files": scan.manifest.json,
                "disclosures": .array(committed.disclosures.map(\.json)),
                "signature": .string(Base64.encode(bundle)),
            ])
        try answer.verifyReceipt(under: trust)
        let name = answer.result["version"]?.string ?? "\(model)"
        try keep(answer, name)
        if !format.json { StatusText.missing(answer.result).forEach(Console.note) }
        try answer.finish(name, json: format.json)
    }

    private func readCard(_ schema: JSONSchema) throws -> ModelCard {
        do {
            return try ModelCard(parsing: Cards.json(card), schema: schema)
        } catch let error as JSONFindings {
            throw CommandError(
                "\(card) is not acceptable.", findings: error.findings.map(\.line),
                hint: "`imprimatur card check` names what is missing too.", code: .no)
        }
    }

    /// A receipt without the entry it is for proves nothing: both are kept.
    private func keep(_ answer: WriteAnswer, _ name: String) throws {
        let number = name.split(separator: "@").last.map(String.init) ?? "0"
        let slash = card.lastIndex(of: "/").map { card.index(after: $0) } ?? card.startIndex
        let dot = card[slash...].lastIndex(of: ".") ?? card.endIndex
        let stem = "\(card[..<dot])@\(number)"
        try Files.write(stem + ".entry", answer.entryBytes)
        guard let receipt = answer.receipt else { return }
        try Files.write(stem + ".tlog-proof", receipt.bytes)
        Console.note("receipt kept: \(stem).tlog-proof")
    }
}
