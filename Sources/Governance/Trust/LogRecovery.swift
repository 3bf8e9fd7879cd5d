// The signed statement by which custodians give up a log and open another in its place.
//
// An in-toto statement of type https://imprimatur.dev/predicate/log-recovery/v1 about the subject
// {"name":"log:FORMER ORIGIN","digest":{"sha256":PINNED TREE ROOT}} with the predicate
//
//     {"origin":"example.com/log#2","trustRoot":DIGEST,
//      "former":{"origin":"example.com/log","trustRoot":DIGEST},
//      "pinned":{"size":440,"root":HASH},"surviving":{"size":412,"root":HASH},
//      "lost":{"from":412,"to":440},"entries":[LEAF HASH, …],"reason":"…","signedAt":…}
//
// signed by the threshold of the custodians of the former trust root. `origin` and `trustRoot` are those of
// the new log, whose root its own custodians sign too. `pinned` is the newest head that is known outside
// the former database, `surviving` the tree of what that database holds, `entries` the lost entries that
// were brought, ascending: who signs sees what is taken over and what is not.

package import Attestation
package import CanonicalJSON
package import Cryptography

/// What custodians signed about the end of a log.
package struct LogRecovery: PredicateStatement {
    /// The predicate type.
    package static let predicateType = "https://imprimatur.dev/predicate/log-recovery/v1"
    /// Most lost entries that can be brought.
    package static let mostEntries = 10_000

    /// A size and the tree's root at that size.
    package struct Head: Sendable, Hashable {
        package var size: Int64
        package var root: SHA256Digest

        package init(size: Int64, root: SHA256Digest) {
            self.size = size
            self.root = root
        }

        fileprivate var json: JSON { ["size": .integer(size), "root": .hex(root)] }

        fileprivate static func read(_ reader: JSONReader) -> Head? {
            let size = reader.integer("size", in: 0...(1 << 52))
            return reader.digest("root").map { Head(size: size, root: $0) }
        }
    }

    /// The new log and the digest of its trust root.
    package var origin: String
    package var trustRoot: SHA256Digest
    /// The log before, and the digest of its trust root.
    package var formerOrigin: String
    package var formerTrustRoot: SHA256Digest
    package var pinned: Head
    package var surviving: Head
    /// The places that are lost or in doubt.
    package var lost: Range<Int64>
    /// Leaf hashes of the lost entries that were brought, ascending.
    package var entries: [SHA256Digest]
    /// Why; in the log for ever, so without personal data.
    package var reason: String
    /// As claimed by the signers.
    package var signedAt: Timestamp

    package init(
        origin: String, trustRoot: SHA256Digest, formerOrigin: String,
        formerTrustRoot: SHA256Digest, pinned: Head, surviving: Head, lost: Range<Int64>,
        entries: [SHA256Digest], reason: String, signedAt: Timestamp
    ) {
        self.origin = origin
        self.trustRoot = trustRoot
        self.formerOrigin = formerOrigin
        self.formerTrustRoot = formerTrustRoot
        self.pinned = pinned
        self.surviving = surviving
        self.lost = lost
        self.entries = entries
        self.reason = reason
        self.signedAt = signedAt
    }

    package var statementSubject: Statement.Subject {
        Statement.Subject(name: "log:\(formerOrigin)", sha256: pinned.root)
    }

    package var predicate: JSON {
        [
            "origin": .string(origin), "trustRoot": .hex(trustRoot),
            "former": ["origin": .string(formerOrigin), "trustRoot": .hex(formerTrustRoot)],
            "pinned": pinned.json, "surviving": surviving.json,
            "lost": ["from": .integer(lost.lowerBound), "to": .integer(lost.upperBound)],
            "entries": .array(entries.map { .hex($0) }), "reason": .string(reason),
            "signedAt": .text(signedAt),
        ]
    }

    package init?(predicate reader: JSONReader) {
        let origin = reader.origin()
        let trustRoot = reader.digest("trustRoot")
        let former = reader.object("former") { former in
            (origin: former.origin(), trustRoot: former.digest("trustRoot"))
        }
        let pinned = reader.object("pinned", Head.read)
        let surviving = reader.object("surviving", Head.read)
        let lost = reader.object("lost") { lost in
            (
                from: lost.integer("from", in: 0...(1 << 52)),
                to: lost.integer("to", in: 0...(1 << 52))
            )
        }
        let entries = reader.array("entries", count: 0...Self.mostEntries) { entry in
            entry.parsed(as: "64 lowercase hex digits") { SHA256Digest(hex: $0) }
        }
        let reason = reader.string("reason", length: 1...2_000)
        let signedAt = reader.time("signedAt")
        guard lost.from <= lost.to else {
            reader.refuse(
                "lost", JSONFinding.Code.range, "The end must not lie before the beginning.")
            return nil
        }
        guard let trustRoot, let formerTrustRoot = former.trustRoot, let pinned, let surviving,
            let signedAt
        else { return nil }
        self.init(
            origin: origin, trustRoot: trustRoot, formerOrigin: former.origin,
            formerTrustRoot: formerTrustRoot, pinned: pinned, surviving: surviving,
            lost: lost.from..<lost.to, entries: entries, reason: reason, signedAt: signedAt)
    }

    /// What stands against opening the new log by this statement; empty when nothing does.
    ///
    /// - Parameters:
    ///   - expected: what is found now; reason and time are the custodians' own.
    ///   - former: the trust root of the log before.
    package func problems(
        expecting expected: LogRecovery, in envelope: Envelope, under former: TrustRoot
    ) -> [String] {
        var problems: [String] = []
        var signed = self
        (signed.reason, signed.signedAt) = (expected.reason, expected.signedAt)
        if signed != expected {
            problems.append("the statement is about another state, another log or other entries")
        }
        if origin == former.origin { problems.append("the new log needs another origin") }
        let count = envelope.verify(with: former.custodians).count
        if envelope.payloadType != Statement.payloadType || count < former.threshold {
            problems.append(
                "\(count) of the former log's custodians signed it, \(former.threshold) are needed")
        }
        return problems
    }
}
