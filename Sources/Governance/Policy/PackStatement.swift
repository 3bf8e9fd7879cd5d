// The signed statement that a policy pack is to be followed, and what it is to follow.
//
// An in-toto statement of type https://imprimatur.dev/predicate/policy-pack/v1 whose subjects are the
// pack's files, {"name":PATH,"digest":{"sha256":…}} in byte order of the paths, and whose predicate is
//
//     {"origin":"example.com/log","name":"baseline","version":2,"digest":DIGEST,"predecessor":DIGEST}
//
// signed by as many custodians as the trust root's threshold says. `digest` is the pack's, `predecessor`
// that of the pack in force before, null for the first pack of a log. A pack comes into force only after
// its predecessor and with a higher version: so no pack that was replaced can be brought back by what
// was signed for it once.

package import Attestation
package import CanonicalJSON
package import Cryptography

/// Says which pack is to be followed.
package struct PackStatement: Sendable, Hashable {
    /// The predicate type.
    package static let predicateType = "https://imprimatur.dev/predicate/policy-pack/v1"

    /// The log that the statement is for.
    package let origin: String
    package let name: String
    package let version: Int64
    /// Digest of the pack.
    package let digest: SHA256Digest
    /// Digest of the pack in force before; nil for the first.
    package let predecessor: SHA256Digest?
    /// Digests of the files, by path.
    package let files: [String: SHA256Digest]

    /// The statement over a pack made of these files.
    package init(
        _ pack: PolicyPack, files: [PackFile], origin: String, predecessor: SHA256Digest?
    ) {
        self.origin = origin
        self.predecessor = predecessor
        name = pack.name
        version = pack.version
        digest = pack.digest
        self.files = Dictionary(files.map { ($0.path, SHA256.hash($0.bytes)) }) { first, _ in first
        }
    }

    /// The statement to sign.
    package var statement: Statement {
        Statement(
            subjects: files.sorted { bytesPrecede($0.key, $1.key) }.map {
                .init(name: $0.key, sha256: $0.value)
            },
            predicateType: Self.predicateType,
            predicate: [
                "origin": .string(origin), "name": .string(name), "version": .integer(version),
                "digest": .hex(digest), "predecessor": predecessor.map(JSON.hex) ?? .null,
            ])
    }

    /// Reads a statement; throws every finding.
    package init(reading statement: Statement) throws(JSONFindings) {
        let json: JSON = [
            "predicateType": .string(statement.predicateType), "predicate": statement.predicate,
        ]
        var files: [String: SHA256Digest] = [:]
        for subject in statement.subjects {
            if subject.digests.count == 1 { files[subject.name] = subject.sha256 }
        }
        let wellFormed = files.count == statement.subjects.count
        self = try JSONReader.decode(json) { reader in
            reader.constant("predicateType", Self.predicateType)
            let read = reader.object("predicate") { Self(predicate: $0, files: files) }
            if !wellFormed {
                reader.refuse(
                    JSONFinding.Code.value, "Each subject is a file with one SHA-256 digest.")
            }
            return read
        }
    }

    private init?(predicate reader: JSONReader, files: [String: SHA256Digest]) {
        origin = reader.origin()
        name = reader.string("name", length: 1...63)
        version = reader.integer("version", in: 1...999_999_999)
        let digest = reader.digest("digest")
        predecessor = reader.nullableDigest("predecessor")
        self.files = files
        guard let digest else { return nil }
        self.digest = digest
    }

    /// What speaks against this being the statement over a pack of these files, for this log.
    package func problems(
        with pack: PolicyPack, files: [PackFile], origin: String
    ) -> [String] {
        let expected = Self(pack, files: files, origin: origin, predecessor: predecessor)
        var problems: [String] = []
        if self.origin != origin { problems.append("it is for the log \(self.origin)") }
        if name != expected.name || version != expected.version {
            problems.append("it is over \(name) version \(version)")
        }
        if digest != expected.digest || self.files != expected.files {
            problems.append("it is over other files")
        }
        return problems
    }

    /// What speaks against following this pack after the one in force; nil for none in force.
    package func problems(
        after current: (name: String, version: Int64, digest: SHA256Digest)?
    ) -> [String] {
        guard let current else {
            return predecessor == nil ? [] : ["it names a predecessor, and no pack is in force"]
        }
        var problems: [String] = []
        if predecessor != current.digest {
            problems.append(
                "its predecessor is \(predecessor?.hex ?? "none"), in force is \(current.digest)")
        }
        if name != current.name { problems.append("the pack in force is called \(current.name)") }
        if version <= current.version {
            problems.append("its version is \(version), in force is version \(current.version)")
        }
        return problems
    }
}
