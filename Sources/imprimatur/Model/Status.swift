// `imprimatur status`: where a version stands, and what it lacks.

internal import ArgumentParser
internal import CanonicalJSON
internal import Governance
internal import OfflineCommands

/// Shows a version.
struct Status: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status", abstract: "Show where a version stands and what it lacks.",
        discussion: """
            With --at the question is whether it was validly deployed at that time, by the record and by \
            what is known now. Exit codes: 0 shown, with --at valid then; with --at 1 not valid then; 2 \
            could not be asked or decided; 64 usage.
            """)

    @Argument(help: "The version, ns/name@n.", transform: Parse.version)
    var version: VersionReference

    @Option(help: "Ask about this time: was it validly deployed?", transform: Parse.time)
    var at: Timestamp?

    @Option(help: "With --at: deployed there.", transform: Parse.environment)
    var environment: EnvironmentName?

    @OptionGroup var service: ServiceOptions
    @OptionGroup var format: Format

    func validate() throws {
        guard environment == nil || at != nil else {
            throw ValidationError("--environment belongs to --at.")
        }
    }

    func run() async throws {
        if let at { return try await ask(at) }
        let status = try await service.client().get(version.address).json()
        guard !format.json else { return Console.out(status) }
        Console.out(StatusText.lines(status).joined(separator: "\n"))
    }

    private func ask(_ time: Timestamp) async throws {
        var path = "\(version.address)/validity?at=\(time)"
        if let environment { path += "&environment=\(environment)" }
        let answer = try await service.client().get(path).json()
        if format.json { Console.out(answer) } else { describe(answer, time) }
        switch answer["valid"] {
        case .bool(true): return
        case .bool(false): throw ExitCode.no
        default:
            throw CommandError(
                "The record does not say.",
                findings: (answer["reasons"]?.array ?? []).compactMap(\.string))
        }
    }

    private func describe(_ answer: JSON, _ time: Timestamp) {
        for deployment in answer["deployments"]?.array ?? [] {
            let verdict = deployment["hindsight"]?["verdict"]?.string ?? "cannot be judged"
            Console.out(
                "\(deployment["id"]?.string ?? "") in \(deployment["environment"]?.string ?? ""): "
                    + "\(deployment["state"]?.string ?? ""), by what is known now: \(verdict)")
            for denial in deployment["hindsight"]?["denials"]?.array ?? [] {
                Console.note(
                    "  - \(denial["id"]?.string ?? "") \(denial["reason"]?.string ?? "")")
            }
        }
        guard let valid = answer["valid"]?.bool else { return }
        Console.out("\(version) was \(valid ? "" : "not ")validly deployed at \(time)")
        for reason in valid ? [] : answer["reasons"]?.array ?? [] {
            Console.note("  - \(reason.string ?? "")")
        }
    }
}
