// Witness policies: which logs are accepted, and whose cosignatures suffice (c2sp.org/tlog-policy).
//
// A file of octets 0x09, 0x0A, 0x20 … 0x7E, 0x80 … 0xFF, in lines ended by LF; items are separated by
// spaces and tabs; blank lines and lines beginning with "#" are ignored. The others are
//
//     log <vkey> [<url>]                     a log whose checkpoints are accepted; its origin is the
//                                            name in the vkey
//     witness <name> <vkey> [<url>]          a cosigner
//     group <name> all|any|<k> <member>…     holds when at least k of its members hold (any: 1,
//                                            all: every one); 1 ≤ k ≤ number of members
//     quorum <name>|none                     exactly one: what must hold
//
// A group and the quorum refer only to names of lines above. Witnesses and groups share one set of
// names; each name is defined once, and is a member at most once in the whole file, so that a witness
// can count in one way only. "none" is no name. The same public key twice among the logs, or twice
// among the witnesses, is an error even under different names or IDs. Names are opaque octets.
//
// A log's key is of type 0x01, 0x02 or 0x06, a witness's of type 0x04 or 0x06. Keys of type 0x06
// (ML-DSA-44) cannot be checked here: they are accepted in the file and never satisfy anything.
//
// Worked example: "witness w1 <vkey>⏎witness w2 <vkey>⏎group both all w1 w2⏎quorum both⏎" holds for a
// checkpoint with valid cosignatures of w1 and w2, and for no other.

/// Whose signatures make a checkpoint acceptable.
package struct WitnessPolicy: Sendable, Hashable {
    /// A name of a witness or group: octets without meaning outside of the policy.
    package struct Name: Sendable, Hashable, CustomStringConvertible {
        package let octets: [UInt8]

        init(_ octets: some Sequence<UInt8>) { self.octets = Array(octets) }

        package var description: String { String(decoding: octets, as: UTF8.self) }
    }

    /// An accepted log.
    package struct Log: Sendable, Hashable {
        package let key: VerifierKey
        package let url: String?
    }

    /// A known witness.
    package struct Witness: Sendable, Hashable {
        package let name: Name
        package let key: VerifierKey
        package let url: String?
    }

    /// A rule: at least `threshold` of the members.
    package struct Group: Sendable, Hashable {
        package let name: Name
        package let threshold: Int
        package let members: [Name]
    }

    /// The accepted logs; may be empty when the caller knows the log.
    package private(set) var logs: [Log] = []
    /// The witnesses, in the order of the file.
    package private(set) var witnesses: [Witness] = []
    /// The groups, each after its members.
    package private(set) var groups: [Group] = []
    /// The witness or group that must hold; nil for `quorum none`.
    package private(set) var quorum: Name?

    /// The policy that asks for no witness: `quorum none`.
    package static let noWitnesses = WitnessPolicy()

    private init() {}

    /// The keys of the accepted logs.
    package var logKeys: [VerifierKey] { logs.map(\.key) }

    /// The keys of the witnesses.
    package var witnessKeys: [VerifierKey] { witnesses.map(\.key) }

    /// Reads a policy file.
    ///
    /// Throws every line that is wrong.
    package init(parsing bytes: [UInt8]) throws(WitnessPolicyError) {
        guard bytes.count <= LogLimits.policyBytes else {
            throw WitnessPolicyError(findings: [
                .init(line: 0, reason: "the policy has more than \(LogLimits.policyBytes) bytes")
            ])
        }
        var reader = WitnessPolicyReader()
        let lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        if let last = lines.last, !last.isEmpty {
            reader.refuse(lines.count, "does not end in LF")
        }
        for (position, line) in lines.enumerated() { reader.read(line, number: position + 1) }
        self = try reader.finish()
    }

    /// A policy from lines that were all found to be right.
    init(logs: [Log], witnesses: [Witness], groups: [Group], quorum: Name?) {
        self.logs = logs
        self.witnesses = witnesses
        self.groups = groups
        self.quorum = quorum
    }
}

/// What is wrong with a policy file, line by line.
package struct WitnessPolicyError: Error, Sendable, Hashable, CustomStringConvertible {
    /// One wrong line; line 0 is the file as a whole.
    package struct Finding: Sendable, Hashable {
        package let line: Int
        package let reason: String

        package init(line: Int, reason: String) {
            self.line = line
            self.reason = reason
        }
    }

    /// The wrong lines in order.
    package let findings: [Finding]

    package init(findings: [Finding]) {
        self.findings = findings
    }

    package var description: String {
        findings.map { "line \($0.line): \($0.reason)" }.joined(separator: "; ")
    }
}

/// The answer to "do these signatures satisfy the policy?".
package struct WitnessPolicyVerdict: Sendable, Hashable {
    /// The witnesses whose cosignatures count.
    package let cosigned: [WitnessPolicy.Name]
    /// What is missing, outermost rule first; empty when the policy is satisfied.
    package let reasons: [String]

    /// True when the quorum is met.
    package var isSatisfied: Bool { reasons.isEmpty }
}

extension WitnessPolicy {
    /// Whether the cosignatures of this note meet the quorum.
    package func isSatisfied(by note: VerifiedNote) -> Bool { evaluate(note).isSatisfied }

    /// Whether the cosignatures of this note meet the quorum, and if not, what is missing.
    ///
    /// The note must have been opened with `witnessKeys` among its keys.
    package func evaluate(_ note: VerifiedNote) -> WitnessPolicyVerdict {
        // A witness never cosigns at time 0 (tlog-witness.md), so such a line is no observation.
        let keys = Set(note.verified.filter { ($0.timestampSeconds ?? 0) > 0 }.map(\.key))
        let cosigned = witnesses.filter { keys.contains($0.key) }.map(\.name)
        guard let quorum else { return WitnessPolicyVerdict(cosigned: cosigned, reasons: []) }

        var holds = Set(cosigned)
        // Members stand above their group, so one pass in order decides every group.
        for group in groups where group.members.count(where: holds.contains) >= group.threshold {
            holds.insert(group.name)
        }
        guard !holds.contains(quorum) else {
            return WitnessPolicyVerdict(cosigned: cosigned, reasons: [])
        }
        return WitnessPolicyVerdict(cosigned: cosigned, reasons: missing(quorum, holds: holds))
    }

    /// Why this name does not hold: the rule, then what fails inside it.
    private func missing(_ name: Name, holds: Set<Name>) -> [String] {
        guard let group = groups.first(where: { $0.name == name }) else {
            let known = witnesses.first { $0.name == name }
            return known?.key.publicKey == nil
                ? ["witness \(name) has a key of a type that cannot be checked"]
                : ["witness \(name) has not cosigned"]
        }
        let present = group.members.count(where: holds.contains)
        let rule = "group \(name) has \(present) of the \(group.threshold) members it needs"
        return [rule]
            + group.members.filter { !holds.contains($0) }.flatMap { missing($0, holds: holds) }
    }
}
