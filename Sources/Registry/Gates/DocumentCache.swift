// What documents say and whose signatures they hold, found out once: a gate is asked about the same fifty
// evaluations and twenty approvals each time.
//
// A document never changes under the digest of its bytes, and a public key never changes under its id. So
// "these bytes say this", "every rate follows from the counts" and "these keys have signed these bytes" stay
// true. What follows from keys, roles, time and pack is asked anew each time (Examiner.swift). That a
// signature does not hold is remembered only where all keys are known that the envelope names: one that is
// not may be known tomorrow.

internal import Attestation
internal import CanonicalJSON
internal import Cryptography
internal import Database
internal import Governance
internal import Schema
internal import Synchronization

/// Readings of documents, by the digest of their bytes.
package final class DocumentCache: Sendable {
    /// The bytes themselves.
    private let stored = Remembered<Documents.Stored>(budget: 16 << 20)
    private let signers = Remembered<Set<KeyID>>(budget: 16_384)
    /// Artifact signatures that hold, by bundle, key and file list.
    private let bundles = Remembered<Bool>(budget: 4_096)
    private let evaluations = Remembered<EvaluationReading>(budget: 4 << 20)
    private let measures = Remembered<[MeasureFact]>(budget: 16_384)
    private let approvals = Remembered<ApprovalReading>(budget: 2 << 20)
    private let cards = Remembered<CardReading>(budget: 2 << 20)
    private let manifests = Remembered<ArtifactManifest>(budget: 2 << 20)
    private let imports = Remembered<ImportReading>(budget: 2 << 20)
    /// So that the largest statement that an agent may send is remembered.
    private let snapshots = Remembered<SnapshotReading>(budget: 16 << 20)

    package init() {}

    /// Loads documents. Those that are remembered are not fetched again while the database still has the row
    /// that they came from: one that is missing there, or was changed, is asked for anew.
    func load(
        _ digests: [SHA256Digest], _ db: borrowing Connection
    ) throws -> [SHA256Digest: [UInt8]] {
        let places = try Documents.places(of: digests, db)
        var documents: [SHA256Digest: [UInt8]] = [:]
        var unknown: [SHA256Digest] = []
        for (digest, place) in places {
            if let known = stored[digest], known.place == place {
                documents[digest] = known.bytes
            } else {
                unknown.append(digest)
            }
        }
        for (digest, loaded) in try Documents.loadStored(unknown, db) {
            documents[digest] = loaded.bytes
            stored.remember(loaded, under: digest, weight: loaded.bytes.count)
        }
        return documents
    }

    /// The keys whose signatures over the envelope hold, among those that the identities know.
    func signers(
        of envelope: Envelope, document: SHA256Digest, _ identities: IdentityBook
    ) -> Set<KeyID> {
        if let known = self.signers[document] { return known }
        let signers = identities.signers(of: envelope)
        if signers.count == envelope.signatures.count || identities.knowsAllKeys(of: envelope) {
            self.signers.remember(signers, under: document, weight: signers.count + 1)
        }
        return signers
    }

    /// What is wrong with an artifact's signature by a key; nothing when it holds over all the files.
    func findings(
        of bundle: [UInt8], by key: PublicKey, over manifest: ArtifactManifest
    ) -> [String] {
        let place = SHA256.hash(
            concatenating: SHA256.hash(bundle).bytes, Array(key.id.hex.utf8), manifest.digest.bytes)
        guard bundles[place] == nil else { return [] }
        let verdict = ModelSignature.verify(
            bundle: bundle, trust: .key(key), files: manifest.files)
        let findings =
            verdict.findings.map(\.code.rawValue)
            + (verdict.uncovered.isEmpty ? [] : ["files-uncovered"])
        if findings.isEmpty { bundles.remember(true, under: place, weight: 1) }
        return findings
    }

    /// An evaluation statement; nil when the document is none.
    func evaluation(_ document: StoredDocument) -> EvaluationReading? {
        read(document, evaluations) { EvaluationReading($0) }
    }

    /// The measures that a pack demands in a tier, computed under the pack's own minima.
    func measures(
        _ document: StoredDocument, _ predicate: FairnessPredicate, _ pack: PolicyPack, _ tier: Tier
    ) -> [MeasureFact] {
        let place = SHA256.hash(
            concatenating: document.digest.bytes, pack.digest.bytes, Array(tier.description.utf8))
        if let known = measures[place] { return known }
        let facts = MeasureFact.facts(of: predicate.evaluation, for: pack.fairness(in: tier))
        measures.remember(facts, under: place, weight: facts.count + 1)
        return facts
    }

    /// An approval statement; nil when the document is none.
    func approval(_ document: StoredDocument) -> ApprovalReading? {
        read(document, approvals) { ApprovalReading($0) }
    }

    /// A signed card; nil when the document is none. The schema is the same one always.
    func card(_ document: StoredDocument, _ schema: JSONSchema) -> CardReading? {
        read(document, cards) { CardReading($0, schema) }
    }

    /// A file list; nil when the document is none.
    func manifest(_ document: StoredDocument) -> ArtifactManifest? {
        read(document, manifests) { bytes in
            (try? JSON(parsing: bytes)).flatMap { try? ArtifactManifest(json: $0) }
        }
    }

    /// An import of legacy; nil when the document is none.
    func legacyImport(_ document: StoredDocument) -> ImportReading? {
        read(document, imports) { ImportReading($0) }
    }

    /// A snapshot of an environment; nil when the document is none.
    func snapshot(_ document: StoredDocument) -> SnapshotReading? {
        read(document, snapshots) { SnapshotReading($0) }
    }

    private func read<Reading: Sendable>(
        _ document: StoredDocument, _ remembered: Remembered<Reading>,
        _ read: ([UInt8]) -> Reading?
    ) -> Reading? {
        if let known = remembered[document.digest] { return known }
        guard let reading = read(document.bytes) else { return nil }
        remembered.remember(reading, under: document.digest, weight: document.bytes.count)
        return reading
    }
}

/// Values by digest, in two generations, so that forgetting is cheap.
private final class Remembered<Value: Sendable>: Sendable {
    private struct State {
        var weight = 0
        var young: [SHA256Digest: Value] = [:]
        var old: [SHA256Digest: Value] = [:]
    }

    /// Largest weight of a generation.
    private let budget: Int
    private let state = Mutex(State())

    init(budget: Int) {
        self.budget = budget
    }

    subscript(digest: SHA256Digest) -> Value? {
        state.withLock { $0.young[digest] ?? $0.old[digest] }
    }

    func remember(_ value: Value, under digest: SHA256Digest, weight: Int) {
        // One that would drive out all others is read again each time.
        guard weight <= budget / 4 else { return }
        state.withLock { state in
            if state.weight + weight > budget {
                (state.old, state.young, state.weight) = (state.young, [:], 0)
            }
            state.weight += weight
            state.young[digest] = value
        }
    }
}
