// The trust root in force: first as the files say, then as the log goes on to say.
//
// `root.json` is the latest root that this data directory knows, `roots/<version>.json` are those before
// it. The log may know a later one, installed through another instance; it is signed by the thresholds
// of both, so it is taken over. A root in the files that the log does not name is not in force.

package import Attestation
internal import Cryptography
package import Governance
internal import Synchronization
internal import TransparencyLog

/// The roots of a running instance.
package final class RootKeeper: Sendable {
    private let state: Mutex<State>
    private let rules = Mutex<(root: SHA256Digest, rules: WitnessRules?)?>(nil)

    private struct State {
        var history: RootHistory
        /// Envelopes by the digest of their payload.
        var envelopes: [SHA256Digest: Envelope]
        /// The root under which each policy pack was activated.
        var packs: [SHA256Digest: TrustRoot] = [:]
    }

    /// Roots that follow each other, the oldest first.
    package init(_ chain: [Envelope]) throws {
        guard let first = chain.first else { throw TrustRootError(["there is no trust root"]) }
        var history = RootHistory(try TrustRoot.verify(first))
        for envelope in chain.dropFirst() { try history.append(envelope) }
        state = Mutex(
            State(
                history: history,
                envelopes: Dictionary(
                    chain.map { ($0.payloadDigest, $0) }, uniquingKeysWith: { $1 })))
    }

    /// The roots of a data directory.
    package convenience init(_ directory: DataDirectory) throws {
        let latest = try Envelope(parsing: File.read(directory.root, limit: 1 << 20))
        var chain: [Envelope] = []
        if File.isFolder(directory.roots) {
            let versions = try File.list(directory.roots).compactMap { name in
                name.hasSuffix(".json") ? Int64(name.dropLast(5)) : nil
            }
            chain = try versions.sorted().map {
                try Envelope(parsing: File.read(directory.root(version: $0), limit: 1 << 20))
            }
        }
        // A crash between keeping a root and putting the next in its place leaves it twice.
        chain.removeAll { $0.payloadDigest == latest.payloadDigest }
        try self.init(chain + [latest])
    }

    /// What is known of the log's roots.
    package var history: RootHistory { state.withLock(\.history) }
    /// The root in force.
    package var current: TrustRoot { state.withLock(\.history.current) }
    /// The root in force, as its custodians signed it.
    package var envelope: Envelope? {
        state.withLock { $0.envelopes[$0.history.current.digest] }
    }

    /// What the root in force says about witnesses; nil when nobody can be asked.
    var witnessRules: WitnessRules? {
        let root = current
        return rules.withLock { rules in
            if let rules, rules.root == root.digest { return rules.rules }
            let read = try? WitnessRules(root.witnessPolicy)
            let found = read.flatMap { $0.isEmpty ? nil : $0 }
            rules = (root.digest, found)
            return found
        }
    }

    /// Opens a checkpoint with any key that ever counted: for what is read before the log is.
    func openWithAny(_ note: [UInt8]) -> Checkpoint? {
        let history = history
        return Checkpoint.open(
            note, origin: history.latest.origin, logKeys: history.logKeys
        ).checkpoint?.checkpoint
    }

    // MARK: as the log is read

    /// Takes in an entry that concerns roots; answers what is wrong.
    func apply(_ entry: Entry, documents: [SHA256Digest: [UInt8]], at index: Int64) -> String? {
        state.withLock { state in
            switch entry.event {
            case .logOpened(let event):
                // Under a root that is not known here nothing can be judged: the caller says so.
                _ = state.history.opened(under: event.trustRoot)
                state.packs[event.policy] = state.history.root(at: index)
                return nil
            case .rootChanged(let event):
                let document = documents[event.document]
                if let problem = state.history.changed(event, document, at: index) {
                    return problem
                }
                if let envelope = document.flatMap({ try? Envelope(parsing: $0) }) {
                    state.envelopes[event.digest] = envelope
                }
                return nil
            case .policyActivated(let event):
                state.packs[event.digest] = state.history.root(at: index)
                return nil
            default: return nil
            }
        }
    }

    /// The roots whose custodians may have signed a pack: that of its activation, and the present one.
    func roots(forPack digest: SHA256Digest) -> [TrustRoot] {
        state.withLock { [$0.history.current] + ($0.packs[digest].map { [$0] } ?? []) }
    }

    /// Whether a further root, which the log names, certifies a log key.
    ///
    /// - Parameter documents: envelopes of later roots, the oldest first.
    func certifies(_ vkey: String, after documents: [[UInt8]]) -> Bool {
        var history = history
        for document in documents {
            guard let envelope = try? Envelope(parsing: document) else { return false }
            if history.contains(envelope.payloadDigest) { continue }
            guard (try? history.append(envelope)) != nil else { return false }
        }
        let root = documents.isEmpty ? history.current : history.latest
        return root.logKeys.contains { $0.key == vkey }
    }

    /// Keeps the root in force in the files, when the log has gone on to a later one.
    package func store(in directory: DataDirectory) throws {
        guard let envelope else { return }
        let stored = try File.read(directory.root, limit: 1 << 20)
        guard try Envelope(parsing: stored).payloadDigest != envelope.payloadDigest else { return }
        try Self.replace(stored, with: envelope, in: directory)
    }

    /// Puts a root in the place of another, which is kept beside it.
    static func replace(
        _ stored: [UInt8], with envelope: Envelope, in directory: DataDirectory
    ) throws {
        let version = try TrustRoot.verify(Envelope(parsing: stored)).version
        try File.makeFolder(directory.roots)
        let kept = directory.root(version: version)
        if !File.exists(kept) { try File.create(kept, stored, mode: 0o644) }
        try File.replace(directory.root, with: envelope.canonicalBytes, mode: 0o644)
    }
}
