// Who holds which key and role, read from the verified log and the signed statements that it names.
//
// The order and the time of every assignment are those of the log, its content is that of a document
// whose digest the log holds, and it counts only if those entitled to make it have signed it. So rows
// about keys and roles can be edited at will without anybody gaining a right (I6).

package import Attestation
package import Cryptography

/// Collects the identity statements of a log, in its order.
package struct IdentityBook: Sendable {
    /// What follows from all statements so far.
    package private(set) var chain: TrustChain
    /// Every public key that any statement shows, by id; showing a key entitles it to nothing.
    package private(set) var publicKeys = SharedMap<KeyID, PublicKey>()
    /// Every passkey that any statement shows, by id; the id fixes all that verifying depends on.
    private var passkeys = SharedMap<KeyID, Passkey>()
    /// The same keys by the hint that bundles carry.
    private var hints = SharedMap<String, KeyID>()
    /// Statements that the log names but nobody can show: each an alarm.
    package private(set) var missing: [SHA256Digest] = []

    /// An empty book under a root.
    package init(root: TrustRoot) {
        chain = TrustChain(anchor: TrustAnchor(root), endorsements: [])
        for key in root.custodians { learn(key) }
    }

    /// Takes in that from here on another root counts.
    package mutating func rotate(to root: TrustRoot) {
        for key in root.custodians { learn(key) }
        chain.rotate(to: TrustAnchor(root))
    }

    private mutating func learn(_ key: PublicKey) {
        guard publicKeys[key.id] == nil else { return }
        publicKeys[key.id] = key
        hints[SigstoreBundle.hint(for: key)] = key.id
    }

    private mutating func learn(_ credential: Credential) {
        switch credential {
        case .key(let key): learn(key)
        case .passkey(let passkey): passkeys[passkey.id] = passkey
        }
    }

    /// The key of which a bundle carries the hint; the hint only finds it.
    package func key(hint: String) -> PublicKey? { hints[hint].flatMap { publicKeys[$0] } }

    /// The document that an entry's identity statement is in, if it has one.
    // inlined, it crashes the optimiser of Swift 6.3.1 (CopyPropagation, found in release builds)
    @inline(never)
    package static func document(of entry: Entry) -> SHA256Digest? {
        switch entry.event {
        case .keyAssigned(let event): event.document
        case .roleAssigned(let event): event.document
        case .delegationRecorded(let event): event.document
        case .rootChanged(let event): event.document
        default: nil
        }
    }

    /// Whether an entry says under which roots the log or a pack stands.
    package static func isAboutRoots(_ entry: Entry) -> Bool {
        switch entry.event {
        case .logOpened, .rootChanged, .policyActivated: true
        default: false
        }
    }

    /// Takes in the next entry; `document` is the statement it names.
    ///
    /// - Parameter asKnownThen: whether a key or delegation revoked since an earlier moment counts until this entry:
    ///   for who asks what was right when it was recorded.
    package mutating func apply(
        _ entry: Entry, document: [UInt8]?, asKnownThen: Bool = false
    ) {
        switch entry.event {
        case .keyRevoked(let event) where asKnownThen:
            let from = max(event.effectiveFrom, entry.time)
            chain.revoke(.init(.key(event.key), effectiveFrom: from))
        case .delegationRevoked(let event) where asKnownThen:
            let from = max(event.effectiveFrom, entry.time)
            chain.revoke(.init(.assignment(event.delegation), effectiveFrom: from))
        case .principalRegistered(let event): chain.link(event.principal, event.person)
        case .keyAssigned(let event): endorse(event.statement, document, entry.time)
        case .roleAssigned(let event): endorse(event.statement, document, entry.time)
        case .delegationRecorded(let event): endorse(event.statement, document, entry.time)
        case .keyRevoked(let event):
            chain.revoke(.init(.key(event.key), effectiveFrom: event.effectiveFrom))
        case .roleRevoked(let event):
            chain.revoke(.init(.assignment(event.assignment), effectiveFrom: event.effectiveFrom))
        case .delegationRevoked(let event):
            chain.revoke(.init(.assignment(event.delegation), effectiveFrom: event.effectiveFrom))
        default: return
        }
    }

    /// The chain as it would be with further revocations, which somebody else has seen.
    package func chain(with others: [TrustRevocation]) -> TrustChain {
        var chain = chain
        for revocation in others { chain.revoke(revocation) }
        return chain
    }

    /// Verifies a statement's envelope with the keys and passkeys that its signatures name.
    ///
    /// - Parameter new: the credential that the statement itself brings.
    package func signers(of envelope: Envelope, and new: Credential? = nil) -> Set<KeyID> {
        envelope.signers(among: named(by: envelope) + (new.map { [$0] } ?? []))
    }

    /// Whether no key that is learnt later can change who signed the envelope.
    package func knowsAllKeys(of envelope: Envelope) -> Bool {
        envelope.signatures.allSatisfy { signature in
            KeyID(hex: signature.keyID).map { credential($0) != nil } ?? true
        }
    }

    /// What stands against those passkeys' signatures that do not hold, as codes in order.
    package func passkeyProblems(in envelope: Envelope) -> [PasskeyProblem] {
        let found = named(by: envelope).flatMap { credential -> [PasskeyProblem] in
            guard case .passkey(let passkey) = credential else { return [] }
            return envelope.assertions(by: passkey).flatMap { $0 }
        }
        return PasskeyProblem.allCases.filter(found.contains)
    }

    /// Each once: whoever repeats one makes nobody work for it.
    private func named(by envelope: Envelope) -> [Credential] {
        Set(envelope.signatures.compactMap { KeyID(hex: $0.keyID) }).compactMap(credential)
    }

    private func credential(_ id: KeyID) -> Credential? {
        publicKeys[id].map(Credential.key) ?? passkeys[id].map(Credential.passkey)
    }

    private mutating func endorse(
        _ statement: SHA256Digest, _ document: [UInt8]?, _ recordedAt: Timestamp
    ) {
        guard let document, let read = Self.read(document), read.digest == statement else {
            missing.append(statement)
            return
        }
        let new = read.assignment.credential
        if let new { learn(new) }
        chain.endorse(
            Endorsement(
                read.assignment, digest: statement,
                signers: signers(of: read.envelope, and: new), recordedAt: recordedAt))
    }

    /// A key or role assignment or a delegation in an envelope, unverified.
    package static func read(
        _ document: [UInt8]
    ) -> (envelope: Envelope, assignment: Endorsement.Assignment, digest: SHA256Digest)? {
        guard let envelope = try? Envelope(parsing: document),
            envelope.payloadType == Statement.payloadType,
            let statement = try? Statement(parsing: envelope.payload)
        else { return nil }
        let digest = envelope.payloadDigest
        if let key = try? KeyAssignment(reading: statement) { return (envelope, .key(key), digest) }
        if let role = try? RoleAssignment(reading: statement) {
            return (envelope, .role(role), digest)
        }
        if let delegation = try? Delegation(reading: statement) {
            return (envelope, .delegation(delegation), digest)
        }
        return nil
    }

    /// What would be wrong with an assignment if it were recorded now; empty when nothing.
    package func problems(
        of assignment: Endorsement.Assignment, in envelope: Envelope, at now: Timestamp
    ) -> [TrustProblem] {
        let endorsement = Endorsement(
            assignment, digest: envelope.payloadDigest,
            signers: signers(of: envelope, and: assignment.credential), recordedAt: now)
        var extended = chain
        extended.endorse(endorsement)
        return extended.problems[endorsement.digest] ?? []
    }
}

extension Endorsement.Assignment {
    /// The credential that a key assignment brings.
    var credential: Credential? {
        if case .key(let assignment) = self { assignment.credential } else { nil }
    }
}

extension TrustAnchor {
    /// The custodians of a root.
    init(_ root: TrustRoot) {
        self.init(origin: root.origin, custodians: Set(root.custodians.map(\.id)))
    }
}
