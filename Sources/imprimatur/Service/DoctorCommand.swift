// `imprimatur doctor`: what the service rests on, and how long it will last.

internal import ArgumentParser
internal import CanonicalJSON
internal import OfflineCommands
internal import Registry

/// Examines database, keys, pin, clock and disk.
struct DoctorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract: "Examine settings, keys, pin, clock and disk; say how long they last.",
        discussion: """
            Changes nothing; the service may run or not. Exit codes: 0 no fault (warnings are \
            listed), 1 at least one fault, 2 could not be examined, 64 usage.
            """)

    @OptionGroup var database: DatabaseOptions
    @OptionGroup var format: Format

    func run() async throws {
        let settings = try database.settings()
        let root = try database.trustRoot()
        let found = try await database.withAccess { access in
            try await Doctor(
                directory: database.directory, settings: settings, root: root, access: access,
                now: SystemClock.now()
            ).examine()
        }
        let hasFault = found.contains { $0.state == .fault }
        if format.json {
            Console.out([
                "healthy": .bool(!hasFault), "checks": .array(found.map(\.json)),
            ])
        } else {
            for diagnosis in found {
                let state = diagnosis.state.rawValue
                let column = state + String(repeating: " ", count: max(8 - state.count, 1))
                Console.out("\(column)\(diagnosis.check): \(diagnosis.detail)")
                if let hint = diagnosis.hint { Console.hint(hint) }
            }
        }
        guard !hasFault else { throw ExitCode.no }
    }
}
