// The witness as a process: every status over HTTP, forks at once, `kill -9` under load.

import Foundation
import Registry
import Synchronization
import TestSupport
import Testing
import TransparencyLog

@Suite struct `A witness over HTTP` {
    @Test func `every status that tlog-witness knows, with a prefix and without`() async throws {
        for edition in WitnessAnswer.Edition.allCases {
            let witness = try WitnessProcess()
            let log = try GrowingLog()
            try witness.add(log)
            try await witness.start(["--prefix", "/w1/", "--edition", edition.rawValue])
            for prefix in ["", "/w1"] {
                func post(_ body: [UInt8]) async throws -> WitnessReply {
                    try await witness.post(body, prefix + "/add-checkpoint")
                }
                let known = prefix.isEmpty ? 0 : 10 as Int64
                let next = known + 10
                #expect(try await post(Array("old 0\n".utf8)).status == 400)
                let backwards = try AddCheckpointRequest(
                    oldSize: next + 1, proof: [], note: log.note(next))
                #expect(try await post(backwards.bytes).status == 400)
                let stranger = try GrowingLog(seed: 5)
                #expect(
                    try await post(stranger.request(from: known, to: next)).status == 403)
                let unknown = try GrowingLog(origin: "example.com/unknown")
                #expect(try await post(unknown.request(from: known, to: next)).status == 404)
                let stale = try await post(log.request(from: 5, to: next))
                #expect(stale.status == 409 && stale.mediaType == "text/x.tlog.size")
                #expect(stale.body == Array("\(known)\n".utf8))
                let good = try await post(log.request(from: known, to: next))
                #expect(good.status == 200)
                try witness.check(good, over: log.note(next))
                let again = try await post(log.request(from: next, to: next))
                #expect(again.status == 200)
                try witness.check(again, over: log.note(next))
                let fork = try GrowingLog(history: "other", shared: 3)
                let forked = try await post(fork.request(from: next, to: next))
                #expect(forked.status == (edition == .release ? 409 : 422))
                #expect(forked.mediaType != "text/x.tlog.size")
                #expect(try await post(fork.request(from: next, to: next + 5)).status == 422)
                let large = [UInt8](repeating: 0x41, count: 200_000)
                #expect([400, 413].contains(try await post(large).status))
                let id = WitnessFolder.id(ofOrigin: log.origin)
                let shown = try await witness.get("\(prefix)/\(id)/checkpoint")
                #expect(shown.0 == 200)
                let opened = Checkpoint.open(
                    shown.1, origin: log.origin, logKeys: log.log.keys,
                    cosigners: [try witness.key]
                ).checkpoint
                #expect(opened?.checkpoint.size == next && opened?.cosignatures.count == 1)
                #expect(
                    try await witness.get("\(prefix)/key").1 == Array((witness.vkey + "\n").utf8))
                let unseen = String(repeating: "0", count: 64)
                #expect(try await witness.get("\(prefix)/\(unseen)/checkpoint").0 == 404)
            }
            #expect(try await witness.get("/healthz").0 == 200)
            #expect(
                try witness.run(["add-log", "--data-dir", witness.data, witness.keys]).code == 2)
            try await witness.stop()
        }
    }

    @Test func `sixteen forks at once over HTTP: one history`() async throws {
        let witness = try WitnessProcess()
        let forks = try (0..<16).map { try GrowingLog(history: "\($0)", shared: 1, count: 12) }
        try witness.add(forks[0])
        try await witness.start()
        let cosigned = await withTaskGroup(of: [Int].self) { group in
            for (number, fork) in forks.enumerated() {
                group.addTask {
                    var sizes: [Int] = []
                    var known: Int64 = 0
                    for size in Int64(2)...12 where known <= size {
                        guard let body = try? fork.request(from: known, to: size),
                            let reply = try? await witness.post(body)
                        else { continue }
                        if reply.status == 200 {
                            known = size
                            sizes.append(number)
                        } else if reply.mediaType == "text/x.tlog.size" {
                            known =
                                Int64(String(decoding: reply.body.dropLast(), as: UTF8.self))
                                ?? known
                        }
                    }
                    return sizes
                }
            }
            return await group.reduce(into: [Int]()) { $0 += $1 }
        }
        #expect(!cosigned.isEmpty && Set(cosigned).count == 1)
        try await witness.stop()
    }

    @Test(.timeLimit(.minutes(5)))
    func `killed at any moment it has every tree that it cosigned`() async throws {
        let witness = try WitnessProcess()
        let (log, fork) = (
            try GrowingLog(count: 5_000), try GrowingLog(history: "fork", count: 5_000)
        )
        try witness.add(log)
        let acknowledged = LargestSize()
        for round in 0..<15 {
            let delay = Int.random(in: 5...250)
            let before = acknowledged.size
            try await witness.start()
            await withTaskGroup(of: Void.self) { group in
                for _ in 0..<4 {
                    group.addTask {
                        var known = acknowledged.size
                        while !Task.isCancelled, known + 7 < 5_000 {
                            let size = known + Int64.random(in: 1...7)
                            guard let body = try? log.request(from: known, to: size),
                                let reply = try? await witness.post(body)
                            else { return }
                            if reply.status == 200 {
                                acknowledged.note(size)
                                known = size
                            } else {
                                let text = String(decoding: reply.body.dropLast(), as: UTF8.self)
                                known = Int64(text) ?? known
                            }
                        }
                    }
                }
                // Every other round is cut off at work, however slow the machine; the rest at any time.
                if round.isMultiple(of: 2) {
                    for _ in 0..<1_000 where acknowledged.size == before {
                        try? await Task.sleep(for: .milliseconds(10))
                    }
                }
                try? await Task.sleep(for: .milliseconds(delay))
                witness.kill()
                group.cancelAll()
            }
            try await witness.start()
            let least = acknowledged.size
            let reply = try await witness.post(log.request(from: 4_999, to: 5_000))
            let size = try #require(
                Int64(String(decoding: reply.body.dropLast(), as: UTF8.self)))
            #expect(size >= least, "it forgot \(least - size) leaves")
            if size > 0 {
                // Neither what it said nor what it may have been about to say can be said otherwise.
                #expect(try await witness.post(fork.request(from: size, to: size)).status == 409)
                #expect(
                    try await witness.post(fork.request(from: size, to: size + 9)).status == 422)
            }
            witness.kill()
        }
        #expect(acknowledged.size > 15, "hardly anything was cosigned")
    }

    @Test(.timeLimit(.minutes(3)))
    func `with --audit it reads a running service's log, and cosigns only under the right root`()
        async throws
    {
        let service = try ServedBinary()
        defer { service.remove() }
        try service.initialise()
        try await service.start()
        let published = try #require(await service.bytes(of: "/log/checkpoint"))
        let note = try SignedNote(parsing: published)
        let body = try AddCheckpointRequest(oldSize: 0, proof: [], note: note).bytes
        let vkeys = try #require(await service.bytes(of: "/log/key"))
        let token = service.data + "/credentials/auditor.token"
        func serve(root: String, token: String) async throws -> WitnessReply {
            let witness = try WitnessProcess()
            try witness.add(vkeys: String(decoding: vkeys, as: UTF8.self))
            try await witness.start([
                "--audit", service.url, "--audit-root", root, "--audit-token-file", token,
                "--development",
            ])
            let reply = try await witness.post(body)
            if reply.status == 200 { try witness.check(reply, over: note) }
            try await witness.stop()
            return reply
        }
        #expect(try await serve(root: service.data + "/root.json", token: token).status == 200)
        // Who may not read the log cannot say anything about it.
        let administrator = service.data + "/credentials/administrator.token"
        let unread = try await serve(root: service.data + "/root.json", token: administrator)
        #expect(unread.status == 503, "\(String(decoding: unread.body, as: UTF8.self))")
        // A root of the same name, made by somebody else.
        let origin = try Checkpoint(parsing: note.text).origin
        let other = try ServedBinary()
        defer { other.remove() }
        let made = try other.run([
            "init", "--data-dir", other.data, "--development", "--origin", origin,
        ])
        try #require(made.status == 0, "\(made.output)")
        let refused = try await serve(root: other.data + "/root.json", token: token)
        #expect(refused.status == 403)
        #expect(String(decoding: refused.body, as: UTF8.self).contains("service key"))
        try await service.stop()
    }

    @Test func `what cannot be a witness is refused before it listens`() throws {
        let program = try Program()
        let usage: [[String]] = [
            ["witness"], ["witness", "init", "--data-dir", "w", "--name", "a b"],
            ["witness", "init", "--data-dir", "w"],
            ["witness", "--data-dir", "w", "--edition", "2"],
            ["witness", "--data-dir", "w", "--prefix", "a?b"],
            ["witness", "--data-dir", "w", "--tls-key", "k.pem"],
            ["witness", "--data-dir", "w", "--audit", "http://127.0.0.1:1"],
            ["witness", "--data-dir", "w", "--accept", "3"],
        ]
        for arguments in usage { #expect(try program.run(arguments).code == 64) }
        #expect(try program.run("witness", "--data-dir", "w").code == 2)
        let made = try program.run("witness", "init", "--data-dir", "w", "--name", "w.example")
        #expect(made.code == 0 && made.line.hasPrefix("w.example+"))
        #expect(try program.run("witness", "init", "--data-dir", "w", "--name", "w").code == 2)
        try program.write("keys", "nonsense\n")
        #expect(try program.run("witness", "add-log", "--data-dir", "w", "keys").code == 2)
        try program.write("keys", made.line + "\n")
        let cosigner = try program.run("witness", "add-log", "--data-dir", "w", "keys")
        #expect(cosigner.code == 2, "a witness's own kind of key is no log's")
        try program.write("keys", try GrowingLog().signer.verifierKey.text + "\n")
        let added = try program.run("witness", "add-log", "--data-dir", "w", "keys", "--json")
        #expect(added.code == 0 && added.output.contains("\"new\": true"))
    }
}

/// The largest tree that was cosigned.
private final class LargestSize: Sendable {
    private let state = Mutex<Int64>(0)

    var size: Int64 { state.withLock { $0 } }

    func note(_ size: Int64) { state.withLock { $0 = max($0, size) } }
}
