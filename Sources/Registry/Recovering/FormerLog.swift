// The entries of a former log, and what of them restricts.

internal import Cryptography
internal import Governance
internal import TransparencyLog

/// What is known of a former log after some of its entries.
struct FormerLog: Sendable {
    let roots: RootHistory
    let pinnedSize: Int64
    /// Those that the database keeps, ascending.
    var checkpoints: [(Int64, [UInt8])] = []
    private(set) var range = CompactRange()
    /// The root at the pinned size; nil while the tree has not got there.
    private(set) var rootAtPin: SHA256Digest?
    /// The largest size below the pin at which the log signed this tree.
    private(set) var lastSigned: Int64 = 0
    private(set) var unauthentic: [Int64] = []
    private var submissions: [VersionReference: Set<SHA256Digest>] = [:]
    private var facts: [Fact] = []
    private var revoked: [KeyID: KeyRevoked] = [:]
    private var order: [KeyID] = []

    /// What restricted a version.
    private struct Fact {
        let version: VersionReference
        let kind: RestrictiveFold.Kind
        let reason: String
        let leaf: SHA256Digest
        let index: Int64?
    }

    init(roots: RootHistory, pinnedSize: Int64) {
        self.roots = roots
        self.pinnedSize = pinnedSize
        if pinnedSize == 0 { rootAtPin = range.root }
    }

    /// Key revocations, each key's earliest.
    var revocations: [KeyRevoked] { order.compactMap { revoked[$0] } }

    /// Takes in the row at the next place; without an entry the place keeps its hash.
    mutating func append(_ id: Int64, _ hash: [UInt8], _ bytes: [UInt8]?) {
        let index = range.size
        let leaf = bytes.map { MerkleTree.leafHash(of: $0) } ?? SHA256Digest(bytes: hash) ?? .zero
        range.append(leaf)
        if range.size == pinnedSize { rootAtPin = range.root }
        while let (size, note) = checkpoints.first, size <= range.size {
            checkpoints.removeFirst()
            let signed = Checkpoint.open(
                note, origin: roots.latest.origin, logKeys: roots.logKeys
            ).checkpoint?.checkpoint
            if size == range.size, size <= pinnedSize, signed?.size == size,
                signed?.root == range.root
            {
                lastSigned = size
            }
        }
        guard let bytes else { return unauthentic.append(id) }
        take(id, bytes, at: index)
    }

    /// Takes in a stored entry.
    mutating func take(_ id: Int64, _ bytes: [UInt8], at index: Int64?) {
        guard let entry = authentic(bytes) else { return unauthentic.append(id) }
        take(entry, MerkleTree.leafHash(of: bytes), at: index)
    }

    /// The entry, if a service key that counted then signed it for the former log.
    func authentic(_ bytes: [UInt8]) -> Entry? {
        guard let signed = try? SignedEntry(parsing: bytes),
            let entry = try? Entry(parsing: signed.payload), entry.origin == roots.latest.origin
        else { return nil }
        let isSigned = roots.roots.contains { root in
            root.serviceKey(signed.keyID, at: entry.time).map { signed.isSigned(by: $0) } ?? false
        }
        return isSigned ? entry : nil
    }

    /// Takes in what an authentic entry says.
    mutating func take(_ entry: Entry, _ leaf: SHA256Digest, at index: Int64?) {
        func fact(
            _ version: VersionReference, _ kind: RestrictiveFold.Kind, _ reason: String
        ) -> Fact {
            Fact(version: version, kind: kind, reason: reason, leaf: leaf, index: index)
        }
        switch entry.event {
        case .versionSubmitted(let event):
            submissions[event.version, default: []].insert(event.artifact)
        case .versionSuspended(let event):
            facts.append(fact(event.version, .suspension, event.reason))
        case .versionWithdrawn(let event):
            facts.append(fact(event.version, .withdrawal, event.reason))
        case .approvalRecorded(let event):
            guard let restriction = RestrictiveFold.Restriction(event) else { return }
            facts.append(fact(event.version, restriction.kind, restriction.reason))
        case .retirementDecided(let event):
            guard event.certificate != nil else { return }
            facts.append(fact(event.version, .retirement, event.reason))
        case .findingRaised(let event) where event.blocking:
            facts.append(fact(event.version, .suspension, "finding: \(event.summary)"))
        case .restrictionCarried(let event):
            submissions[event.former, default: []].insert(event.artifact)
            facts.append(fact(event.former, event.formerKind, event.reason))
        case .keyRevoked(let event):
            if revoked[event.key] == nil { order.append(event.key) }
            let earlier = revoked[event.key].map { $0.effectiveFrom <= event.effectiveFrom }
            if earlier != true { revoked[event.key] = event }
        default: return
        }
    }

    /// What restricted versions, by the bytes that it was about. A lift permits: it is not taken over.
    ///
    /// - Throws: when nobody says which bytes a version had.
    func carried() throws(RecoveryError) -> [RestrictionCarried] {
        var carried: [RestrictionCarried] = []
        for fact in facts {
            guard let artifacts = submissions[fact.version] else {
                throw RecoveryError(
                    "which bytes \(fact.version) has is in the entry of its submission, which is lost",
                    hint: "Bring that entry and its receipt too, or leave this restriction out.")
            }
            for artifact in artifacts.sorted() {
                let id = SHA256.hash(fact.leaf.bytes + artifact.bytes).hex.prefix(32)
                carried.append(
                    RestrictionCarried(
                        restriction: "c-" + id, former: fact.version, artifact: artifact,
                        formerKind: fact.kind, reason: fact.reason, entry: fact.leaf,
                        index: fact.index))
            }
        }
        return carried
    }
}
