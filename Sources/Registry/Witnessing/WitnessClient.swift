// Takes a checkpoint to one witness: proves from the size that the witness has, as often as it names
// another one, and believes only a cosignature that it has verified (WitnessSubmission.swift).

package import TransparencyLog

/// One witness, as the log that asks it knows it.
package struct WitnessClient: Sendable {
    /// Its name in the policy.
    package let name: String
    /// Its submission prefix.
    package let url: String
    /// Its keys, type 0x04.
    package let keys: [VerifierKey]
    private let transport: any WitnessTransport
    private let timeout: Duration

    /// A witness under its submission prefix; `timeout` is for each request.
    package init(
        name: String, url: String, keys: [VerifierKey], transport: any WitnessTransport,
        timeout: Duration = .seconds(5)
    ) {
        self.name = name
        var url = url
        while url.hasSuffix("/") { url.removeLast() }
        self.url = url
        self.keys = keys
        self.transport = transport
        self.timeout = timeout
    }

    /// What came of a visit.
    package struct Visit: Sendable, Hashable {
        /// How it ended; never `proveFrom`.
        package let outcome: WitnessSubmission.Outcome
        /// The size that the witness has cosigned last, as far as the visit has shown; nil when it has
        /// not. The next visit claims it first.
        package let size: Int64?
        /// How many requests were sent.
        package let requests: Int
    }

    /// Asks for cosignatures on a checkpoint.
    ///
    /// - Parameters:
    ///   - note: the checkpoint as the log signed it.
    ///   - size: what the witness is thought to have cosigned last; 0 when nothing is known.
    ///   - proof: makes the consistency proof from a size, at most the checkpoint's, to the
    ///     checkpoint's; empty from 0 and between equal sizes.
    /// - Throws: what `proof` throws, and when the note is no checkpoint.
    package func visit(
        _ note: SignedNote, knownSize size: Int64,
        proof: (_ oldSize: Int64) async throws -> ConsistencyProof
    ) async throws -> Visit {
        let submission = try WitnessSubmission(note: note, witnessKeys: keys)
        let newSize = submission.checkpoint.size
        // What is larger than our tree cannot be claimed; the witness will name its size anew.
        var claimed = size <= newSize ? size : 0
        var known: Int64?
        for request in 1...WitnessSubmission.tries {
            let body = try submission.request(try await proof(claimed)).bytes
            let reply: WitnessReply
            do {
                reply = try await transport.post(
                    body, to: url + "/add-checkpoint", limit: LogLimits.witnessAnswerBytes,
                    timeout: timeout)
            } catch {
                return Visit(
                    outcome: .failed(reason: error.description), size: known, requests: request)
            }
            let outcome = submission.interpret(
                status: reply.status, mediaType: reply.mediaType, body: reply.body,
                oldSize: claimed)
            switch outcome {
            case .proveFrom(let size): (claimed, known) = (size, size)
            case .cosigned: return Visit(outcome: outcome, size: newSize, requests: request)
            case .ahead(let size): return Visit(outcome: outcome, size: size, requests: request)
            case .contradicted, .refused, .failed:
                return Visit(outcome: outcome, size: known, requests: request)
            }
        }
        return Visit(
            outcome: .failed(
                reason: "the witness named another size \(WitnessSubmission.tries) times"),
            size: known, requests: WitnessSubmission.tries)
    }
}
