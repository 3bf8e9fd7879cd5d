// What the trust root says about witnesses: whose cosignatures are needed, whose they are, and what
// happens without them.
//
// The root's `witnessPolicy` is a C2SP tlog-policy (WitnessPolicy.swift). Three things that such a
// policy has no word for stand in its comments, one a line, so that every other reader skips them:
//
//     #operator <witness> <words>    who runs the witness; without it, the host of its address
//     #operator log <words>          who runs the log
//     #operators <k>                 so many different operators must have cosigned, besides the quorum
//     #on-failure open|closed        without enough cosignatures receipts are released all the same
//                                    (open, unless said otherwise) or held back; writes always go on
//
// Witnesses of one operator count as one. A witness of the log's own operator, or on a host that is
// this machine, is `self-witnessed`: it counts for the quorum, as the policy says, and for no operator.
//
// Example: "witness a <vkey> https://a.example⏎#operator a University of X⏎#operators 1⏎quorum a⏎".

internal import Glibc
package import TransparencyLog

/// The witnesses of a log, as its trust root has them.
package struct WitnessRules: Sendable {
    package let policy: WitnessPolicy
    /// Different operators that must have cosigned.
    package let operatorsNeeded: Int
    /// Whether receipts are held back until enough witnesses have cosigned.
    package let isClosed: Bool
    private let operators: [String: String]
    private let ownHosts: Set<String>

    /// Reads the policy of a trust root; empty asks for no witness.
    package init(_ text: String) throws(WitnessPolicyError) {
        policy = text.isEmpty ? .noWitnesses : try WitnessPolicy(parsing: Array(text.utf8))
        var operators: [String: String] = [:]
        var needed = 0
        var isClosed = false
        for (number, line) in text.split(separator: "\n", omittingEmptySubsequences: false)
            .enumerated()
        {
            let words = line.split(separator: " ").map(String.init)
            func refuse(_ reason: String) -> WitnessPolicyError {
                WitnessPolicyError(findings: [.init(line: number + 1, reason: reason)])
            }
            switch words.first {
            case "#operator":
                guard words.count >= 3 else { throw refuse("#operator needs a name and words") }
                operators[words[1]] = words.dropFirst(2).joined(separator: " ")
            case "#operators":
                guard words.count == 2, let count = Int(words[1]), (0...100).contains(count) else {
                    throw refuse("#operators needs a number")
                }
                needed = count
            case "#on-failure":
                guard words.count == 2, ["open", "closed"].contains(words[1]) else {
                    throw refuse("#on-failure is open or closed")
                }
                isClosed = words[1] == "closed"
            default: break
            }
        }
        self.operators = operators
        self.isClosed = isClosed
        operatorsNeeded = needed
        ownHosts = Self.hosts
    }

    /// Whether there is anybody to ask.
    package var isEmpty: Bool { policy.witnesses.allSatisfy { $0.url == nil } }

    /// What the cosignatures on a checkpoint are worth.
    package struct Verdict: Sendable, Hashable {
        /// Names of the witnesses whose cosignatures hold.
        package var cosigned: [String] = []
        /// The different operators among them, the log's own left out.
        package var operators: [String] = []
        /// Those of the log's operator or on this machine.
        package var selfWitnessed: [String] = []
        /// What is missing; empty when it suffices.
        package var reasons: [String] = []

        package var isSatisfied: Bool { reasons.isEmpty }
    }

    /// Judges a checkpoint with the cosignatures on it.
    package func judge(_ note: SignedNote, logKeys: [VerifierKey]) -> Verdict {
        var verdict = Verdict()
        guard let opened = note.open(with: logKeys + policy.witnessKeys).note else {
            verdict.reasons = ["the note does not hold"]
            return verdict
        }
        let judged = policy.evaluate(opened)
        verdict.cosigned = judged.cosigned.map(\.description)
        verdict.reasons = judged.reasons
        var found: Set<String> = []
        for witness in policy.witnesses where judged.cosigned.contains(witness.name) {
            if isOwn(witness) {
                verdict.selfWitnessed.append(witness.name.description)
            } else {
                found.insert(self.operator(of: witness))
            }
        }
        verdict.operators = found.sorted()
        if found.count < operatorsNeeded {
            verdict.reasons.append(
                "\(found.count) of \(operatorsNeeded) operators have cosigned"
                    + (verdict.selfWitnessed.isEmpty
                        ? "" : "; self-witnessed: \(verdict.selfWitnessed.joined(separator: ", "))")
            )
        }
        return verdict
    }

    private func `operator`(of witness: WitnessPolicy.Witness) -> String {
        operators[witness.name.description] ?? witness.url.flatMap(Self.host)
            ?? witness.name.description
    }

    private func isOwn(_ witness: WitnessPolicy.Witness) -> Bool {
        if let own = operators["log"], self.operator(of: witness) == own { return true }
        return witness.url.flatMap(Self.host).map(ownHosts.contains) ?? false
    }

    /// The host in a URL, in lower case.
    static func host(_ url: String) -> String? {
        guard let start = url.firstRange(of: "://")?.upperBound else { return nil }
        let authority = url[start...].prefix { $0 != "/" }.split(separator: "@").last ?? ""
        if authority.hasPrefix("[") {
            return String(authority.dropFirst().prefix { $0 != "]" }).lowercased()
        }
        return String(authority.prefix { $0 != ":" }).lowercased()
    }

    /// Names of this machine.
    private static var hosts: Set<String> {
        var buffer = [CChar](repeating: 0, count: 256)
        var hosts: Set<String> = ["localhost", "::1"]
        if gethostname(&buffer, buffer.count - 1) == 0 {
            let bytes = buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
            hosts.insert(String(decoding: bytes, as: UTF8.self).lowercased())
        }
        hosts.formUnion((1...8).map { "127.0.0.\($0)" })
        return hosts
    }
}
