// `imprimatur audit reads`: who read the evidence, and who was turned away.

internal import ArgumentParser
internal import CanonicalJSON
internal import OfflineCommands

/// Lists the accesses that the log tells, the newest first.
struct AuditReads: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "reads", abstract: "List who read evidence, and who was refused.",
        discussion: """
            The newest first, from the entries evidence.read and access.refused of the log. Needs the \
            role auditor over **; asking is itself told by the log. Exit codes: 0 listed, 2 could not \
            be asked, 64 usage.
            """)

    @Option(help: ArgumentHelp("At most so many entries.", valueName: "n"))
    var limit = 50

    @Option(help: ArgumentHelp("Only entries below this index.", valueName: "index"))
    var before: Int64?

    @OptionGroup var service: ServiceOptions
    @OptionGroup var format: Format

    func validate() throws {
        guard (1...100_000).contains(limit) else {
            throw ValidationError("--limit is 1 to 100000.")
        }
        guard (before ?? 0) >= 0 else { throw ValidationError("--before is an index.") }
    }

    func run() async throws {
        let client = try service.client()
        var found: [JSON] = []
        var next = before
        repeat {
            let page = min(200, limit - found.count)
            let place = next.map { "&before=\($0)" } ?? ""
            let reply = try await client.get("/api/v1/audit/reads?limit=\(page)\(place)")
            let answer = try JSON(parsing: reply.body)
            found += answer["entries"]?.array ?? []
            next = answer["next"]?.integer
        } while next != nil && found.count < limit
        if format.json {
            return Console.out(["entries": .array(found), "next": next.map(JSON.integer) ?? .null])
        }
        for entry in found {
            Console.out(
                "\(entry["index"]?.integer ?? 0)  \(entry["time"]?.string ?? "")  "
                    + "\(entry["actor"]?.string ?? "")  \(entry["summary"]?.string ?? "")")
        }
        if found.isEmpty {
            Console.note("nothing yet: gathered accesses are written after a while")
        }
        if let next { Console.note("more: --before \(next)") }
    }
}
