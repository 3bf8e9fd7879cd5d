// `imprimatur policy prove`: can so many people, acting together, bring a model to production?

internal import ArgumentParser
internal import CanonicalJSON
internal import Governance
internal import OfflineCommands
internal import Registry

/// Explores what people can do together under a pack.
struct PolicyProve: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "prove",
        abstract: "Explore whether a few people together could bring a model to production.",
        discussion: """
            Everything is explored that so many people can do with any offices they may hold, judged by \
            the code that judges in the service. With --trace a trace of --json is taken again step by \
            step. Exit codes: 0 they cannot (of a trace: it leads nowhere), 1 they can, 2 cannot be \
            read or asked, 64 usage.
            """)

    @Argument(help: "The pack's folder; - is the pack in this binary.")
    var folder: String

    @Option(help: "How many persons act together, 1 to 4.")
    var collusion = 2

    @Option(help: "The tier that the model truly has.", transform: Parse.tier)
    var tier: Tier = .high

    @Option(help: "How many custodians there are.")
    var custodians = 3

    @Option(help: "How many custodians make a trust root.")
    var threshold = 2

    @Option(help: ArgumentHelp("Take this trace again; an answer of --json.", valueName: "file"))
    var trace: String?

    @OptionGroup var format: Format

    func validate() throws {
        guard CollusionQuestion.persons.contains(collusion) else {
            throw ValidationError("--collusion is 1 to 4.")
        }
        guard Tier.usable.contains(tier) else { throw ValidationError("--tier is 1, 2 or 3.") }
        guard custodians >= 1, custodians <= 64, threshold >= 1, threshold <= custodians else {
            throw ValidationError("--threshold is 1 to --custodians, which is 64 at most.")
        }
    }

    func run() throws {
        let duties = try PolicyFolder.duties(folder)
        let question = CollusionQuestion(
            persons: collusion, tier: tier, custodians: custodians, threshold: threshold)
        if let trace { return try again(trace, duties, question) }
        guard let answer = duties.answer(question) else {
            throw CommandError("This cannot be asked.")
        }
        if format.json {
            Console.out(answer.json)
        } else {
            for line in lines(answer) { Console.out(line) }
        }
        guard answer.trace == nil else { throw ExitCode.no }
        guard answer.least != nil || collusion == CollusionQuestion.persons.upperBound else {
            Console.warning("up to four persons, acting as the pack means them to, cannot either")
            return
        }
    }

    private func lines(_ answer: CollusionAnswer) -> [String] {
        let people = collusion == 1 ? "one person" : "\(collusion) persons"
        var lines: [String] = []
        if let trace = answer.trace {
            lines.append("\(people) can bring a model of tier \(tier) to production:")
            lines += trace.lines.map { "  " + $0 }
        } else {
            lines.append(
                "\(people) cannot bring a model of tier \(tier) to production: none exists")
            if let least = answer.least { lines.append("it takes \(least) persons at the least") }
        }
        lines.append(
            "explored: \(answer.states) states, \(answer.steps) steps, with \(custodians) custodians "
                + "of whom \(threshold) make a root")
        return lines + CollusionQuestion.assumptions.map { "assumed: \($0)" }
            + CollusionQuestion.unexplored.map { "not explored: \($0)" }
    }

    private func again(
        _ file: String, _ duties: SeparationOfDuties, _ question: CollusionQuestion
    ) throws {
        let json = try JSON(parsing: Files.read(file))
        guard let trace = CollusionTrace(json: json["trace"] ?? json) else {
            throw CommandError("\(file) holds no trace.")
        }
        let objection = duties.objection(to: trace, question)
        if format.json {
            Console.out([
                "reachesProduction": .bool(objection == nil),
                "objection": objection.map(JSON.string) ?? .null,
            ])
        } else {
            Console.out(objection ?? "every step is taken, and the gate allows")
        }
        guard objection != nil else { throw ExitCode.no }
    }
}
