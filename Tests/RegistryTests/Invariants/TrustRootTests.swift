// Section 3, trust root: who may say what is itself said by a threshold, and never goes back.

import Attestation
import CanonicalJSON
import Cryptography
import Governance
import Testing
import TransparencyLog

@Suite struct `The trust root` {
    static let day: Int64 = 86_400
    let issued: Timestamp
    let custodians: [PrivateKey]
    let successors: [PrivateKey]
    let keys: [PrivateKey]
    let verifierKey: String

    init() throws {
        issued = try #require(Timestamp("2026-11-21T08:00:00.000Z"))
        custodians = try (0..<3).map { _ in try PrivateKey.generate(.ecdsaP256) }
        successors = try (0..<2).map { _ in try PrivateKey.generate(.ed25519) }
        keys = try (0..<2).map { _ in try PrivateKey.generate(.ed25519) }
        let name = try #require(KeyName("example.com/log"))
        verifierKey = try NoteSigner(name: name, key: PrivateKey.generate(.ed25519)).verifierKey
            .text
    }

    private func draft(_ edit: (inout TrustRoot.Draft) -> Void = { _ in }) -> TrustRoot.Draft {
        let until = issued.adding(seconds: 365 * Self.day)
        var draft = TrustRoot.Draft(
            origin: "example.com/log", development: false, issuedAt: issued, expiresAt: until,
            custodians: custodians.map(\.publicKey), threshold: 2,
            logKeys: [.init(verifierKey, from: issued, until: until)],
            permitKeys: [
                .init(keys[0].publicKey, from: issued, until: issued.adding(seconds: 90 * Self.day))
            ], serviceKeys: [.init(keys[1].publicKey, from: issued, until: until)])
        edit(&draft)
        return draft
    }

    private func signed(_ draft: TrustRoot.Draft, by keys: [PrivateKey]) throws -> Envelope {
        try Envelope.sign(draft.payload, type: TrustRoot.payloadType, with: keys)
    }

    private func problems(
        _ envelope: Envelope, succeeding root: TrustRoot? = nil
    ) -> [String] {
        do throws(TrustRootError) {
            _ = try TrustRoot.verify(envelope, succeeding: root)
            return []
        } catch {
            return error.problems
        }
    }

    @Test func `signed by its threshold, it holds`() throws {
        for signers in [[0, 1], [1, 2], [0, 1, 2]] {
            let root = try TrustRoot.verify(signed(draft(), by: signers.map { custodians[$0] }))
            #expect(root.threshold == 2)
            #expect(!root.development)
            #expect(root.digest == SHA256.hash(draft().payload))
        }
    }

    @Test func `one signature of two is refused, and the same one twice is one`() throws {
        #expect(!problems(try signed(draft(), by: [custodians[0]])).isEmpty)
        #expect(!problems(try signed(draft(), by: [])).isEmpty)
        #expect(!problems(try signed(draft(), by: [custodians[0], keys[0]])).isEmpty)
        let once = try signed(draft(), by: [custodians[0]])
        #expect(!problems(once.adding(once.signatures[0])).isEmpty)
        #expect(!problems(try once.adding(signatureBy: custodians[0])).isEmpty)
    }

    @Test func `a rotation is signed by the old and the new threshold`() throws {
        let first = try TrustRoot.verify(signed(draft(), by: custodians))
        let second = draft {
            $0.version = 2
            $0.custodians = successors.map(\.publicKey)
        }
        let both = successors + custodians.prefix(2)
        #expect(problems(try signed(second, by: both), succeeding: first) == [])
        #expect(!problems(try signed(second, by: successors), succeeding: first).isEmpty)
        #expect(
            !problems(try signed(second, by: successors + [custodians[0]]), succeeding: first)
                .isEmpty)
        #expect(
            !problems(try signed(second, by: [successors[0]] + custodians), succeeding: first)
                .isEmpty)
    }

    @Test(arguments: [(2, true), (9, true), (1, false)])
    func `only a higher version follows`(version: Int64, follows: Bool) throws {
        let first = try TrustRoot.verify(signed(draft(), by: custodians))
        let next = try signed(draft { $0.version = version }, by: custodians)
        #expect(problems(next, succeeding: first).isEmpty == follows)
    }

    @Test func `another log's root does not follow`() throws {
        let first = try TrustRoot.verify(signed(draft(), by: custodians))
        let other = draft {
            $0.version = 2
            $0.origin = "example.com/other"
        }
        #expect(!problems(try signed(other, by: custodians), succeeding: first).isEmpty)
    }

    @Test func `a permit key is certified for ninety days at most`() throws {
        func root(_ seconds: Int64) throws -> Envelope {
            try signed(
                draft {
                    $0.permitKeys = [
                        .init(
                            keys[0].publicKey, from: issued, until: issued.adding(seconds: seconds))
                    ]
                }, by: custodians)
        }
        #expect(problems(try root(90 * Self.day)) == [])
        #expect(!problems(try root(90 * Self.day + 1)).isEmpty)
    }

    @Test func `a threshold of one is for development only`() throws {
        let lone = draft { $0.threshold = 1 }
        #expect(!problems(try signed(lone, by: custodians)).isEmpty)
        let development = draft {
            $0.threshold = 1
            $0.development = true
        }
        #expect(problems(try signed(development, by: custodians)) == [])
    }

    @Test func `contradictions are refused`() throws {
        let contradictions: [TrustRoot.Draft] = [
            draft { $0.threshold = 4 },
            draft { $0.threshold = 0 },
            draft { $0.custodians.append($0.custodians[0]) },
            draft { $0.expiresAt = issued },
            draft { $0.serviceKeys = $0.permitKeys },
            draft { $0.custodians[0] = keys[1].publicKey },
            draft { $0.logKeys = [.init("no key", from: issued, until: issued)] },
            draft { $0.version = 0 },
            draft { $0.permitKeys = [] },
        ]
        for contradiction in contradictions {
            #expect(!problems(try signed(contradiction, by: custodians)).isEmpty)
        }
    }

    @Test func `another payload type, form or member is refused`() throws {
        let payload = draft().payload
        #expect(
            !problems(try Envelope.sign(payload, type: "application/json", with: custodians))
                .isEmpty)
        let json = try JSON(parsing: payload)
        let pretty = try Envelope.sign(
            json.prettyBytes, type: TrustRoot.payloadType, with: custodians)
        #expect(!problems(pretty).isEmpty)
        let more = JSON.object((json.object ?? [:]).merging(["more": 1]) { $1 })
        let unknown = try Envelope.sign(
            more.canonicalBytes, type: TrustRoot.payloadType, with: custodians)
        #expect(!problems(unknown).isEmpty)
    }
}
