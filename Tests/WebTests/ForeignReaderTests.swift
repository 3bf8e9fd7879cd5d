// The log over a real socket, read by a foreign program with nothing but the log's key.

import Cryptography
import Database
import Foundation
import Governance
import Logging
import Registry
import ServiceLifecycle
import TestSupport
import Testing
import TransparencyLog

@testable import Web

@Suite(
    .serialized,
    .enabled(
        if: Peers.hasGo, "skipped: no Go with golang.org/x/mod (`.ci/packages test` installs both)")
)
struct `Go's checksum database` {
    /// Serves the log to everybody on a port of its own.
    private func served(
        _ body: (TestService, _ url: String, _ key: String) async throws -> Void
    ) async throws {
        try await WebService.with(access: .all) { service in
            var settings = service.settings
            settings.port = 0
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
            let key = try await service.client.get("/log/key").text.split(separator: "\n")[0]
            let result: Result<Void, any Error>
            do {
                result = .success(
                    try await body(service.service, "http://127.0.0.1:\(port)/log", String(key)))
            } catch {
                result = .failure(error)
            }
            await group.triggerGracefulShutdown()
            try await running.value
            try result.get()
        }
    }

    /// Waits on a thread of its own: on one of the few that the server's answers need too, both could wait
    /// for each other.
    private static func reads(_ url: String, _ key: String) async throws -> Peers.Ran {
        try await withCheckedThrowingContinuation { continuation in
            DispatchQueue.global().async {
                continuation.resume(with: Result { try Peers.goReads(url, key: key) })
            }
        }
    }

    @Test func `reads the served log whole, while it grows, and not once a tile is altered`()
        async throws
    {
        try await served { service, url, key in
            // Each is at least two entries: more than one tile, and a level above.
            for _ in 0..<90 { _ = try await service.enrol([.owner]) }
            try await service.settled()
            async let growing: Void = {
                for _ in 0..<30 { _ = try await service.enrol([]) }
            }()
            for _ in 0..<3 {
                let read = try await Self.reads(url, key)
                #expect(read.code == 0, "\(read)")
                let size = read.output.split(separator: " ").dropFirst().first.flatMap { Int($0) }
                #expect((size ?? 0) > 256, "\(read)")
            }
            try await growing
            try await service.settled()

            let other = try PrivateKey.generate(.ed25519)
            let name = try #require(KeyName(service.origin))
            let stranger = try NoteSigner(name: name, key: other).verifierKey.text
            #expect(try await Self.reads(url, stranger).code == 1)

            try await service.sabotage([
                """
                UPDATE audit.tile SET hashes = set_byte(hashes, 40, get_byte(hashes, 40) # 1)
                WHERE level = 0 AND number = 0
                """
            ])
            let refused = try await Self.reads(url, key)
            #expect(refused.code == 1, "\(refused)")
        }
    }
}
