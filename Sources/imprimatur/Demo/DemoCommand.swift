// `imprimatur demo`: the whole life of one model, told while it happens.

internal import ArgumentParser
internal import Foundation
internal import Glibc
internal import OfflineCommands
internal import Registry

/// Makes a service of its own, lives a model's life in it, and leaves it open.
struct DemoCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "demo", abstract: "Live one model's whole life in a service of its own.",
        discussion: """
            Runs the very commands that it prints, against a fresh service on a private PostgreSQL, \
            or on the empty database given. \
            Exit codes: 0 everything went as it should, 2 something did not, 64 usage.
            """)

    @Flag(help: "Stop the service at the end instead of leaving it open.")
    var exit = false

    @Option(
        help: ArgumentHelp("An empty folder to work in; else a new one in /tmp.", valueName: "dir"))
    var directory: String?

    @Option(
        help: ArgumentHelp(
            "A folder with an example of your own; else the one in this program.", valueName: "dir")
    )
    var examples: String?

    @Option(
        help: ArgumentHelp("Where the service listens.", valueName: "host:port"),
        transform: Address.init)
    var listen = Address(host: "127.0.0.1", port: 0)

    @OptionGroup var databases: DatabaseURLs

    func run() async throws {
        let example = try readExample()
        let stage = DemoStage(folder: try makeFolder(), databases: databases.given)
        do {
            try DemoStory(
                stage: stage, example: example, listen: "\(listen.urlHost):\(listen.port)"
            ).tell()
        } catch {
            stage.stopService()
            throw error
        }
        if exit {
            stage.stopService()
            Console.out("\nThe service is stopped. Everything is in \(stage.folder).")
            return
        }
        Console.out(
            """

            The service is running at \(stage.server)
            The report is \(stage.folder)/report.html
            A token to look around with: \(stage.folder)/service/credentials/auditor.token
            Ctrl-C ends it.
            """)
        stage.waitForService()
    }

    /// The private PostgreSQL runs as another user, which must be able to pass through.
    private func makeFolder() throws -> String {
        if let directory {
            let path = DataDirectory(path: directory).path
            if File.exists(path), !(try File.list(path)).isEmpty {
                throw CommandError("\(directory) is not empty.")
            }
            try File.makeFolder(path, mode: 0o711)
            return path
        }
        var template = Array("/tmp/imprimatur-demo-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else {
            throw CommandError("cannot make a folder in /tmp")
        }
        let path = String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
        chmod(path, 0o711)
        return path
    }

    /// The files of the example by their paths: those of the folder given, else the embedded ones.
    private func readExample() throws -> [(path: String, bytes: [UInt8])] {
        guard let examples else { return Resources.folder("docs/examples/scorecard") }
        let folder = DataDirectory(path: examples).path
        let model = try File.list(folder + "/model").map { "model/" + $0 }
        return try (DemoStory.exampleFiles + model).map { path in
            (path, try File.read("\(folder)/\(path)", limit: 16 << 20))
        }
    }
}
