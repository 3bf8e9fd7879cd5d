// `imprimatur approve`, `reject` and `request-changes`: a person's signed answer to an approval request.

internal import ArgumentParser
internal import Governance
internal import OfflineCommands

/// Approves a version.
struct Approve: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "approve", abstract: "Approve a version by a signed statement.",
        discussion: """
            What is signed is shown first: exactly the card, artifact, evidence and policy that the \
            service lists now. A later change of any of them voids it. With --condition a duty is put \
            on record first, in the same role: if nobody entitled has closed it by --due, every \
            deployment is denied from then on. Exit codes: 0 recorded, 1 refused, 2 could not be \
            asked, 64 usage, 75 receipt to come.
            """)

    @OptionGroup var options: AnswerOptions

    @Option(help: "What has to be done; signed for ever, so without personal data.")
    var condition: String?

    @Option(help: "Who has to do it, p-….", transform: Parse.principal)
    var owner: PrincipalID?

    @Option(help: "By when, 2027-01-31T00:00:00.000Z.", transform: Parse.time)
    var due: Timestamp?

    func validate() throws {
        let given = [condition != nil, owner != nil, due != nil]
        guard Set(given).count == 1 else {
            throw ValidationError("Give --condition, --owner and --due together.")
        }
    }

    func run() async throws {
        var duty: FindingTexts?
        if let condition, let owner, let due {
            duty = FindingTexts(
                summary: condition, severity: .medium, blocking: false, owner: owner, dueAt: due)
        }
        try await options.answer(.approve, condition: duty)
    }
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

/// Asks for changes before a version can be approved.
struct RequestChanges: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "request-changes",
        abstract: "Ask for changes of a version; a further version is the answer.",
        discussion: """
            --comment says what has to be changed. No approval of this version counts any more: the \
            owner answers by submitting the next one. Exit codes: 0 recorded, 1 refused, 2 could not \
            be asked, 64 usage, 75 receipt to come.
            """)

    @OptionGroup var options: AnswerOptions

    func validate() throws {
        if options.comment.allSatisfy(\.isWhitespace) {
            throw ValidationError("Say with --comment what has to be changed.")
        }
    }

    func run() async throws { try await options.answer(.requestChanges) }
}
