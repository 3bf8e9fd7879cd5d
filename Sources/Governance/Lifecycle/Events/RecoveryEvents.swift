// How a log that lost its end begins anew, and what it takes over: only what restricts.

package import CanonicalJSON
package import Cryptography

/// The log takes the place of another that cannot go on; its custodians signed that.
package struct LogRecovered: EventPayload {
    package static let kind = "log.recovered"
    /// The log before, and the digest of its last trust root.
    package let formerOrigin: String
    package let formerTrustRoot: SHA256Digest
    /// The last head of it that is known outside its database.
    package let pinnedSize: Int64
    package let pinnedRoot: SHA256Digest
    /// What its database still holds.
    package let survivingSize: Int64
    package let survivingRoot: SHA256Digest
    /// The entries that are lost or in doubt: from the first, up to before the last.
    package let lostFrom: Int64
    package let lostTo: Int64
    /// Digest of the custodians' statement, and of its envelope as stored.
    package let statement: SHA256Digest
    package let document: SHA256Digest
    package let reason: String

    package init(
        formerOrigin: String, formerTrustRoot: SHA256Digest, pinnedSize: Int64,
        pinnedRoot: SHA256Digest, survivingSize: Int64, survivingRoot: SHA256Digest,
        lostFrom: Int64, lostTo: Int64, statement: SHA256Digest, document: SHA256Digest,
        reason: String
    ) {
        self.formerOrigin = formerOrigin
        self.formerTrustRoot = formerTrustRoot
        self.pinnedSize = pinnedSize
        self.pinnedRoot = pinnedRoot
        self.survivingSize = survivingSize
        self.survivingRoot = survivingRoot
        self.lostFrom = lostFrom
        self.lostTo = lostTo
        self.statement = statement
        self.document = document
        self.reason = reason
    }

    package init?(_ reader: inout EventReader) {
        guard let formerOrigin = reader.string("formerOrigin"),
            let formerTrustRoot = reader.digest("formerTrustRoot"),
            let pinnedSize = reader.count("pinnedSize"),
            let pinnedRoot = reader.digest("pinnedRoot"),
            let survivingSize = reader.count("survivingSize"),
            let survivingRoot = reader.digest("survivingRoot"),
            let lostFrom = reader.count("lostFrom"), let lostTo = reader.count("lostTo"),
            let statement = reader.digest("statement"), let document = reader.digest("document"),
            let reason = reader.string("reason"), lostFrom <= lostTo
        else { return nil }
        self.init(
            formerOrigin: formerOrigin, formerTrustRoot: formerTrustRoot, pinnedSize: pinnedSize,
            pinnedRoot: pinnedRoot, survivingSize: survivingSize, survivingRoot: survivingRoot,
            lostFrom: lostFrom, lostTo: lostTo, statement: statement, document: document,
            reason: reason)
    }

    package var members: [String: JSON] {
        [
            "formerOrigin": .string(formerOrigin), "formerTrustRoot": .digest(formerTrustRoot),
            "pinnedSize": .integer(pinnedSize), "pinnedRoot": .digest(pinnedRoot),
            "survivingSize": .integer(survivingSize), "survivingRoot": .digest(survivingRoot),
            "lostFrom": .integer(lostFrom), "lostTo": .integer(lostTo),
            "statement": .digest(statement), "document": .digest(document),
            "reason": .string(reason),
        ]
    }
}

/// What restricted a version in the former log suspends every version with the same bytes in this one.
package struct RestrictionCarried: EventPayload {
    package static let kind = "restriction.carried"
    /// The restriction's id in this log.
    package let restriction: String
    /// Which version it restricted there, and the digest of that artifact.
    package let former: VersionReference
    package let artifact: SHA256Digest
    /// What it was there, and why.
    package let formerKind: RestrictiveFold.Kind
    package let reason: String
    /// Leaf hash of the entry that says so, and its place; null while it had none.
    package let entry: SHA256Digest
    package let index: Int64?

    package init(
        restriction: String, former: VersionReference, artifact: SHA256Digest,
        formerKind: RestrictiveFold.Kind, reason: String, entry: SHA256Digest, index: Int64?
    ) {
        self.restriction = restriction
        self.former = former
        self.artifact = artifact
        self.formerKind = formerKind
        self.reason = reason
        self.entry = entry
        self.index = index
    }

    package init?(_ reader: inout EventReader) {
        guard let restriction = reader.string("restriction"),
            let former = reader.version("former"), let artifact = reader.digest("artifact"),
            let formerKind = reader.value(
                "formerKind", { $0.string.flatMap { RestrictiveFold.Kind(rawValue: $0) } }),
            let reason = reader.string("reason"), let entry = reader.digest("entry"),
            let index = reader.nullable("index", { $0.integer })
        else { return nil }
        self.init(
            restriction: restriction, former: former, artifact: artifact, formerKind: formerKind,
            reason: reason, entry: entry, index: index)
    }

    package var members: [String: JSON] {
        [
            "restriction": .string(restriction), "former": .text(former),
            "artifact": .digest(artifact), "formerKind": .string(formerKind.rawValue),
            "reason": .string(reason), "entry": .digest(entry),
            "index": index.map { .integer($0) } ?? .null,
        ]
    }

    /// What it says where it meets a version of this log.
    package var reasonHere: String {
        "\(formerKind.rawValue) of \(former) in the former log: \(reason)"
    }

    /// The id under which it suspends a version of this log: a suspension is lifted version by version.
    ///
    /// The same as in the SQL of its projection: `c-` and the first 32 hex digits of the SHA-256 of the
    /// id, a newline, and the version's name.
    package func id(for version: VersionReference) -> String {
        "c-" + SHA256.hash(Array("\(restriction)\n\(version)".utf8)).hex.prefix(32)
    }
}
