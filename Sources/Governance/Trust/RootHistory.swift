// The trust roots that a log has been under, each from its place on.
//
// A root follows another when it has a higher version and the thresholds of both have signed it
// (TrustRoot.swift). The log says when: `log.opened` names the first, and an entry `root.changed` at
// index i puts the next in force for the entries after it, i + 1 and on, and for trees larger than i.
// The entry itself is still judged under the root before it. So a log key that a root no longer lists
// counts for checkpoints up to size i, its last size, and for none after; the same of service keys and
// entries. Rotation with overlap takes two steps: a root with the old key and the new, then one
// without the old.
//
// Example: roots 1 {A}, 2 {A, B} by the entry at 40, 3 {B} by the entry at 90. A signs for sizes 0 to
// 90, B from 41 on.

package import Attestation
package import Cryptography
package import TransparencyLog

/// Verified roots in order, and where the log says that each begins.
package struct RootHistory: Sendable {
    /// Roots that follow each other, the oldest first.
    package private(set) var roots: [TrustRoot]
    /// From how many entries on each is in force, as far as the log has been read.
    private var since: [SHA256Digest: Int64] = [:]

    /// A history of one root that is trusted as such.
    package init(_ root: TrustRoot) {
        roots = [root]
    }

    /// The newest root.
    package var latest: TrustRoot { roots[roots.count - 1] }

    /// Adds a root that follows the latest.
    package mutating func append(_ envelope: Envelope) throws(TrustRootError) {
        roots.append(try TrustRoot.verify(envelope, succeeding: latest))
    }

    /// Whether a root is one of these.
    package func contains(_ digest: SHA256Digest) -> Bool {
        roots.contains { $0.digest == digest }
    }

    // MARK: what the log says

    /// Takes in entry 0; false when the log began under a root that is not known.
    package mutating func opened(under digest: SHA256Digest) -> Bool {
        guard contains(digest) else { return false }
        since = [digest: 0]
        return true
    }

    /// Takes in `root.changed` at an index; answers what is wrong with it.
    ///
    /// - Parameter document: the root's envelope; needed when the root is not known yet.
    package mutating func changed(
        _ event: RootChanged, _ document: [UInt8]?, at index: Int64
    ) -> String? {
        guard let position = roots.firstIndex(where: { $0.digest == event.digest }) else {
            guard let document, let envelope = try? Envelope(parsing: document),
                envelope.payloadDigest == event.digest
            else { return "the trust root \(event.digest) is missing" }
            do throws(TrustRootError) {
                try append(envelope)
            } catch {
                return "the trust root \(event.digest) does not follow: "
                    + error.problems.joined(separator: "; ")
            }
            since[event.digest] = index + 1
            return nil
        }
        if since.isEmpty, position > 0 {
            // Begun after entry 0: the one before was in force until here.
            since[roots[position - 1].digest] = 0
        }
        guard let last = roots.lastIndex(where: { since[$0.digest] != nil }), position == last + 1
        else { return "the trust root \(event.digest) is not the next one" }
        since[event.digest] = index + 1
        return nil
    }

    // MARK: questions

    /// Whether the log has said anything about roots yet.
    package var isPlaced: Bool { !since.isEmpty }

    /// The root in force for the entry at an index, and for a tree of that size.
    package func root(at size: Int64) -> TrustRoot {
        roots.last { since[$0.digest].map { $0 <= size } ?? false } ?? roots[0]
    }

    /// The last root that the log has put in force; the latest while nothing has been read.
    package var current: TrustRoot { roots.last { since[$0.digest] != nil } ?? latest }

    /// The log keys that count for a tree of this size.
    package func logKeys(at size: Int64) -> [VerifierKey] { Self.keys(of: root(at: size)) }

    /// Every log key that ever counted.
    package var logKeys: [VerifierKey] {
        var seen: Set<String> = []
        return roots.flatMap(\.logKeys).filter { seen.insert($0.key).inserted }
            .compactMap { try? VerifierKey($0.key) }
    }

    private static func keys(of root: TrustRoot) -> [VerifierKey] {
        root.logKeys.compactMap { try? VerifierKey($0.key) }
    }

    /// A log key with the sizes that it counts for.
    package struct KeySpan: Sendable, Hashable {
        package let vkey: String
        package let from: Int64
        /// The last size; nil while it counts.
        package let upTo: Int64?

        package init(vkey: String, from: Int64, upTo: Int64?) {
            self.vkey = vkey
            self.from = from
            self.upTo = upTo
        }
    }

    /// Every log key with its sizes, in order of their beginning.
    package var logKeySpans: [KeySpan] {
        var spans: [KeySpan] = []
        var reigns: [(root: TrustRoot, from: Int64)] = []
        for root in roots {
            if let from = since[root.digest] { reigns.append((root, from)) }
        }
        if reigns.isEmpty { reigns = [(current, 0)] }
        for (root, from) in reigns {
            let keys = Set(root.logKeys.map { $0.key })
            spans = spans.map { span in
                span.upTo != nil || keys.contains(span.vkey)
                    ? span : KeySpan(vkey: span.vkey, from: span.from, upTo: from - 1)
            }
            for key in root.logKeys
            where !spans.contains(where: { $0.vkey == key.key && $0.upTo == nil }) {
                spans.append(KeySpan(vkey: key.key, from: from, upTo: nil))
            }
        }
        return spans
    }

    /// Opens a checkpoint with the keys that count for its size.
    package func open(_ note: [UInt8]) -> CheckpointVerdict {
        let size = (try? SignedNote(parsing: note)).flatMap {
            try? Checkpoint(parsing: $0.text).size
        }
        return Checkpoint.open(
            note, origin: latest.origin, logKeys: size.map(logKeys(at:)) ?? logKeys)
    }
}
