// The history of one model, as one document that its reader can check without us.
//
// A report is an RFC 8785 JSON object (docs/reference/report.md describes every member):
//
//     {"type":"imprimatur.dev/report/v1","kind":"model-history","model":"credit/scorecard",
//      "title":…,"scope":…,"asOf":{"time":…,"source":"service","size":41},
//      "log":{"origin":…,"first":0,"last":40,"checkpoint":"<signed note>"},
//      "trustRoot":{"version":1,"digest":…,"development":true},
//      "policies":[{"index":1,"time":…,"name":…,"version":…,"digest":…}],
//      "people":[{"principal":…,"kind":…,"person":…,"commitment":…,
//                 "name":{"value":…,"salt":"<hex>"}|null,"erasedAt":null}],
//      "names":"disclosed"|"withheld",
//      "counts":{"entries":30,"documents":44,"missing":0,"erased":0},
//      "environments":[{"environment":…,"index":…,"takenAt":…,"dueAt":…,"overdue":false,…}],
//      "legacy":[{"artifact":…,"environment":…,"dueAt":…,"index":…,"overdue":false,"approvedAt":null}],
//      "breakGlass":[{"statement":…,"environment":…,"incident":…,"expiresAt":…,"reviewDueAt":…,"findings":[],…}],
//      "completeness":{…},"limitations":[…],"check":[…],
//      "lines":[{"index":3,"time":…,"kind":…,"actor":{"principal":…,"name":…},"summary":…,
//                "digests":{…},"entry":"<base64>","leafHash":…,"proof":[…]}, …],
//      "documents":{"<sha256>":"<base64>"},"missing":[…],"digest":"<sha256>"}
//
// `digest` is SHA-256 over the RFC 8785 bytes of the object without `digest`. Everything else but
// `asOf.time`, the printed names with their salts, and `trustRoot` follows from the entries, the documents and the
// checkpoint, so a checker makes the report again from those and compares. A printed name is what the
// commitment in the log is of: SHA-256(salt ‖ RFC 8785 bytes of the name). Names are withheld from readers
// who are not entitled to them; who is not named in a report of disclosed names was erased.

package import CanonicalJSON
package import Cryptography
package import TransparencyLog

/// The whole history of a model, with proofs.
package struct ModelReport: Sendable {
    /// What a report is made of; the rest follows.
    package struct Source: Sendable {
        package var model: ModelName
        /// The service's clock when the report was made.
        package var asOf: Timestamp
        /// The one checkpoint that every proof leads to, and its signed note.
        package var checkpoint: Checkpoint
        package var note: [UInt8]
        package var trustRoot: RootReference
        /// In log order.
        package var lines: [ReportLine]
        /// Printed names that are known and not erased.
        package var names: [PrincipalID: PrintedName]
        /// Whether the reader may not see names; then `names` is empty.
        package var withholdsNames: Bool
        /// The documents that could be had, by digest.
        package var documents: [SHA256Digest: [UInt8]]
        /// Proofs of how far nothing is left out; nil when the log has not counted its entries yet.
        package var completeness: ReportCompleteness?

        package init(
            model: ModelName, asOf: Timestamp, checkpoint: Checkpoint, note: [UInt8],
            trustRoot: RootReference, lines: [ReportLine], names: [PrincipalID: PrintedName],
            withholdsNames: Bool = false, documents: [SHA256Digest: [UInt8]],
            completeness: ReportCompleteness? = nil
        ) {
            self.model = model
            self.asOf = asOf
            self.checkpoint = checkpoint
            self.note = note
            self.trustRoot = trustRoot
            self.lines = lines
            self.names = withholdsNames ? [:] : names
            self.withholdsNames = withholdsNames
            self.documents = documents
            self.completeness = completeness
        }
    }

    /// A name with the salt of its commitment.
    package struct PrintedName: Sendable, Hashable {
        package let value: String
        package let salt: [UInt8]

        package init(value: String, salt: [UInt8]) {
            self.value = value
            self.salt = salt
        }

        /// What the log holds of it.
        package var commitment: SHA256Digest {
            SHA256.hash(concatenating: salt, JSON.string(value).canonicalBytes)
        }
    }

    /// Which trust root a report was made under.
    package struct RootReference: Sendable, Hashable {
        package let version: Int64
        package let digest: SHA256Digest
        package let development: Bool

        package init(version: Int64, digest: SHA256Digest, development: Bool) {
            self.version = version
            self.digest = digest
            self.development = development
        }

        /// The reference to a root.
        package init(_ root: TrustRoot) {
            self.init(version: root.version, digest: root.digest, development: root.development)
        }
    }

    /// The report; its `canonicalBytes` are the file.
    package let json: JSON

    package static let type = "imprimatur.dev/report/v1"
    package static let kind = "model-history"
    /// Bounds on a report that is read: it carries the documents it needs.
    package static let limits = JSON.Limits(bytes: 256 << 20, depth: 16, integersOnly: true)

    /// SHA-256 over the RFC 8785 bytes of a report without its digest.
    package static func digest(of report: JSON) -> SHA256Digest {
        var members = report.object ?? [:]
        members["digest"] = nil
        return SHA256.hash(JSON.object(members).canonicalBytes)
    }

    /// Makes the report.
    package init(_ source: Source) {
        let named = Set(source.lines.flatMap(\.entry.documents))
        let documents = source.documents.filter { named.contains($0.key) }
        let missing = named.subtracting(documents.keys).sorted()
        let people = Self.people(source)
        let erased = people.count { $0["erasedAt"]?.isNull == false }
        var report: [String: JSON] = [
            "type": .string(Self.type), "kind": .string(Self.kind), "model": .text(source.model),
            "title": "History of \(source.model)",
            "scope": .string(Self.scope(source.model)),
            "asOf": [
                "time": .text(source.asOf), "source": "service",
                "size": .integer(source.checkpoint.size),
            ],
            "log": [
                "origin": .string(source.checkpoint.origin), "first": 0,
                "last": .integer(source.checkpoint.size - 1),
                "checkpoint": .string(String(decoding: source.note, as: UTF8.self)),
            ],
            "trustRoot": [
                "version": .integer(source.trustRoot.version),
                "digest": .digest(source.trustRoot.digest),
                "development": .bool(source.trustRoot.development),
            ],
            "policies": .array(Self.policies(source.lines)), "people": .array(people),
            "names": source.withholdsNames ? "withheld" : "disclosed",
            "counts": [
                "entries": .integer(Int64(source.lines.count)),
                "documents": .integer(Int64(documents.count)),
                "missing": .integer(Int64(missing.count)), "erased": .integer(Int64(erased)),
            ],
            "completeness": ReportCompleteness.json(
                source.completeness, source.model, lines: source.lines, size: source.checkpoint.size
            ),
            "limitations": .array(Self.limitations.map(JSON.string)),
            "check": .array(Self.howToCheck.map(JSON.string)),
            "lines": .array(source.lines.map { $0.json(names: source.names) }),
            "documents": .object(
                Dictionary(
                    uniqueKeysWithValues: documents.map {
                        ($0.key.hex, JSON.string(Base64.encode($0.value)))
                    })),
            "missing": .array(missing.map { .string($0.hex) }),
        ]
        // Only where there is one: reports from before this member was known stay what they are.
        let environments = Self.environments(source)
        if !environments.isEmpty { report["environments"] = .array(environments) }
        let legacy = Self.legacy(source)
        if !legacy.isEmpty { report["legacy"] = .array(legacy) }
        let emergencies = Self.breakGlass(source)
        if !emergencies.isEmpty { report["breakGlass"] = .array(emergencies) }
        report["digest"] = .digest(Self.digest(of: .object(report)))
        json = .object(report)
    }

    private static func policies(_ lines: [ReportLine]) -> [JSON] {
        lines.compactMap { line in
            guard case .policyActivated(let event) = line.entry.event else { return nil }
            return [
                "index": .integer(line.index), "time": .text(line.entry.time),
                "name": .string(event.name), "version": .string(event.version),
                "digest": .digest(event.digest),
            ]
        }
    }

    private static func people(_ source: Source) -> [JSON] {
        var erased: [PrincipalID: Int64] = [:]
        for line in source.lines {
            if case .subjectErased(let event) = line.entry.event,
                case .principal(let principal) = event.subject
            {
                erased[principal] = line.index
            }
        }
        return source.lines.compactMap { line in
            guard case .principalRegistered(let event) = line.entry.event else { return nil }
            return [
                "principal": .text(event.principal), "kind": .string(event.kind.rawValue),
                "person": .text(event.person), "commitment": .digest(event.name),
                "name": source.names[event.principal].map {
                    ["value": .string($0.value), "salt": .string(Hex.encode($0.salt))]
                } ?? .null,
                "erasedAt": erased[event.principal].map(JSON.integer) ?? .null,
            ]
        }
    }
}
