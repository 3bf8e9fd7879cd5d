// `imprimatur whoami`: who the token speaks for.

internal import ArgumentParser
internal import CanonicalJSON
internal import OfflineCommands

/// Asks the service who the caller is.
struct WhoAmI: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "whoami", abstract: "Show who the token speaks for, and the roles held.",
        discussion: "Exit codes: 0 shown, 2 could not be asked, 64 usage.")

    @OptionGroup var service: ServiceOptions
    @OptionGroup var format: Format

    func run() async throws {
        let who = try await Who(asking: service.client())
        guard !format.json else { return Console.out(who.json) }
        var lines = [
            "principal  \(who.principal)", "person     \(who.json["person"]?.string ?? "")",
            "kind       \(who.json["kind"]?.string ?? "")", "origin     \(who.origin)",
        ]
        for role in who.json["roles"]?.array ?? [] {
            lines.append(
                "role       \(role["role"]?.string ?? "") in \(role["namespace"]?.string ?? "")")
        }
        for held in who.json["delegations"]?.array ?? [] {
            lines.append(
                "delegated  \(held["role"]?.string ?? "") of \(held["delegator"]?.string ?? "") to "
                    + "\(held["delegate"]?.string ?? ""), until \(held["validUntil"]?.string ?? "")"
            )
        }
        Console.out(lines.joined(separator: "\n"))
    }
}
