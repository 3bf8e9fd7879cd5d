// The list of documents that may go together: what two officers sign, and what stays of them.
//
//     {"documents":["<sha256>",…],"origin":"example.com/log","type":"imprimatur.dev/disposal-list/v1",
//      "version":"credit/scorecard@3"}
//
// as RFC 8785 bytes; the digests ascend, and none is there twice. The list is itself a document of the
// log and is never disposed of: it says what an absent document was, and by whose word it is absent.

internal import CanonicalJSON
package import Cryptography

/// Documents of one version that are disposed of together.
package struct DisposalList: Sendable, Hashable {
    package static let type = "imprimatur.dev/disposal-list/v1"
    /// Most documents of one disposal; what is left over goes with the next.
    package static let mostDocuments = 100_000
    /// A digest takes 67 bytes.
    private static let limits = JSON.Limits(bytes: 8 << 20, depth: 4, integersOnly: true)

    package let origin: String
    package let version: VersionReference
    /// Ascending.
    package let documents: [SHA256Digest]

    package init(origin: String, version: VersionReference, documents: Set<SHA256Digest>) {
        self.origin = origin
        self.version = version
        self.documents = documents.sorted()
    }

    /// Reads a stored list; nil for any other bytes than those that `canonicalBytes` makes.
    package init?(parsing bytes: [UInt8]) {
        guard let json = try? JSON(parsing: bytes, limits: Self.limits), json.object?.count == 4,
            json["type"]?.string == Self.type, let origin = json["origin"]?.string,
            let version = json["version"]?.string.flatMap({ VersionReference($0) }),
            let names = json["documents"]?.array, names.count <= Self.mostDocuments
        else { return nil }
        let documents = names.compactMap { $0.string.flatMap { SHA256Digest(hex: $0) } }
        self.init(origin: origin, version: version, documents: Set(documents))
        guard canonicalBytes == bytes else { return nil }
    }

    /// The bytes whose digest the officers sign.
    package var canonicalBytes: [UInt8] {
        let json: JSON = [
            "type": .string(Self.type), "origin": .string(origin), "version": .text(version),
            "documents": .array(documents.map { .digest($0) }),
        ]
        return json.canonicalBytes
    }

    /// SHA-256 of those bytes.
    package var digest: SHA256Digest { SHA256.hash(canonicalBytes) }
}

extension Event {
    /// What may be disposed of once the period of the version has passed: the version's card, file list,
    /// signature bundle and evaluations, and what its gates decided on. Who approved, objected, lifted,
    /// permitted and retired stays: so does whatever any other event names.
    package var disposable: (version: VersionReference, documents: [SHA256Digest])? {
        switch self {
        case .versionSubmitted(let event):
            (
                event.version,
                [
                    event.cardDocument, event.manifestDocument, event.signatureDocument,
                    event.decision, event.facts,
                ]
            )
        case .evaluationRecorded(let event): (event.version, [event.document])
        case .provenanceRecorded(let event): (event.version, [event.document])
        case .approvalRecorded(let event):
            (event.version, [event.decision, event.facts].compactMap(\.self))
        case .gateAsked(let event): (event.version, [event.decision, event.facts])
        case .gateDenied(let event):
            if case .version(let version) = event.subject {
                (version, [event.decision, event.facts])
            } else {
                nil
            }
        case .deploymentDecided(let event): (event.version, [event.decision, event.facts])
        case .retirementDecided(let event): (event.version, [event.decision, event.facts])
        case .runDecided(let event):
            (event.decided.version, [event.decided.decision, event.decided.facts])
        default: nil
        }
    }
}
