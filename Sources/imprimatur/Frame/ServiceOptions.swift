// Where the service is and who asks: options, then the environment, read once.

internal import ArgumentParser
internal import Glibc
internal import OfflineCommands

/// `--server`, `--token` and what belongs to them.
struct ServiceOptions: ParsableArguments {
    @Option(help: ArgumentHelp("The service; else IMPRIMATUR_SERVER.", valueName: "url"))
    var server: String?

    @Option(help: ArgumentHelp("The API token; else IMPRIMATUR_TOKEN.", valueName: "token"))
    var token: String?

    @Option(help: ArgumentHelp("A file with the API token.", valueName: "file"))
    var tokenFile: String?

    @Option(help: ArgumentHelp("Trust the authorities in this file for TLS.", valueName: "pem"))
    var caFile: String?

    @Option(help: ArgumentHelp("How long to wait for an answer.", valueName: "seconds"))
    var timeout = 30

    func validate() throws {
        guard (1...3_600).contains(timeout) else {
            throw ValidationError("--timeout is 1 to 3600 seconds.")
        }
        guard token == nil || tokenFile == nil else {
            throw ValidationError("Give --token or --token-file, not both.")
        }
    }

    /// The client for these options; `needsToken` when nothing can be asked without one.
    func client(needsToken: Bool = true) throws -> ServiceClient {
        guard let server = server ?? Environment.text("IMPRIMATUR_SERVER") else {
            throw ValidationError("Which service? Give --server or set IMPRIMATUR_SERVER.")
        }
        let token = try tokenText()
        if needsToken, token == nil {
            throw ValidationError("Who asks? Give --token or set IMPRIMATUR_TOKEN.")
        }
        return try ServiceClient(
            server: server, token: token, caFile: caFile, timeoutSeconds: timeout)
    }

    private func tokenText() throws -> String? {
        guard let tokenFile else { return token ?? Environment.text("IMPRIMATUR_TOKEN") }
        return String(decoding: try Files.passphrase(tokenFile), as: UTF8.self)
    }
}

/// `--idempotency-key` of writes that can be repeated.
struct RetryOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Repeat an earlier write: the same key, the same answer."))
    var idempotencyKey: String?

    /// The key given, or a new one.
    var key: String { idempotencyKey ?? ServiceClient.newKey() }
}
