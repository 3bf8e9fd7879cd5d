// What a gate answered, for the commands that want a permit of it: deploy, permit run, permit renew.
//
// Nothing is believed for being said by the service: a decision is read, its receipt and its permit are
// verified here, and every error on the way is "could not decide", never a yes and never a no.

internal import ArgumentParser
internal import Attestation
internal import CanonicalJSON
internal import Cryptography
internal import Governance
internal import OfflineCommands

/// An answer that holds a decision.
struct GateReply {
    /// The whole answer.
    let document: JSON
    let decision: JSON
    let verdict: Verdict
    private let key: String
    private let reply: Reply

    /// Asks. A refused request is no decision: whatever its status, nobody may take it for a no either.
    static func ask(
        _ client: ServiceClient, _ address: String, _ body: JSON, key: String
    ) async throws -> GateReply {
        do {
            return try GateReply(try await client.post(address, body, key: key), key)
        } catch var error as CommandError {
            error.code = .undecided
            throw error
        }
    }

    private init(_ reply: Reply, _ key: String) throws {
        document = try reply.json()
        guard let decision = document["decision"],
            let verdict = decision["verdict"]?.string.flatMap(Verdict.init(rawValue:))
        else { throw CommandError("The service's answer holds no decision.") }
        self.decision = decision
        self.verdict = verdict
        self.key = key
        self.reply = reply
    }

    /// Goes on only with a receipt that holds; without one yet the answer is 75.
    func requireReceipt(under trust: TrustRoot) throws {
        let answer = try WriteAnswer(reply)
        try answer.verifyReceipt(under: trust)
        guard answer.receipt == nil else { return }
        Console.warning("allowed, but the receipt is still to come: this is not yet a yes")
        Console.hint("Ask again with --idempotency-key \(key)")
        throw ExitCode.pending
    }

    /// Goes on only if the entry about the question is signed by the service and names this very answer.
    func requireRecord(under trust: TrustRoot) throws {
        let answer = try WriteAnswer(reply)
        guard let signed = try? SignedEntry(parsing: answer.entryBytes),
            let entry = try? Entry(parsing: signed.payload), entry.origin == trust.origin,
            let key = trust.serviceKey(signed.keyID, at: entry.time), signed.isSigned(by: key),
            case .gateAsked(let asked) = entry.event, asked.verdict == verdict,
            asked.decision == SHA256.hash(decision.canonicalBytes)
        else {
            throw CommandError(
                "What the service recorded of the question is not this answer: this is not a yes.",
                hint: "Is the pinned trust root the right one? Tell the auditors.")
        }
    }

    /// A permit that this program has checked itself.
    struct VerifiedPermit {
        let bytes: [UInt8]
        let permit: Permit
        /// Its entry's place in the log.
        let index: Int64?
    }

    /// The permit in the answer, if it holds for what is expected.
    func permit(
        _ expectation: PermitExpectation, under trust: TrustRoot
    ) throws -> VerifiedPermit {
        guard let json = document["permit"], !json.isNull else {
            throw CommandError("The service allowed, but gave no permit: this is not a yes.")
        }
        let bytes = json.canonicalBytes
        let check = PermitCheck(
            try SigstoreBundle(parsing: bytes), receipts: try ReceiptCheck(root: trust),
            expecting: expectation, now: SystemClock.now())
        guard check.isValid, let permit = check.claimed else {
            throw CommandError(
                "The permit that the service gave does not hold: this is not a yes.",
                findings: check.findings.map(\.message),
                hint: "Is the pinned trust root the right one? Tell the auditors.")
        }
        if trust.development { Console.warning("made under a development root") }
        return VerifiedPermit(bytes: bytes, permit: permit, index: check.index)
    }
}
