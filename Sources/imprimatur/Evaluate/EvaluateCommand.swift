// `imprimatur evaluate`: evaluations of a model, computed offline, then submitted.

internal import ArgumentParser

/// The commands about evaluations.
struct EvaluateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "evaluate", abstract: "Evaluate fairness from predictions; submit the result.",
        subcommands: [EvaluateFairness.self, EvaluateSubmit.self])
}
