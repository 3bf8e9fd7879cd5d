// Who was turned away and who read the evidence, as entries; and the list of them for auditors.

package import Cryptography
internal import CanonicalJSON
internal import Database
package import Governance
internal import TransparencyLog

extension Registry {
    // MARK: refusals

    /// Notes a credential that did not hold; answers the source's pseudonym if the log will tell it anew.
    ///
    /// - Parameters:
    ///   - secret: what was presented as a token; nil when it was none.
    ///   - address: the network address it came from; only a pseudonym of it is kept.
    package func noteFailedLogin(_ secret: String?, from address: String) -> String? {
        let source = accesses.pseudonym(of: address)
        let refused: AccessLedger.Refused
        if let secret, let token = follower.snapshot.record.tokens[SHA256.hash(Array(secret.utf8))]
        {
            let isRevoked = follower.snapshot.fold.isRevoked(token: token.token)
            refused = AccessLedger.Refused(
                cause: isRevoked ? .tokenRevoked : .tokenExpired, principal: token.principal,
                token: token.token, source: source, subject: nil)
        } else {
            refused = AccessLedger.Refused(
                cause: secret == nil ? .credentialMalformed : .tokenUnknown, principal: nil,
                token: nil, source: source, subject: nil)
        }
        return note(refused) ? source : nil
    }

    /// Notes a refusal of a known caller, if it is one that the log tells.
    package func noteRefusal(_ refusal: Refusal, of caller: Caller, path: String) {
        guard let cause = refusal.offence else { return }
        _ = note(
            AccessLedger.Refused(
                cause: cause, principal: caller.principal, token: caller.token, source: nil,
                subject: String(path.prefix(Self.longestSubject))))
    }

    private static let longestSubject = 200

    private func note(_ refused: AccessLedger.Refused) -> Bool {
        let now = clock()
        return accesses.add(refused, .init(count: 1, from: now, until: now))
    }

    // MARK: reads

    /// What a reader is about to get.
    package struct Reading: Sendable {
        /// `report`, or another kind of export: a word of the event's format.
        package let what: String
        /// What it is about, such as `model/credit/scorecard`; nil for the log as a whole.
        package let subject: String?
        /// Digest of what is handed out.
        package let digest: SHA256Digest?
        /// The part of the log that it shows.
        package let indexes: Range<Int64>?

        package init(
            what: String, subject: String?, digest: SHA256Digest?, indexes: Range<Int64>?
        ) {
            self.what = what
            self.subject = subject
            self.digest = digest
            self.indexes = indexes
        }
    }

    /// Commits the entry of a read; what is read may be handed out when this returns.
    ///
    /// - Throws: `Refusal` while halted: what cannot be told is not handed out.
    package func recordRead(_ reading: Reading, _ request: Request) async throws {
        try halt.check()
        _ = try await writer.write(request, Subjects(written: [])) { _, now in
            Act(Self.event(reading, .init(count: 1, from: now, until: now)))
        }
        committed.ring()
    }

    /// Counts a read of entries, which an entry tells later; most cost no more than a look at a table.
    package func noteRead(
        _ what: String, indexes: Range<Int64>?, by caller: Caller
    ) async throws {
        let now = clock()
        let isFull = accesses.add(
            .init(reader: caller, what: what),
            .init(count: 1, from: now, until: now, indexes: indexes))
        if isFull, halt.reason == nil { try await writeReads(before: now) }
    }

    private static func event(_ reading: Reading, _ tally: AccessLedger.Tally) -> Event {
        .evidenceRead(
            EvidenceRead(
                what: reading.what, subject: reading.subject, digest: reading.digest,
                first: reading.indexes?.lowerBound,
                last: reading.indexes.map { $0.upperBound - 1 }, count: tally.count,
                from: tally.from, until: tally.until))
    }

    // MARK: writing

    /// Writes what was gathered for long enough, or `all` of it; nothing while halted.
    package func writeAccesses(_ settings: HousekeepingSettings, all: Bool) async throws {
        guard halt.reason == nil else { return }
        let now = clock()
        let refusalSeconds = all ? 0 : settings.refusalSeconds
        if let event = accesses.takeRefusals(before: now.adding(seconds: -refusalSeconds)) {
            do {
                _ = try await writer.write(
                    Request(caller: nil, id: Self.makeID("a-", bytes: 8)), Subjects(written: [])
                ) { _, _ in Act(.accessRefused(event)) }
                committed.ring()
            } catch {
                accesses.putBack(event)
                throw error
            }
        }
        try await writeReads(before: now.adding(seconds: all ? 0 : -settings.readSeconds))
    }

    private func writeReads(before time: Timestamp) async throws {
        var due = accesses.takeReads(before: time)[...]
        while let (read, tally) = due.first {
            let reading = Reading(
                what: read.what, subject: nil, digest: nil, indexes: tally.indexes)
            do {
                _ = try await writer.write(
                    Request(caller: read.reader, id: Self.makeID("a-", bytes: 8)),
                    Subjects(written: [])
                ) { _, _ in Act(Self.event(reading, tally)) }
            } catch {
                for (read, tally) in due { _ = accesses.add(read, tally) }
                throw error
            }
            due = due.dropFirst()
            committed.ring()
        }
    }

    // MARK: listing

    /// A page of entries that tell accesses, the newest first.
    package struct AccessPage: Sendable {
        /// Place, bytes as stored, and what they say.
        package let entries: [(index: Int64, bytes: [UInt8], entry: Entry)]
        /// Where the next page begins; nil at the log's beginning.
        package let next: Int64?
    }

    /// Entries of the log that are looked through for one page.
    static let accessScan: Int64 = 20_000

    /// The accesses told below index `before`, at most `limit`; a page may be short before the last.
    package func accesses(before: Int64?, limit: Int) async throws -> AccessPage {
        let size = follower.snapshot.published?.checkpoint.size ?? 0
        let end = min(before ?? size, size)
        let start = max(0, end - Self.accessScan)
        let kinds = [AccessRefused.kind, EvidenceRead.kind]
        let needles = kinds.map { Array("\"kind\":\"\($0)\"".utf8) }
        let rows = try await database.read { db in
            try db.all(
                """
                SELECT l.index, e.bytes FROM audit.leaf l JOIN audit.entry e ON e.id = l.entry_id
                WHERE l.index >= \(start) AND l.index < \(end)
                    AND EXISTS (SELECT FROM unnest(\(needles)) AS needle
                                WHERE position(needle IN e.bytes) > 0)
                ORDER BY l.index DESC LIMIT \(Int64(limit))
                """, as: (Int64, [UInt8]).self)
        }
        let entries = try rows.map { index, bytes in
            (
                index: index, bytes: bytes,
                entry: try Entry(parsing: SignedEntry(parsing: bytes).payload)
            )
        }
        let next = rows.count == limit ? rows.last?.0 ?? start : start
        return AccessPage(
            entries: entries.filter { kinds.contains($0.entry.event.kind) },
            next: next > 0 ? next : nil)
    }
}

extension ModelReport {
    /// What the log tells of somebody who gets this report.
    package var reading: Registry.Reading {
        let last = json["log"]?["last"]?.integer
        return Registry.Reading(
            what: "report", subject: json["model"]?.string.map { "model/\($0)" },
            digest: json["digest"]?.string.flatMap { SHA256Digest(hex: $0) },
            indexes: last.map { 0..<$0 + 1 })
    }
}
