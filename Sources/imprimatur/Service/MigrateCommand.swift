// `imprimatur migrate`: brings the database's schema to what this binary knows.

internal import ArgumentParser
internal import CanonicalJSON
internal import OfflineCommands
internal import Registry

/// Applies what is pending; needs the administrator's URL for a database elsewhere.
struct MigrateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "migrate", abstract: "Apply pending migrations.",
        discussion: "Exit codes: 0 up to date, 2 not, 64 usage.")

    @OptionGroup var database: DatabaseOptions
    @OptionGroup var format: Format

    func run() async throws {
        let applied = try await database.withAccess { try await $0.migrate() }
        if format.json { return Console.out(["applied": .array(applied.map(JSON.string))]) }
        Console.out(applied.isEmpty ? "up to date" : applied.joined(separator: "\n"))
    }
}
