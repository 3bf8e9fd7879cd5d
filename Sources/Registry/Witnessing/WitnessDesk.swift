// A witness at work: takes bodies of add-checkpoint, answers, and says to the operator what it refused.

internal import Governance
package import Logging
package import TransparencyLog

/// What a witness wants to know of a tree before it cosigns, beyond the protocol.
package protocol WitnessAuditor: Sendable {
    /// Examines a tree that the log signed and that extends what was cosigned last.
    ///
    /// - Returns: everything that speaks against it; empty when nothing does.
    /// - Throws: when it could not be examined; it is not cosigned then, and may be sent again.
    func examine(_ checkpoint: Checkpoint) async throws -> [String]
}

/// Answers requests for all logs of one witness.
package final class WitnessDesk: Sendable {
    /// The witness's verifier key.
    package let key: VerifierKey
    /// How many logs it knows.
    package var logCount: Int { seats.count }
    private let folder: WitnessFolder
    private let seats: [String: WitnessSeat]
    private let auditors: [String: any WitnessAuditor]
    private let clock: Clock
    private let logger: Logger

    /// Opens the logs of a folder.
    ///
    /// - Parameters:
    ///   - folder: held as long as this value lives.
    ///   - edition: which text of the specification decides the status of a fork.
    ///   - auditors: who examines trees first, by origin.
    ///   - clock: the time that cosignatures state.
    ///   - logger: told of every refusal.
    /// - Throws: when what a log's cosigned last is not whole.
    package init(
        folder: WitnessFolder, edition: WitnessAnswer.Edition = .release,
        auditors: [String: any WitnessAuditor] = [:], clock: @escaping Clock, logger: Logger
    ) throws {
        self.folder = folder
        key = folder.cosigner.verifierKey
        let logs = try folder.logs()
        seats = Dictionary(
            uniqueKeysWithValues: logs.map {
                (
                    WitnessFolder.id(ofOrigin: $0.log.origin),
                    WitnessSeat($0, folder: folder, edition: edition)
                )
            })
        self.auditors = Dictionary(
            uniqueKeysWithValues: auditors.map { (WitnessFolder.id(ofOrigin: $0), $1) })
        for origin in auditors.keys where seats[WitnessFolder.id(ofOrigin: origin)] == nil {
            throw WitnessFolderError(
                "the log \(origin) is to be audited, but is not known",
                hint: "Add it with `imprimatur witness add-log`.")
        }
        self.clock = clock
        self.logger = logger
    }

    /// Answers the body of an add-checkpoint.
    package func addCheckpoint(_ body: [UInt8]) async -> WitnessAnswer {
        let request: AddCheckpointRequest
        do {
            request = try AddCheckpointRequest(parsing: body)
        } catch {
            return noted(WitnessAnswer(error), origin: nil, size: nil)
        }
        let origin = request.checkpoint.origin
        let answer = await answer(request, id: WitnessFolder.id(ofOrigin: origin))
        return noted(answer, origin: origin, size: request.checkpoint.size)
    }

    private func answer(_ request: AddCheckpointRequest, id: String) async -> WitnessAnswer {
        guard let seat = seats[id] else { return .unknownLog }
        // Nobody but the log itself can make the auditor work.
        if let auditor = auditors[id], case .cosign = await seat.preview(request) {
            do {
                let reasons = try await auditor.examine(request.checkpoint)
                guard reasons.isEmpty else {
                    return .unwilling(reason: reasons.joined(separator: "; "))
                }
            } catch {
                return .unable(reason: "the tree could not be examined: \(error)")
            }
        }
        return await seat.answer(request, at: clock().milliseconds / 1000)
    }

    /// The checkpoint cosigned last for the log whose origin hashes to `id`; nil for none.
    package func latest(_ id: String) async -> [UInt8]? { await seats[id]?.note }

    private func noted(_ answer: WitnessAnswer, origin: String?, size: Int64?) -> WitnessAnswer {
        let metadata: Logger.Metadata = [
            "origin": "\(origin ?? "")", "size": "\(size ?? -1)", "status": "\(answer.status)",
            "answer": "\(String(decoding: answer.body.dropLast().prefix(500), as: UTF8.self))",
        ]
        switch answer {
        case .cosigned, .stale: logger.debug("answered", metadata: metadata)
        case .forked, .notConsistent, .unwilling:
            logger.error("not cosigned: look at this log", metadata: metadata)
        case .unable: logger.error("not cosigned", metadata: metadata)
        case .malformed, .notSigned, .unknownLog: logger.info("not cosigned", metadata: metadata)
        }
        return answer
    }
}
