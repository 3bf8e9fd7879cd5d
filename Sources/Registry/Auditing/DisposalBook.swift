// Which documents are lawfully absent: what an audit reads when one is missing, and not before.
//
// A document may be missing where an entry `documents.disposed` after the one that names it lists it, and
// that entry counts: a service key signed it, its list is there and whole, and the statement that it
// names is signed by two officers who were entitled then, about this list. The officers' keys and roles
// follow from the log, as everywhere; rows are not asked.

internal import Attestation
package import CanonicalJSON
internal import Cryptography
internal import Database
package import Governance

/// A disposal that the log holds: the documents are gone, their digests stay.
package struct AuditDisposal: Sendable, Hashable {
    package let version: VersionReference
    /// The place of the entry that says so; nil while it has none.
    package let index: Int64?
    package let count: Int64
    package let bytes: Int64

    package init(version: VersionReference, index: Int64?, count: Int64, bytes: Int64) {
        self.version = version
        self.index = index
        self.count = count
        self.bytes = bytes
    }

    /// The disposal as a line for people.
    package var sentence: String {
        let place = index.map { "at index \($0)" } ?? "by an entry that has no place yet"
        return "\(version): \(count) documents, \(bytes) bytes, disposed of \(place)"
    }

    /// The disposal as JSON.
    package var json: JSON {
        [
            "version": .text(version), "index": index.map(JSON.integer) ?? .null,
            "count": .integer(count), "bytes": .integer(bytes),
        ]
    }
}

/// The disposals of a log.
struct DisposalBook: Sendable {
    /// Those that count, in the order of the log.
    private(set) var disposals: [AuditDisposal] = []
    /// What is wrong with the others, by their places.
    private(set) var problems: [(index: Int64, message: String)] = []
    /// Each document that was disposed of, with the place of the last entry that says so; an entry
    /// without a place comes after all others.
    private(set) var disposedAt: [SHA256Digest: Int64] = [:]

    /// Kinds of entries that say who may sign, beside the disposals themselves.
    private static let kinds = [
        LogOpened.kind, RootChanged.kind, PrincipalRegistered.kind, KeyAssigned.kind,
        KeyRevoked.kind, RoleAssigned.kind, RoleRevoked.kind, DocumentsDisposed.kind,
    ]

    /// Whether a document that an entry at an index names may be missing; nil: an entry without a place.
    func excuses(_ document: SHA256Digest, namedAt index: Int64?) -> Bool {
        guard let disposed = disposedAt[document], let index else { return false }
        return index < disposed
    }

    /// Reads all disposals of the log and of the queue.
    init(
        history: RootHistory, examine: ([UInt8]) -> ExaminedEntry, _ db: borrowing Connection
    ) throws {
        let found = try Self.find([DocumentsDisposed.kind], [], examine, db)
        let versions = found.compactMap { _, entry -> VersionReference? in
            guard case .documentsDisposed(let event) = entry.event else { return nil }
            return event.version
        }
        guard !versions.isEmpty else { return }
        let needles = Set(versions).map { "\"version\":\"\($0)\"" }.sorted()
        var reader = Reader(history: history)
        for (index, entry) in try Self.find(Self.kinds, needles, examine, db) {
            try take(entry, index, &reader, db)
        }
    }

    /// Authentic entries of some kinds, or that contain a text, in the order of the log; those without a
    /// place last.
    private static func find(
        _ kinds: [String], _ texts: [String], _ examine: ([UInt8]) -> ExaminedEntry,
        _ db: borrowing Connection
    ) throws -> [(index: Int64?, entry: Entry)] {
        let needles = (kinds.map { "\"kind\":\"\($0)\"" } + texts).map { Array($0.utf8) }
        var found: [(Int64?, Entry)] = []
        try db.forEach(
            """
            SELECT l.index, e.bytes FROM audit.entry e
            LEFT JOIN audit.leaf l ON l.entry_id = e.id
            WHERE EXISTS (SELECT FROM unnest(\(needles)) AS needle
                          WHERE position(needle IN e.bytes) > 0)
            ORDER BY l.index NULLS LAST, e.id
            """
        ) { row in
            let index: Int64? = try row.nextOptional()
            let examined = examine(try row.next())
            guard examined.isAuthentic, let entry = examined.entry else { return }
            let isSubmission = entry.event.kind == VersionSubmitted.kind && !texts.isEmpty
            if kinds.contains(entry.event.kind) || isSubmission { found.append((index, entry)) }
        }
        return found
    }

    /// What is known of people and versions on the way through the log.
    private struct Reader {
        var history: RootHistory
        var identities: IdentityBook?
        var submitters: [VersionReference: Set<PrincipalID>] = [:]
    }

    private mutating func take(
        _ entry: Entry, _ index: Int64?, _ reader: inout Reader, _ db: borrowing Connection
    ) throws {
        switch entry.event {
        case .logOpened(let event):
            _ = reader.history.opened(under: event.trustRoot)
            reader.identities = IdentityBook(root: reader.history.root(at: 0))
        case .rootChanged(let event):
            let place = index ?? .max - 1
            _ = reader.history.changed(event, nil, at: place)
            reader.identities?.rotate(to: reader.history.root(at: place + 1))
        case .versionSubmitted(let event):
            reader.submitters[event.version, default: []].formUnion([event.submitter, event.person])
        case .documentsDisposed(let event):
            try judge(event, entry, index, reader, db)
        default:
            let document = try IdentityBook.document(of: entry).flatMap {
                try Documents.load([$0], db)[$0]
            }
            reader.identities?.apply(entry, document: document, asKnownThen: true)
        }
    }

    private mutating func judge(
        _ event: DocumentsDisposed, _ entry: Entry, _ index: Int64?, _ reader: Reader,
        _ db: borrowing Connection
    ) throws {
        let place = index ?? .max
        let documents = try Documents.load([event.list, event.document], db)
        guard let identities = reader.identities else { return }
        let problem = event.problem(
            list: documents[event.list], request: documents[event.document], identities,
            submitters: reader.submitters[event.version] ?? [], in: entry)
        if let problem {
            problems.append((place, problem))
            return
        }
        let names = documents[event.list].flatMap(DisposalList.init(parsing:))?.documents ?? []
        disposals.append(
            AuditDisposal(
                version: event.version, index: index, count: event.count, bytes: event.bytes))
        for name in names { disposedAt[name] = place }
    }
}

extension DocumentsDisposed {
    /// Why a disposal does not count; nil when its list is whole and two officers who were entitled then
    /// have signed for it.
    func problem(
        list: [UInt8]?, request: [UInt8]?, _ identities: IdentityBook,
        submitters: Set<PrincipalID>, in entry: Entry
    ) -> String? {
        guard let list = list.flatMap(DisposalList.init(parsing:)), list.version == version,
            Int64(list.documents.count) == count, list.origin == entry.origin
        else { return "its list is missing, altered or another" }
        guard let envelope = request.flatMap({ try? Envelope(parsing: $0) }),
            envelope.payloadType == Statement.payloadType, envelope.payloadDigest == statement,
            let signed = try? Statement(parsing: envelope.payload),
            let request = try? DisposalRequest(reading: signed),
            request.version == version, request.list == self.list
        else { return "the request that it names is missing, altered or another" }
        let problems = request.problems(
            signers: identities.signers(of: envelope), chain: identities.chain,
            submitters: submitters, origin: entry.origin, at: entry.time)
        return problems.isEmpty ? nil : problems.map(\.code).joined(separator: ", ")
    }
}

/// The book of a log, read when it is first asked for.
struct Disposals {
    private let history: RootHistory
    private let examine: @Sendable ([UInt8]) -> ExaminedEntry
    private var known: DisposalBook?

    init(history: RootHistory, examine: @escaping @Sendable ([UInt8]) -> ExaminedEntry) {
        self.history = history
        self.examine = examine
    }

    mutating func book(_ db: borrowing Connection) throws -> DisposalBook {
        if let known { return known }
        let book = try DisposalBook(history: history, examine: examine, db)
        known = book
        return book
    }
}
