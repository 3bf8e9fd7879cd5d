// A witness for tests, in a folder of its own.

import Foundation
import Governance
import Logging
import TestSupport
import Testing
import TransparencyLog

@testable import Registry

/// A witness's folder that goes with this value.
final class ScratchWitness: Sendable {
    let path: String

    init() throws {
        path = NSTemporaryDirectory() + "imprimatur-witness-" + UUID().uuidString
        _ = try WitnessFolder.create(path, name: #require(KeyName("witness.example/w1")))
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    func add(_ log: GrowingLog) throws { _ = try WitnessFolder(opening: path).add(log.log) }

    func id(_ log: GrowingLog) -> String { WitnessFolder.id(ofOrigin: log.origin) }

    func open(
        edition: WitnessAnswer.Edition = .release,
        auditors: [String: any WitnessAuditor] = [:],
        clock: @escaping Clock = { Timestamp(milliseconds: 1_800_000_000_000) }
    ) throws -> WitnessDesk {
        try WitnessDesk(
            folder: WitnessFolder(opening: path), edition: edition, auditors: auditors,
            clock: clock, logger: Logger(label: "witness") { _ in SwiftLogNoOpLogHandler() })
    }

    /// Posts a request and verifies the cosignature that comes back over its checkpoint.
    func expectCosigned(
        _ desk: WitnessDesk, _ body: [UInt8], _ location: SourceLocation = #_sourceLocation
    ) async throws {
        let answer = await desk.addCheckpoint(body)
        guard case .cosigned(let lines) = answer else {
            Issue.record("\(answer)", sourceLocation: location)
            return
        }
        var note = try AddCheckpointRequest(parsing: body).note
        for line in lines { try note.append(line) }
        let verified = note.open(with: [desk.key]).note?.verified
        #expect(verified?.map(\.key) == [desk.key], sourceLocation: location)
    }
}
