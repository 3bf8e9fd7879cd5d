// A witness with its folder, without a network: what it keeps, what it forgets, races, restarts.

import Cryptography
import Foundation
import Governance
import Logging
import Synchronization
import TestSupport
import Testing
import TransparencyLog

@testable import Registry

@Suite struct `A witness keeps one history` {
    @Test func `it cosigns a growing log, keeps what it cosigned and goes on after a restart`()
        async throws
    {
        let scratch = try ScratchWitness()
        let log = try GrowingLog()
        try scratch.add(log)
        var desk: WitnessDesk? = try scratch.open()
        #expect(await desk?.latest(scratch.id(log)) == nil)
        try await scratch.expectCosigned(#require(desk), log.request(from: 0, to: 3))
        try await scratch.expectCosigned(#require(desk), log.request(from: 3, to: 200))
        try await scratch.expectCosigned(#require(desk), log.request(from: 200, to: 200))
        desk = nil
        let again = try scratch.open()
        let kept = try #require(await again.latest(scratch.id(log)))
        let opened = try #require(
            Checkpoint.open(
                kept, origin: log.origin, logKeys: log.log.keys, cosigners: [again.key]
            ).checkpoint)
        #expect(opened.checkpoint.size == 200 && opened.cosignatures.count == 1)
        #expect(await again.addCheckpoint(try log.request(from: 3, to: 250)) == .stale(size: 200))
        try await scratch.expectCosigned(again, log.request(from: 200, to: 250))
    }

    @Test func `lines of strangers are not kept`() async throws {
        let scratch = try ScratchWitness()
        let log = try GrowingLog()
        try scratch.add(log)
        let desk = try scratch.open()
        var note = try log.note(5)
        try note.append(GrowingLog(origin: "example.com/x", seed: 9).signer.sign(note.text))
        let request = try AddCheckpointRequest(oldSize: 0, proof: [], note: note)
        try await scratch.expectCosigned(desk, request.bytes)
        let kept = String(decoding: await desk.latest(scratch.id(log)) ?? [], as: UTF8.self)
        #expect(!kept.contains("example.com/x") && kept.contains("— example.com/log "))
    }

    @Test func `of sixteen forks at once one history is cosigned`() async throws {
        for round in 0..<20 {
            let scratch = try ScratchWitness()
            let forks = try (0..<16).map {
                try GrowingLog(history: "\(round) \($0)", shared: 2, count: 20)
            }
            try scratch.add(forks[0])
            let desk = try scratch.open()
            let answers = await withTaskGroup(of: (Int, [WitnessAnswer]).self) { group in
                for (number, fork) in forks.enumerated() {
                    group.addTask {
                        var answers: [WitnessAnswer] = []
                        var known: Int64 = 0
                        // Every fork wants all sizes, and learns from 409 as a real client does.
                        for size in 1...20 {
                            guard known <= Int64(size),
                                let body = try? fork.request(from: known, to: Int64(size))
                            else { continue }
                            let answer = await desk.addCheckpoint(body)
                            if case .cosigned = answer { known = Int64(size) }
                            if case .stale(let size) = answer { known = size }
                            answers.append(answer)
                        }
                        return (number, answers)
                    }
                }
                return await group.reduce(into: [:]) { $0[$1.0] = $1.1 }
            }
            // Beyond the shared leaves only one fork can have been cosigned.
            var beyond: Set<Int> = []
            for (number, answers) in answers {
                for case .cosigned(let lines) in answers {
                    for size in Int64(3)...20 {
                        var note = try forks[number].note(size)
                        for line in lines { try note.append(line) }
                        if note.open(with: [desk.key]).note != nil { beyond.insert(number) }
                    }
                }
            }
            #expect(beyond.count == 1)
            let latest = try #require(await desk.latest(scratch.id(forks[0])))
            let checkpoint = try Checkpoint(parsing: SignedNote(parsing: latest).text)
            let winner = try #require(beyond.first)
            #expect(checkpoint.size == 20 && checkpoint.root == forks[winner].root(20))
        }
    }

    @Test func `what contradicts is kept as evidence, a stranger's request is not`() async throws {
        let scratch = try ScratchWitness()
        let log = try GrowingLog()
        try scratch.add(log)
        let desk = try scratch.open(edition: .draft)
        try await scratch.expectCosigned(desk, log.request(from: 0, to: 10))
        let fork = try GrowingLog(history: "other", shared: 4)
        let forked = try fork.request(from: 10, to: 10)
        #expect(await desk.addCheckpoint(forked) == .forked(.draft))
        #expect(await desk.addCheckpoint(try fork.request(from: 10, to: 12)).status == 422)
        let stranger = try GrowingLog(seed: 2).request(from: 10, to: 12)
        #expect(await desk.addCheckpoint(stranger).status == 403)
        let evidence = try File.list(scratch.path + "/evidence")
        #expect(evidence.count == 2)
        let kept = try evidence.map {
            try File.read(scratch.path + "/evidence/" + $0, limit: 1 << 20)
        }
        #expect(kept.contains(forked))
    }

    @Test func `a second process on the folder is refused`() throws {
        let scratch = try ScratchWitness()
        try scratch.add(GrowingLog())
        let desk = try scratch.open()
        #expect(throws: WitnessFolderError.self) { try scratch.open() }
        withExtendedLifetime(desk) {}
    }

    /// How a folder can be damaged while nobody uses it.
    enum Damage: CaseIterable {
        case stateMissing, stateOfAnotherLog, stateNotCosigned, stateTampered, keyReplaced
        case keyReadable, logFileTampered
    }

    @Test(arguments: Damage.allCases)
    func `a folder that is not whole is refused`(_ damage: Damage) async throws {
        let scratch = try ScratchWitness()
        let (log, other) = (try GrowingLog(), try GrowingLog(origin: "example.com/b"))
        try scratch.add(log)
        try scratch.add(other)
        do {
            let desk = try scratch.open()
            try await scratch.expectCosigned(desk, log.request(from: 0, to: 10))
            try await scratch.expectCosigned(desk, other.request(from: 0, to: 5))
        }
        _ = try scratch.open()
        let state = "\(scratch.path)/logs/\(scratch.id(log))/latest"
        switch damage {
        case .stateMissing: unlink(state)
        case .stateOfAnotherLog:
            let bytes = try File.read(
                "\(scratch.path)/logs/\(scratch.id(other))/latest", limit: 1 << 20)
            try File.replace(state, with: bytes, mode: 0o600)
        case .stateNotCosigned:
            try File.replace(state, with: log.note(3).bytes, mode: 0o600)
        case .stateTampered:
            var bytes = try File.read(state, limit: 1 << 20)
            bytes[log.origin.utf8.count + 1] ^= 1
            try File.replace(state, with: bytes, mode: 0o600)
        case .keyReplaced:
            unlink(scratch.path + "/key.pem")
            try KeyFile.create(scratch.path + "/key.pem", .generate(.ed25519))
        case .keyReadable: chmod(scratch.path + "/key.pem", 0o644)
        case .logFileTampered:
            try File.replace(
                "\(scratch.path)/logs/\(scratch.id(log))/log",
                with: Array("example.com/c\n\(log.signer.verifierKey.text)\n".utf8), mode: 0o600)
        }
        #expect(throws: (any Error).self) { try scratch.open() }
    }

    @Test func `a write that fails leaves no cosignature, and nothing after it`() async throws {
        let scratch = try ScratchWitness()
        let log = try GrowingLog()
        try scratch.add(log)
        let desk = try scratch.open()
        try await scratch.expectCosigned(desk, log.request(from: 0, to: 10))
        let folder = "\(scratch.path)/logs/\(scratch.id(log))"
        // Even root cannot replace what is in a folder that is not there.
        #expect(rename(folder, folder + ".away") == 0)
        #expect(await desk.addCheckpoint(try log.request(from: 10, to: 20)).status == 503)
        #expect(rename(folder + ".away", folder) == 0)
        #expect(await desk.addCheckpoint(try log.request(from: 10, to: 20)).status == 503)
    }

    @Test func `a clock set back does not cosign`() async throws {
        let scratch = try ScratchWitness()
        let log = try GrowingLog()
        try scratch.add(log)
        let time = Mutex<Int64>(1_800_000_000)
        let desk = try scratch.open { Timestamp(milliseconds: time.withLock { $0 } * 1000) }
        try await scratch.expectCosigned(desk, log.request(from: 0, to: 10))
        time.withLock { $0 -= 30 }
        try await scratch.expectCosigned(desk, log.request(from: 10, to: 20))
        time.withLock { $0 -= 3_600 }
        #expect(await desk.addCheckpoint(try log.request(from: 20, to: 30)).status == 503)
    }

    @Test func `an auditor's word stops the cosignature, and his failure too`() async throws {
        let scratch = try ScratchWitness()
        let log = try GrowingLog()
        try scratch.add(log)
        let auditor = ScriptedAuditor()
        let desk = try scratch.open(auditors: [log.origin: auditor])
        try await scratch.expectCosigned(desk, log.request(from: 0, to: 10))
        auditor.reasons.withLock { $0 = ["index 12: no approval"] }
        let refused = await desk.addCheckpoint(try log.request(from: 10, to: 20))
        #expect(refused == .unwilling(reason: "index 12: no approval"))
        auditor.reasons.withLock { $0 = nil }
        #expect(await desk.addCheckpoint(try log.request(from: 10, to: 20)).status == 503)
        // Who is not the log does not make the auditor work.
        let asked = auditor.asked.withLock { $0 }
        #expect(
            await desk.addCheckpoint(try GrowingLog(seed: 4).request(from: 10, to: 20)).status
                == 403)
        #expect(auditor.asked.withLock { $0 } == asked)
        auditor.reasons.withLock { $0 = [] }
        try await scratch.expectCosigned(desk, log.request(from: 10, to: 20))
    }
}

private final class ScriptedAuditor: WitnessAuditor {
    let reasons = Mutex<[String]?>([])
    let asked = Mutex(0)

    func examine(_ checkpoint: Checkpoint) async throws -> [String] {
        asked.withLock { $0 += 1 }
        guard let reasons = reasons.withLock({ $0 }) else { throw WitnessUnreachable("away") }
        return reasons
    }
}
