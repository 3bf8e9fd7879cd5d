// `imprimatur policy activate`: puts the next pack in force.

internal import ArgumentParser
internal import Attestation
internal import CanonicalJSON
internal import OfflineCommands
internal import Registry

/// Hands a pack and the custodians' statement over it to the service.
struct PolicyActivate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "activate", abstract: "Put a signed policy pack in force.",
        discussion: """
            The statement names the pack in force as predecessor and is signed by the custodians' \
            threshold (`policy sign --predecessor`, `statement sign`). Approvals that were given under \
            the former pack count no longer. Exit codes: 0 in force, 1 refused, 2 could not be asked, \
            64 usage, 75 receipt to come.
            """)

    @Argument(help: "The pack's folder; - is the pack in this binary.")
    var folder: String

    @Option(help: ArgumentHelp("The custodians' signed statement.", valueName: "file"))
    var statement: String

    @OptionGroup var retry: RetryOptions
    @OptionGroup var service: ServiceOptions
    @OptionGroup var format: Format

    func run() async throws {
        let files = try PackFiles.load(folder: folder == "-" ? nil : folder)
        let answer = try await service.client().write(
            "/api/v1/policy",
            [
                "statement": try Files.envelope(statement).json,
                "files": try JSON(parsing: PackFiles.document(files)),
            ], key: retry.key)
        try answer.finish(
            "in force: \(answer.result["name"]?.string ?? "") version "
                + "\(answer.result["version"]?.string ?? "")\n"
                + "digest \(answer.result["digest"]?.string ?? "")", json: format.json)
    }
}
