// Checks a report with nothing but the report and a trust root: no network, no clock, no database.
//
// In this order; every finding is told, with its place in the report:
//   1. form: the members, and that `digest` is over all the others             (form, digest)
//   2. the checkpoint is signed by a log key of the root                         (checkpoint)
//   3. each line: the entry's bytes are an entry of this log, signed by a service key of the root, and
//      its leaf hash leads by the proof to the checkpoint's root          (entry, seal, inclusion)
//   4. each subject's numbers have no gap, so no entry is left out in between            (gap)
//   5. as far as the log has counted its entries, the report has exactly as many    (completeness)
//   6. each document hashes to its name, and those that lines name are there or were
//      disposed of by a later line                                                (document)
//   7. the report, made again from entries, documents and checkpoint, is this one     (differs)
//   8. statements are signed by those who were entitled, and say what the line says (ReportCheck+Statements)
//   9. decisions, made again from facts and pack, are those recorded              (ReportCheck+Decisions)
//
// What cannot be checked so: printed names and the time of the report, which are the service's word.

internal import Attestation
package import CanonicalJSON
package import Cryptography
internal import TransparencyLog

/// What checking a report found.
package struct ReportVerdict: Sendable, Hashable {
    /// All that is wrong, in the order of the checks; empty for a good report.
    package fileprivate(set) var findings: [JSONFinding] = []
    /// How many lines were checked.
    package fileprivate(set) var lines = 0
    /// How many signed statements were verified.
    package internal(set) var statements = 0
    /// How many decisions were made again with the same result.
    package internal(set) var decisions = 0
    /// The digest that the report has, computed.
    package let digest: SHA256Digest
    /// Below which index nothing about the model is left out, by the log's own count; 0 without one.
    package internal(set) var completeBelow: Int64 = 0
    /// How many entries the checkpoint covers; 0 without a good one.
    package fileprivate(set) var treeSize: Int64 = 0

    /// Whether nothing is wrong.
    package var holds: Bool { findings.isEmpty }
}

/// Checks reports.
package struct ReportCheck {
    let root: TrustRoot
    /// Reads a pack's files from the document that holds them; nil when they are no pack.
    let readPack: (_ document: [UInt8]) -> PolicyPack?
    var verdict: ReportVerdict
    var documents: [SHA256Digest: [UInt8]] = [:]
    /// The pack in force at the line that is checked.
    var packInForce: PolicyPack?
    var identities: IdentityBook
    /// The roots that lead to the one that is relied on, or on from it, as the report shows them.
    var history: RootHistory

    /// Checks a report under a root.
    ///
    /// - Parameters:
    ///   - report: as parsed by `ModelReport.limits`.
    ///   - root: the trust root that the checker brought along.
    ///   - acceptingDevelopment: whether a root marked `development` may vouch for it.
    ///   - readPack: reads the files of a policy pack from one document, which needs YAML.
    package static func check(
        _ report: JSON, root: TrustRoot, acceptingDevelopment: Bool = false,
        readPack: @escaping (_ document: [UInt8]) -> PolicyPack?
    ) -> ReportVerdict {
        let verdict = ReportVerdict(digest: ModelReport.digest(of: report))
        var check = ReportCheck(
            root: root, readPack: readPack, verdict: verdict, identities: IdentityBook(root: root),
            history: RootHistory(root))
        if root.development, !acceptingDevelopment {
            check.find(
                JSONPointer(["trustRoot"]), "development", "The trust root is marked development.")
        }
        check.run(report)
        return check.verdict
    }

    mutating func find(_ place: JSONPointer, _ code: String, _ message: String) {
        verdict.findings.append(JSONFinding(place, code, message))
    }

    private mutating func run(_ report: JSON) {
        let stated = report["digest"]?.string
        if stated != verdict.digest.hex {
            find(
                JSONPointer(["digest"]), "digest",
                "The digest over the rest is \(verdict.digest), not \(stated ?? "absent").")
        }
        let source: ReportSource
        do {
            source = try ReportSource(report)
        } catch {
            verdict.findings += error.findings
            return
        }
        readDocuments(source)
        readRoots()
        if source.trustRoot != ModelReport.RootReference(history.latest) {
            find(
                JSONPointer(["trustRoot"]), "root",
                "It was made under trust root \(source.trustRoot.digest), not \(root.digest).")
        }
        let checkpoint = openCheckpoint(source.note)
        var lines: [ReportLine] = []
        for (position, line) in source.lines.enumerated() {
            let place = JSONPointer(["lines"]).appending(position)
            if let read = readLine(line, checkpoint, at: place) { lines.append(read) }
        }
        guard lines.count == source.lines.count, let checkpoint else { return }
        verdict.lines = lines.count
        checkPresence(lines)
        compare(report, source, lines, checkpoint)
        var scope = ReportScope(model: source.model, identities: lines.map(\.entry))
        for line in lines {
            _ = scope.meet(line.entry, documents: line.entry.documents.compactMap { documents[$0] })
        }
        checkSequences(lines, scope)
        checkNames(report, source)
        checkCompleteness(source.completeness, lines, scope)
        checkIdentities(lines)
        checkStatements(lines)
        checkDecisions(lines)
    }

    /// A printed name is the one that the log holds a commitment to.
    private mutating func checkNames(_ report: JSON, _ source: ReportSource) {
        for (position, person) in (report["people"]?.array ?? []).enumerated() {
            guard let principal = person["principal"]?.string.flatMap({ PrincipalID($0) }),
                let name = source.names[principal],
                person["commitment"]?.string != name.commitment.hex
            else { continue }
            find(
                JSONPointer(["people"]).appending(position).appending("name"), "commitment",
                "The name is not the one that the log holds a commitment to.")
        }
    }

    /// Each document that a line names is there, unless a later line disposes of it: then its absence is
    /// lawful, if what that line names was signed by those who may (ReportCheck+Personal).
    private mutating func checkPresence(_ lines: [ReportLine]) {
        var disposedAt: [SHA256Digest: Int64] = [:]
        for line in lines {
            guard case .documentsDisposed(let event) = line.entry.event,
                let list = documents[event.list].flatMap(DisposalList.init(parsing:)),
                list.version == event.version
            else { continue }
            for name in list.documents { disposedAt[name] = line.index }
        }
        for (position, line) in lines.enumerated() {
            for name in line.entry.documents
            where documents[name] == nil && disposedAt[name].map({ line.index < $0 }) != true {
                find(
                    JSONPointer(["lines"]).appending(position).appending("entry"), "document",
                    "The document \(name) is missing.")
            }
        }
    }

    private mutating func openCheckpoint(_ note: [UInt8]) -> Checkpoint? {
        let place = JSONPointer(["log", "checkpoint"])
        let keys = history.latest.logKeys.compactMap { try? VerifierKey($0.key) }
        let opened = Checkpoint.open(note, origin: root.origin, logKeys: keys)
        for reason in opened.reasons { find(place, "checkpoint", "\(reason)") }
        guard let checkpoint = opened.checkpoint?.checkpoint else { return nil }
        verdict.treeSize = checkpoint.size
        return checkpoint
    }

    private mutating func readDocuments(_ source: ReportSource) {
        for (name, bytes) in source.documents.sorted(by: { $0.key < $1.key }) {
            guard SHA256.hash(bytes) == name else {
                find(
                    JSONPointer(["documents", name.hex]), "document",
                    "The document's bytes do not hash to its name.")
                continue
            }
            documents[name] = bytes
        }
    }

    /// Takes the roots among the documents, if they lead to or from the root that is relied on. When each
    /// was in force its entry says, which is in the log that the relied root's keys sign.
    private mutating func readRoots() {
        let signed = documents.values.compactMap { try? Envelope(parsing: $0) }
            .filter { $0.payloadType == TrustRoot.payloadType }
            .compactMap { envelope in
                (try? TrustRoot.verify(envelope)).map { (root: $0, envelope: envelope) }
            }.sorted { $0.root.version < $1.root.version }
        guard let first = signed.first?.root else { return }
        var roots = RootHistory(first)
        for next in signed.dropFirst() { try? roots.append(next.envelope) }
        if roots.contains(root.digest) { history = roots }
    }

    /// Follows the roots from line to line.
    private mutating func follow(_ line: ReportLine, at place: JSONPointer) {
        switch line.entry.event {
        case .logOpened(let event):
            guard !history.opened(under: event.trustRoot) else { return }
            find(place, "root", "The log began under a root that does not lead to the relied one.")
        case .rootChanged(let event):
            if let problem = history.changed(event, documents[event.document], at: line.index) {
                find(place, "root", problem)
            }
        default: return
        }
    }

    private mutating func readLine(
        _ source: ReportSource.Line, _ checkpoint: Checkpoint?, at place: JSONPointer
    ) -> ReportLine? {
        let line: ReportLine
        do {
            line = try ReportLine(index: source.index, bytes: source.entry, proof: source.proof)
        } catch {
            find(place.appending("entry"), "entry", error.message)
            return nil
        }
        if line.entry.origin != root.origin {
            find(place.appending("entry"), "entry", "The entry is of the log \(line.entry.origin).")
        }
        let key = history.root(at: line.index).serviceKey(line.seal.keyID, at: line.entry.time)
        follow(line, at: place)
        if key.map({ line.seal.isSigned(by: $0) }) != true {
            find(
                place.appending("entry"), "seal",
                "No service key of the trust root has signed the entry at its time.")
        }
        if let checkpoint {
            let proof = InclusionProof(
                index: line.index, treeSize: checkpoint.size, hashes: line.proof)
            let proven = proof.check(leafHash: line.leafHash, root: checkpoint.root)
            for reason in proven.reasons {
                find(place.appending("proof"), "inclusion", "\(reason)")
            }
        }
        return line
    }

    /// The report made again from what it is made of: every other difference is a finding.
    private mutating func compare(
        _ report: JSON, _ source: ReportSource, _ lines: [ReportLine], _ checkpoint: Checkpoint
    ) {
        let again = ModelReport(
            ModelReport.Source(
                model: source.model, asOf: source.asOf, checkpoint: checkpoint, note: source.note,
                trustRoot: source.trustRoot, lines: lines, names: source.names,
                withholdsNames: source.withholdsNames, documents: source.documents,
                completeness: source.completeness))
        compare(report, again.json, at: .root)
        for (position, pair) in zip(lines, lines.dropFirst()).enumerated()
        where pair.0.index >= pair.1.index {
            find(
                JSONPointer(["lines"]).appending(position + 1), "differs",
                "The lines are not in the order of the log.")
        }
    }

    private mutating func compare(_ stated: JSON, _ again: JSON, at place: JSONPointer) {
        switch (stated, again) {
        case (.object(let left), .object(let right)):
            // The digest was compared before; a second finding for it would say nothing new.
            for name in Set(left.keys).union(right.keys).sorted()
            where !(place == .root && name == "digest") {
                let inside = place.appending(name)
                guard let one = left[name], let other = right[name] else {
                    let fault =
                        left[name] == nil ? "is missing" : "does not follow from the entries"
                    find(inside, "differs", "This member \(fault).")
                    continue
                }
                compare(one, other, at: inside)
            }
        case (.array(let left), .array(let right)) where left.count == right.count:
            for (index, pair) in zip(left, right).enumerated() {
                compare(pair.0, pair.1, at: place.appending(index))
            }
        default:
            guard stated != again else { return }
            find(
                place, "differs",
                "It says \(Self.short(stated)); the entries say \(Self.short(again)).")
        }
    }

    private static func short(_ json: JSON) -> String {
        let text = json.canonicalText
        return text.count > 160 ? String(text.prefix(160)) + "…" : text
    }

    /// "Per subject the numbers of the entries that wrote it are 1, 2, 3 … without a gap."
    private mutating func checkSequences(_ lines: [ReportLine], _ scope: ReportScope) {
        var last: [String: Int64] = [:]
        for (position, line) in lines.enumerated() {
            for (subject, sequence) in line.entry.subjects.sorted(by: { $0.key < $1.key })
            where sequence.wrote && scope.isComplete(subject) {
                let expected = (last[subject] ?? 0) + 1
                if sequence.seq != expected {
                    find(
                        JSONPointer(["lines"]).appending(position), "gap",
                        "\(subject) has number \(sequence.seq) here; \(expected) is expected.")
                }
                last[subject] = sequence.seq
            }
        }
    }
}
