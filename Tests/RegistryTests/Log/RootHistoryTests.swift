import Attestation
import Cryptography
import Governance
import Testing
import TransparencyLog

@Suite struct `The roots that a log was under` {
    private let custodian: PrivateKey
    private let issued: Timestamp
    private let vkeys: [String]
    private let signers: [NoteSigner]
    private let permit: PrivateKey
    private let service: [PrivateKey]

    init() throws {
        custodian = try PrivateKey.generate(.ed25519)
        issued = try #require(Timestamp("2026-11-21T08:00:00.000Z"))
        let name = try #require(KeyName("example.com/log"))
        signers = try (0..<2).map { _ in
            try NoteSigner(name: name, key: PrivateKey.generate(.ed25519))
        }
        vkeys = signers.map(\.verifierKey.text)
        permit = try PrivateKey.generate(.ecdsaP256)
        service = try (0..<2).map { _ in try PrivateKey.generate(.ed25519) }
    }

    private func root(_ version: Int64, logKeys: [Int]) throws -> Envelope {
        let until = issued.adding(seconds: 86_400)
        var draft = TrustRoot.Draft(
            origin: "example.com/log", development: true, issuedAt: issued, expiresAt: until,
            custodians: [custodian.publicKey], threshold: 1,
            logKeys: logKeys.map { .init(vkeys[$0], from: issued, until: until) },
            permitKeys: [.init(permit.publicKey, from: issued, until: until)],
            serviceKeys: service.map { .init($0.publicKey, from: issued, until: until) })
        draft.version = version
        return try Envelope.sign(draft.payload, type: TrustRoot.payloadType, with: [custodian])
    }

    private func changed(_ envelope: Envelope, _ version: Int64) -> RootChanged {
        RootChanged(
            digest: envelope.payloadDigest, version: version,
            document: SHA256.hash(envelope.canonicalBytes))
    }

    private func isOpened(
        _ history: RootHistory, _ size: Int64, by signer: NoteSigner
    ) throws -> Bool {
        let checkpoint = try Checkpoint(
            origin: "example.com/log", size: size, root: SHA256.hash([]))
        return try history.open(checkpoint.signed(by: [signer]).bytes).checkpoint != nil
    }

    @Test func `each key counts for the sizes between its first root and its last`() throws {
        let (first, second, third) = (
            try root(1, logKeys: [0]), try root(2, logKeys: [0, 1]), try root(3, logKeys: [1])
        )
        var history = RootHistory(try TrustRoot.verify(first))
        let isKnown = history.opened(under: first.payloadDigest)
        #expect(isKnown)
        #expect(history.changed(changed(second, 2), second.canonicalBytes, at: 40) == nil)
        #expect(history.changed(changed(third, 3), third.canonicalBytes, at: 90) == nil)
        #expect(
            history.logKeySpans == [
                .init(vkey: vkeys[0], from: 0, upTo: 90),
                .init(vkey: vkeys[1], from: 41, upTo: nil),
            ])
        // The example of the specification, at its edges.
        for (size, old, new) in [
            (1, true, false), (40, true, false), (41, true, true), (90, true, true),
            (91, false, true), (1_000, false, true),
        ] as [(Int64, Bool, Bool)] {
            #expect(try isOpened(history, size, by: signers[0]) == old, "\(size)")
            #expect(try isOpened(history, size, by: signers[1]) == new, "\(size)")
        }
        #expect(history.current.version == 3)
    }

    @Test func `what does not follow is not taken`() throws {
        let (first, second, third) = (
            try root(1, logKeys: [0]), try root(2, logKeys: [0]), try root(3, logKeys: [0])
        )
        var history = RootHistory(try TrustRoot.verify(first))
        let isForeign = history.opened(under: second.payloadDigest)
        #expect(!isForeign)
        let isOwn = history.opened(under: first.payloadDigest)
        #expect(isOwn)
        #expect(history.changed(changed(second, 2), nil, at: 5) != nil)
        #expect(history.changed(changed(second, 2), first.canonicalBytes, at: 5) != nil)
        #expect(history.changed(changed(third, 3), third.canonicalBytes, at: 5) == nil)
        #expect(history.changed(changed(second, 2), second.canonicalBytes, at: 6) != nil)
        #expect(history.changed(changed(third, 3), third.canonicalBytes, at: 7) != nil)
        #expect(history.roots.map(\.version) == [1, 3])
    }
}
