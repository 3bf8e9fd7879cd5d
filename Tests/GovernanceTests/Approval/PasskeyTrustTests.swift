// swift-format-ignore-file: NeverForceUnwrap
import CanonicalJSON
import Cryptography
import Governance
import TestSupport
import Testing

@testable import Attestation

@Suite struct `A passkey in the chain of trust` {
    /// The validator of a cast with a passkey beside the key.
    struct Scene {
        var cast: Cast
        var soft: SoftAuthenticator
        let passkey: Passkey

        init() throws {
            cast = try Cast()
            soft = try SoftAuthenticator()
            passkey = Self.passkey(soft.key.publicKey)
        }

        static func passkey(_ key: PublicKey) -> Passkey {
            Passkey(
                key: key, credentialID: [7, 7, 7], relyingParty: "example.com",
                origins: ["https://sign.example.com"])!
        }

        /// The assignment, signed by those keys, and by the passkey unless told otherwise.
        func endorsement(
            of passkey: Passkey? = nil, by soft: SoftAuthenticator? = nil,
            signedBy signers: [PrivateKey]
        ) throws -> Endorsement {
            let passkey = passkey ?? self.passkey
            let assignment = KeyAssignment(
                origin: TrustWorld.origin, principal: Cast.validator, kind: .person,
                credential: .passkey(passkey), previous: cast.validatorCredential,
                validFrom: TrustWorld.start, validUntil: TrustWorld.end)
            var envelope = try assignment.statement.sign(with: signers)
            if let soft {
                let made = try soft.sign(envelope.passkeyChallenge)
                envelope = envelope.adding(
                    PasskeyAssertion(
                        authenticatorData: made.authenticatorData,
                        clientDataJSON: made.clientDataJSON, signature: made.signature), by: passkey
                )
            }
            let read = try KeyAssignment(reading: Statement(parsing: envelope.payload))
            #expect(read == assignment)
            return Endorsement(
                .key(read), digest: envelope.payloadDigest,
                signers: envelope.signers(
                    among: signers.map { .key($0.publicKey) } + [.passkey(passkey)]),
                recordedAt: TrustWorld.start)
        }

        func problems(_ endorsement: Endorsement) -> [TrustProblem] {
            var chain = cast.world.chain
            chain.endorse(endorsement)
            return chain.problems[endorsement.digest] ?? []
        }
    }

    @Test func `is enrolled as keys are`() throws {
        let scene = try Scene()
        let good = try scene.endorsement(
            by: scene.soft, signedBy: [scene.cast.validatorKey, scene.cast.adminKey])
        #expect(scene.problems(good) == [])
        let unproven = try scene.endorsement(
            signedBy: [scene.cast.validatorKey, scene.cast.adminKey])
        #expect(scene.problems(unproven) == [.noPossession])
        let alone = try scene.endorsement(by: scene.soft, signedBy: [scene.cast.validatorKey])
        #expect(scene.problems(alone) == [.noAuthority])
        let behind = try scene.endorsement(by: scene.soft, signedBy: [scene.cast.adminKey])
        #expect(scene.problems(behind) == [.notByExistingKey])
    }

    @Test func `is not the second form of a key that is somebody's, or a custodian's`() throws {
        var scene = try Scene()
        // The passkey's own key as a plain one, and the other way round.
        let good = try scene.endorsement(
            by: scene.soft, signedBy: [scene.cast.validatorKey, scene.cast.adminKey])
        var chain = scene.cast.world.chain
        chain.endorse(good)
        let plain = KeyAssignment(
            origin: TrustWorld.origin, principal: Cast.validator, kind: .person,
            key: scene.soft.key.publicKey, previous: scene.cast.validatorCredential,
            validFrom: TrustWorld.start, validUntil: TrustWorld.end)
        let envelope = try plain.statement.sign(
            with: [scene.soft.key, scene.cast.validatorKey, scene.cast.adminKey])
        let endorsement = Endorsement(
            .key(plain), digest: envelope.payloadDigest,
            signers: [
                scene.soft.key.publicKey.id, scene.cast.validatorKey.publicKey.id,
                scene.cast.adminKey.publicKey.id,
            ], recordedAt: TrustWorld.start)
        chain.endorse(endorsement)
        #expect(chain.problems[endorsement.digest] == [.keyTaken])

        for taken in [scene.cast.validatorKey, scene.cast.world.custodian] {
            scene.soft.flags = 0b101
            let passkey = Scene.passkey(taken.publicKey)
            let assignment = KeyAssignment(
                origin: TrustWorld.origin, principal: Cast.validator, kind: .person,
                credential: .passkey(passkey), previous: scene.cast.validatorCredential,
                validFrom: TrustWorld.start, validUntil: TrustWorld.end)
            let endorsement = Endorsement(
                .key(assignment), digest: SHA256.hash(assignment.statement.payload),
                signers: [
                    passkey.id, scene.cast.validatorKey.publicKey.id,
                    scene.cast.adminKey.publicKey.id,
                ], recordedAt: TrustWorld.start)
            #expect(scene.problems(endorsement) == [.keyTaken])
        }
    }

    @Test func `speaks for its holder, as the factor that it is`() throws {
        let scene = try Scene()
        let good = try scene.endorsement(
            by: scene.soft, signedBy: [scene.cast.validatorKey, scene.cast.adminKey])
        var chain = scene.cast.world.chain
        chain.endorse(good)
        func problems(_ signer: KeyID, _ factor: SignatureFactor?) -> [TrustProblem] {
            chain.entitlement(
                of: Cast.validator, signers: [signer], role: .validator, namespace: Cast.namespace,
                assignment: scene.cast.validatorRole, factor: factor, at: SampleFacts.now
            ).problems
        }
        let key = scene.cast.validatorKey.publicKey.id
        #expect(problems(scene.passkey.id, .passkey) == [])
        #expect(problems(key, .key) == [])
        #expect(problems(scene.passkey.id, nil) == [])
        #expect(problems(scene.passkey.id, .key) == [.otherFactor])
        #expect(problems(key, .passkey) == [.otherFactor])
        // The key inside the passkey is nobody's by itself.
        #expect(problems(scene.soft.key.publicKey.id, .key) == [.unknownKey])

        #expect(chain.passkeys(of: Cast.validator, at: SampleFacts.now) == [scene.passkey])
        chain.revoke(.init(.key(scene.passkey.id), effectiveFrom: SampleFacts.days(-1)))
        #expect(chain.passkeys(of: Cast.validator, at: SampleFacts.now) == [])
        #expect(problems(scene.passkey.id, .passkey) == [.revoked])
    }

    @Test func `is a person's`() throws {
        let scene = try Scene()
        func reading(_ kind: PrincipalKind) throws -> KeyAssignment {
            let statement = KeyAssignment(
                origin: TrustWorld.origin, principal: Cast.validator, kind: kind,
                credential: .passkey(scene.passkey), validFrom: TrustWorld.start,
                validUntil: TrustWorld.end
            ).statement
            return try KeyAssignment(reading: statement)
        }
        #expect(try reading(.person).credential == .passkey(scene.passkey))
        #expect(throws: JSONFindings.self) { try reading(.service) }
    }
}
