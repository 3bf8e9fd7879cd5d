// `imprimatur status`: where a version stands, and what it lacks.

internal import ArgumentParser
internal import CanonicalJSON
internal import Governance

/// Shows a version.
struct Status: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status", abstract: "Show where a version stands and what it lacks.",
        discussion: "Exit codes: 0 shown, 2 could not be asked, 64 usage.")

    @Argument(help: "The version, ns/name@n.", transform: Parse.version)
    var version: VersionReference

    @OptionGroup var service: ServiceOptions
    @OptionGroup var format: Format

    func run() async throws {
        let status = try await service.client().get(version.address).json()
        guard !format.json else { return Console.out(status) }
        Console.out(StatusText.lines(status).joined(separator: "\n"))
    }
}
