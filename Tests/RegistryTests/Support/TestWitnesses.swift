// Witnesses in this process, which decide as real ones do: what lies between them and the log is a dictionary.

import Cryptography
import Registry
import Synchronization
import TransparencyLog

/// Some witnesses, and the way to them.
final class TestWitnesses: WitnessTransport {
    /// Whom services that are opened now ask; nil for nobody.
    @TaskLocal static var current: TestWitnesses?

    /// A witness by its address.
    struct Member: Sendable {
        let url: String
        let cosigner: Cosigner
    }

    private struct State {
        var log: WitnessedLog?
        var seen: [String: WitnessState] = [:]
        var away: Set<String> = []
    }

    let members: [Member]
    private let state = Mutex(State())

    init(_ hosts: [String]) throws {
        members = try hosts.map { host in
            guard let name = KeyName(host) else { throw TestFailure("name") }
            return Member(
                url: "https://\(host)",
                cosigner: try Cosigner(name: name, key: PrivateKey.generate(.ed25519)))
        }
    }

    /// Which log they cosign for.
    func know(_ log: WitnessedLog) { state.withLock { $0.log = log } }

    /// Whether one of them answers.
    func set(away: Bool, _ number: Int) {
        let url = members[number].url
        state.withLock { state in
            if away { state.away.insert(url) } else { state.away.remove(url) }
        }
    }

    /// What one of them has cosigned last.
    func seen(_ number: Int) -> WitnessState {
        state.withLock { $0.seen[members[number].url] ?? .initial }
    }

    /// Makes one of them have cosigned something else.
    func see(_ seen: WitnessState, _ number: Int) {
        state.withLock { $0.seen[members[number].url] = seen }
    }

    /// The lines of a policy that name them, and a group of all under a threshold.
    func policy(threshold: Int, _ more: String...) -> String {
        var lines = more
        for (number, member) in members.enumerated() {
            lines.append("witness w\(number) \(member.cosigner.verifierKey.text) \(member.url)")
        }
        let names = members.indices.map { "w\($0)" }.joined(separator: " ")
        return (lines + ["group g \(threshold) \(names)", "quorum g", ""]).joined(separator: "\n")
    }

    func post(
        _ body: [UInt8], to url: String, limit: Int, timeout: Duration
    ) async throws(WitnessUnreachable) -> WitnessReply {
        guard let member = members.first(where: { url == $0.url + "/add-checkpoint" }) else {
            throw WitnessUnreachable("nobody listens there")
        }
        let answer = state.withLock { state -> WitnessAnswer? in
            guard !state.away.contains(member.url) else { return nil }
            return Self.answer(body, member, &state)
        }
        guard let answer else { throw WitnessUnreachable("it did not answer in time") }
        return WitnessReply(
            status: answer.status, mediaType: answer.mediaType, body: answer.body)
    }

    private static func answer(
        _ body: [UInt8], _ member: Member, _ state: inout State
    ) -> WitnessAnswer {
        let request: AddCheckpointRequest
        do throws(AddCheckpointError) {
            request = try AddCheckpointRequest(parsing: body)
        } catch {
            return WitnessAnswer(error)
        }
        let decision = WitnessDecision.decide(
            request, log: state.log, latest: state.seen[member.url] ?? .initial)
        switch decision {
        case .answer(let answer): return answer
        case .cosign(let verified):
            state.seen[member.url] = WitnessState(verified.checkpoint)
            guard
                let line = try? member.cosigner.cosign(
                    request.note.text, timestampSeconds: 1_800_000_000)
            else { return .unable(reason: "no key") }
            return .cosigned([line])
        }
    }
}
