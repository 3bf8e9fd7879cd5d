// in-toto statements: which things (by digest) a predicate speaks of.
//
// Specification: in-toto Attestation Framework, Statement v1.
//   {"_type":"https://in-toto.io/Statement/v1","predicate":{…},"predicateType":URI,
//    "subject":[{"digest":{"sha256":hex},"name":text}]}
// We write RFC 8785 bytes and never re-serialise what somebody else signed.
//
// Example: the body {"_type":"https://in-toto.io/Statement/v1"} has 43 bytes; its DSSE encoding has
// SHA-256 57dd565335c70baa2e9fc48a46e80907434e3c6ea2342ef806dad983891349cd.

package import CanonicalJSON
package import Cryptography

/// What is said, and about what; signed or not.
package struct Statement: Sendable, Hashable {
    /// One thing that is spoken of.
    package struct Subject: Sendable, Hashable {
        /// For people; identity is the digest.
        package let name: String
        /// Algorithm to lowercase hexadecimal digest.
        package let digests: [String: String]

        package init(name: String, digests: [String: String]) {
            self.name = name
            self.digests = digests
        }

        package init(name: String, sha256: SHA256Digest) {
            self.init(name: name, digests: ["sha256": sha256.hex])
        }

        /// The SHA-256 digest, when there is a well-formed one.
        package var sha256: SHA256Digest? { digests["sha256"].flatMap(SHA256Digest.init(hex:)) }
    }

    /// The payload type of every envelope around a statement.
    package static let payloadType = "application/vnd.in-toto+json"
    /// The "_type" of version 1.
    package static let type = "https://in-toto.io/Statement/v1"
    /// The "_type" that other people's statements had before.
    static let formerType = "https://in-toto.io/Statement/v0.1"

    /// The things spoken of.
    package let subjects: [Subject]
    /// The URI that says how to read the predicate.
    package let predicateType: String
    /// What is said.
    package let predicate: JSON

    package init(subjects: [Subject], predicateType: String, predicate: JSON) {
        self.subjects = subjects
        self.predicateType = predicateType
        self.predicate = predicate
    }

    /// The RFC 8785 bytes of the statement: what we sign.
    package var payload: [UInt8] {
        let value: JSON = [
            "_type": .string(Self.type),
            "predicate": predicate,
            "predicateType": .string(predicateType),
            "subject": .array(
                subjects.map { subject in
                    [
                        "name": .string(subject.name),
                        "digest": .object(subject.digests.mapValues(JSON.string)),
                    ]
                }),
        ]
        return value.canonicalBytes
    }

    /// Signs the statement with every key, in their order.
    package func sign(with keys: [PrivateKey]) throws(CryptographyError) -> Envelope {
        try Envelope.sign(payload, type: Self.payloadType, with: keys)
    }
}

extension Statement {
    /// Reads a payload strictly: unknown members, also of subjects, are refused.
    package init(
        parsing payload: [UInt8], limits: AttestationLimits = .default
    ) throws(AttestationError) {
        try self.init(parsing: payload, limits: limits, openSubjects: false)
    }

    /// Reads somebody else's statement: also of version 0.1, subjects as open as in-toto allows.
    package init(
        foreign payload: [UInt8], limits: AttestationLimits = .default
    ) throws(AttestationError) {
        try self.init(
            parsing: payload, limits: limits, openSubjects: true,
            types: [Self.type, Self.formerType])
    }

    /// `openSubjects`: subjects may have more members (uri, annotations …), as in-toto allows.
    init(
        parsing payload: [UInt8], limits: AttestationLimits, openSubjects: Bool,
        types: Set<String> = [type]
    ) throws(AttestationError) {
        let reader = try MemberReader(
            parseJSON(payload, "statement", limits), "statement",
            allowing: ["_type", "subject", "predicateType", "predicate"])
        guard types.contains(try reader.string("_type")) else {
            throw AttestationError(.malformed, "The payload is no in-toto Statement v1.")
        }
        predicateType = try reader.string("predicateType")
        predicate = try reader.value("predicate")
        guard predicate.object != nil else {
            throw AttestationError(.malformed, "The statement's predicate is not an object.")
        }
        var subjects: [Subject] = []
        for element in try reader.array("subject", atMost: limits.subjects) {
            subjects.append(try Self.subject(element, open: openSubjects))
        }
        guard !subjects.isEmpty else {
            throw AttestationError(.malformed, "The statement has no subject.")
        }
        self.subjects = subjects
    }

    private static func subject(
        _ json: JSON, open: Bool
    ) throws(AttestationError) -> Subject {
        let reader = try MemberReader(json, "subject", allowing: open ? nil : ["name", "digest"])
        guard let members = try reader.value("digest").object, !members.isEmpty else {
            throw AttestationError(.malformed, "A subject's digest is no object with a member.")
        }
        var digests: [String: String] = [:]
        for (algorithm, value) in members {
            guard let hex = value.string, !hex.isEmpty, hex.utf8.count <= 256,
                hex.utf8.allSatisfy(isLowercaseHex)
            else {
                throw AttestationError(.malformed, "A subject's digest is not lowercase hex.")
            }
            digests[algorithm] = hex
        }
        let name = try open && reader.isNullOrAbsent("name") ? "" : reader.string("name")
        return Subject(name: name, digests: digests)
    }
}

/// Whether this byte is one of 0–9, a–f.
func isLowercaseHex(_ byte: UInt8) -> Bool {
    (0x30...0x39).contains(byte) || (0x61...0x66).contains(byte)
}
