// `imprimatur approve` and `imprimatur reject`: a person's signed answer to an approval request.

internal import ArgumentParser
internal import Governance

/// Approves a version.
struct Approve: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "approve", abstract: "Approve a version by a signed statement.",
        discussion: """
            What is signed is shown first: exactly the card, artifact, evidence and policy that the \
            service lists now. A later change of any of them voids it. Exit codes: 0 recorded, 1 \
            refused, 2 could not be asked, 64 usage, 75 receipt to come.
            """)

    @OptionGroup var options: AnswerOptions

    func run() async throws { try await options.answer(.approve) }
}

/// Rejects a version.
struct Reject: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "reject", abstract: "Reject a version; ends its request for ever.",
        discussion: """
            Exit codes: 0 recorded, 1 refused, 2 could not be asked, 64 usage, 75 receipt to come.
            """)

    @OptionGroup var options: AnswerOptions

    func run() async throws { try await options.answer(.reject) }
}
