// The log's side of add-checkpoint: sizes learnt from answers, forks, witnesses that misbehave.

import Cryptography
import Synchronization
import TestSupport
import Testing
import TransparencyLog

@testable import Registry

@Suite struct `The log's way to a witness` {
    @Test func `a witness's size is learnt from its 409, and remembered`() async throws {
        let scratch = try ScratchWitness()
        let log = try GrowingLog()
        try scratch.add(log)
        let desk = try scratch.open()
        let client = WitnessClient(
            name: "w", url: "https://w.example/", keys: [desk.key],
            transport: DirectTransport(desk: desk))
        func visit(_ size: Int64, known: Int64) async throws -> WitnessClient.Visit {
            try await client.visit(log.note(size), knownSize: known) {
                log.proof(from: $0, to: size)
            }
        }
        let first = try await visit(7, known: 0)
        #expect(first.requests == 1 && first.size == 7)
        // Forgotten, and wrong in both directions.
        for (size, known) in [(20, 0), (30, 10), (40, 4_000)] as [(Int64, Int64)] {
            let next = try await visit(size, known: known)
            #expect(next.requests == 2 && next.size == size)
            guard case .cosigned(let lines) = next.outcome else {
                Issue.record("not cosigned: \(next.outcome)")
                continue
            }
            #expect(lines.map(\.key) == [desk.key])
        }
        #expect(try await visit(40, known: 40).outcome.isCosigned)
        #expect(try await visit(39, known: 39).outcome == .ahead(size: 40))
        let fork = try GrowingLog(history: "other", shared: 4)
        for size in [40, 50] as [Int64] {
            let visit = try await client.visit(fork.note(size), knownSize: 40) {
                fork.proof(from: $0, to: size)
            }
            guard case .contradicted = visit.outcome else {
                Issue.record("size \(size): \(visit.outcome)")
                continue
            }
        }
    }

    @Test func `a witness that names another size each time is given up`() async throws {
        let log = try GrowingLog()
        let sizes = Mutex<Int64>(0)
        let transport = ScriptedTransport { _ in
            let size = sizes.withLock { size in
                size += 1
                return size
            }
            return WitnessReply(
                status: 409, mediaType: "text/x.tlog.size", body: Array("\(size)\n".utf8))
        }
        let client = WitnessClient(
            name: "w", url: "https://w.example/p", keys: [log.signer.verifierKey],
            transport: transport)
        let visit = try await client.visit(log.note(50), knownSize: 0) {
            log.proof(from: $0, to: 50)
        }
        guard case .failed = visit.outcome else {
            Issue.record("\(visit.outcome)")
            return
        }
        #expect(visit.requests == WitnessSubmission.tries)
    }

    @Test func `nobody there is a failure, not a refusal`() async throws {
        let log = try GrowingLog()
        let client = WitnessClient(
            name: "w", url: "https://w.example", keys: [log.signer.verifierKey],
            transport: ScriptedTransport { url throws(WitnessUnreachable) in
                throw WitnessUnreachable("nobody listens at \(url)")
            })
        let visit = try await client.visit(log.note(50), knownSize: 0) {
            log.proof(from: $0, to: 50)
        }
        #expect(
            visit.outcome
                == .failed(reason: "nobody listens at https://w.example/add-checkpoint"))
    }
}

extension WitnessSubmission.Outcome {
    var isCosigned: Bool { if case .cosigned = self { true } else { false } }
}

/// The desk as a witness beyond a network that loses nothing.
private struct DirectTransport: WitnessTransport {
    let desk: WitnessDesk

    func post(
        _ body: [UInt8], to url: String, limit: Int, timeout: Duration
    ) async throws(WitnessUnreachable) -> WitnessReply {
        let answer = await desk.addCheckpoint(body)
        return WitnessReply(
            status: answer.status, mediaType: answer.mediaType, body: answer.body)
    }
}

private struct ScriptedTransport: WitnessTransport {
    let answer: @Sendable (String) throws(WitnessUnreachable) -> WitnessReply

    func post(
        _ body: [UInt8], to url: String, limit: Int, timeout: Duration
    ) async throws(WitnessUnreachable) -> WitnessReply { try answer(url) }
}
