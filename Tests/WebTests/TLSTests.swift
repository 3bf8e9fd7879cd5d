// One real socket with TLS, asked by somebody else's client.

import Foundation
import Logging
import Registry
import ServiceLifecycle
import Synchronization
import Testing

@testable import Web

@Suite(.serialized) struct `TLS` {
    /// Runs the openssl command; answers its output.
    @discardableResult
    private func openssl(_ arguments: [String], input: String = "") throws -> String {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/openssl")
        process.arguments = arguments
        let (stdin, stdout) = (Pipe(), Pipe())
        process.standardInput = stdin
        process.standardOutput = stdout
        process.standardError = FileHandle.nullDevice
        try process.run()
        stdin.fileHandleForWriting.write(Data(input.utf8))
        if input.isEmpty { try stdin.fileHandleForWriting.close() }
        let output = stdout.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return String(decoding: output, as: UTF8.self)
    }

    @Test(.enabled(if: FileManager.default.fileExists(atPath: "/usr/bin/openssl")))
    func `is served with the certificate given, and stops gracefully`() async throws {
        try await WebService.with { service in
            let folder = service.service.directory.path
            let (certificate, key) = (folder + "/tls.crt", folder + "/tls.key")
            try openssl([
                "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                "-keyout", key, "-out", certificate, "-days", "2", "-subj", "/CN=localhost",
                "-addext", "subjectAltName=DNS:localhost",
            ])
            var settings = HTTPSettings(port: 0)
            settings.tls = .init(certificatePath: certificate, keyPath: key)
            let (ports, continuation) = AsyncStream<Int>.makeStream()
            var logger = Logger(label: "test")
            logger.logLevel = .critical
            let http = try HTTPService(
                registry: service.registry, trustRoot: WebService.trustRoot(of: service.service),
                settings: settings, logger: logger, onListening: { continuation.yield($0) })
            let group = ServiceGroup(services: [http], logger: logger)
            let running = Task { try await group.run() }
            var iterator = ports.makeAsyncIterator()
            let port = try #require(await iterator.next())
            let request = "GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
            let answer = try openssl(
                [
                    "s_client", "-quiet", "-verify_return_error", "-verify_hostname", "localhost",
                    "-CAfile", certificate, "-connect", "127.0.0.1:\(port)",
                ], input: request)
            #expect(answer.hasPrefix("HTTP/1.1 200 OK"))
            #expect(answer.lowercased().contains("strict-transport-security: max-age=31536000"))
            #expect(answer.contains(#""status":"ok""#))
            // A client that trusts nobody in particular does not get that far.
            let stranger = try openssl(
                ["s_client", "-quiet", "-verify_return_error", "-connect", "127.0.0.1:\(port)"],
                input: request)
            #expect(!stranger.contains("HTTP/1.1"))
            await group.triggerGracefulShutdown()
            try await running.value
        }
    }

    @Test func `refuses a certificate that is not there`() async throws {
        try await TestService.with { service in
            var settings = HTTPSettings()
            settings.tls = .init(certificatePath: "/nowhere.crt", keyPath: "/nowhere.key")
            #expect(throws: (any Error).self) {
                try HTTPService(
                    registry: service.registry, trustRoot: WebService.trustRoot(of: service),
                    settings: settings, logger: Logger(label: "test"))
            }
        }
    }
}
