// `imprimatur card new`: a template with every field that a tier requires.

internal import ArgumentParser
internal import Governance
internal import OfflineCommands

/// Writes a template.
struct CardNew: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "new", abstract: "Write a template of a model card, in YAML.",
        discussion: "Exit codes: 0 written, 2 not written, 64 usage.")

    @Option(help: "The risk tier whose fields to ask for: 1, 2 or 3.", transform: Parse.tier)
    var tier: Tier = .limited

    @Option(help: ArgumentHelp("The folder of a policy pack.", valueName: "dir"))
    var policy: String?

    @Option(
        name: [.short, .customLong("output")],
        help: ArgumentHelp("The file to make; never overwritten.", valueName: "file"))
    var output: String?

    func run() throws {
        let text = CardTemplate.yaml(
            schema: try Cards.schema(), fields: try Cards.pack(folder: policy).requiredFields,
            tier: tier)
        guard let output else { return Console.out(bytes: Array(text.utf8)) }
        try Files.create(output, Array(text.utf8))
        Console.hint("Fill it in, then: imprimatur card check \(output)")
    }
}
