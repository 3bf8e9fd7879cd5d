// `imprimatur policy explain` and `policy diff`: packs in words.

internal import ArgumentParser
internal import CanonicalJSON
internal import Cryptography
internal import Governance
internal import OfflineCommands

/// Explains one rule.
struct PolicyExplain: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "explain",
        abstract: "Say what a rule demands, what it reads and why it is there.",
        discussion: "Exit codes: 0 explained, 1 no such rule, 2 cannot be read, 64 usage.")

    @Argument(help: "The rule's id, such as DEP-001.")
    var rule: String

    @Option(
        help: ArgumentHelp(
            "The pack's folder; without it the pack in this binary.", valueName: "folder"))
    var pack = "-"

    @OptionGroup var format: Format

    func run() throws {
        let pack = try PolicyFolder.pack(pack)
        guard let explanation = RuleExplanation(rule, in: pack) else {
            throw CommandError(
                "The pack \(pack.name) has no rule \(rule).",
                hint: "`imprimatur policy show` lists the rules.", code: .no)
        }
        if format.json { Console.out(explanation.json) } else { Console.out(explanation.text) }
    }
}

/// Compares two packs.
struct PolicyDiff: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "diff", abstract: "Say what one policy pack demands otherwise than another.",
        discussion: """
            Each difference is stricter (less is allowed), looser, or other. Exit codes: 0 none, 1 some, \
            2 cannot be read, 64 usage.
            """)

    @Argument(help: "The folder of the old pack; - is the pack in this binary.")
    var old: String

    @Argument(help: "The folder of the new pack; - is the pack in this binary.")
    var new: String

    @OptionGroup var format: Format

    func run() throws {
        let before = try PolicyFolder.pack(old)
        let after = try PolicyFolder.pack(new)
        let differences = before.differences(to: after)
        if format.json {
            Console.out([
                "old": .string(before.digest.hex), "new": .string(after.digest.hex),
                "differences": .array(differences.map(\.json)),
            ])
        } else {
            for difference in differences { Console.out(difference.line) }
            if differences.isEmpty {
                Console.out(
                    before.digest == after.digest
                        ? "the same pack" : "the same demands, in other words")
            }
        }
        guard differences.isEmpty else { throw ExitCode.no }
    }
}
