// swift-format-ignore-file: NeverForceUnwrap, NeverUseForceTry
import Cryptography
import Governance
import Testing

@Suite struct `The trust chain` {
    @Test func `accepts a properly appointed validator`() throws {
        let cast = try Cast()
        let chain = cast.world.chain
        #expect(chain.problems.isEmpty)
        #expect(cast.entitlement() == [])
        let now = SampleFacts.now
        #expect(
            chain.holder(of: cast.validatorKey.publicKey.id, at: now)?.principal == Cast.validator)
        let roles = chain.roles(of: Cast.validator, in: Cast.namespace, at: now)
        #expect(roles.map(\.role) == [.validator])
        #expect(chain.roles(of: Cast.validator, in: Namespace("fraud")!, at: now).isEmpty)
        #expect(chain.person(of: Cast.validator) == chain.person(of: Cast.validatorPerson))
    }

    @Test func `refuses a role that its holder signed for`() throws {
        var cast = try Cast()
        let role = try cast.world.appoint(
            Cast.validator, person: Cast.validatorPerson, .complianceOfficer,
            credentials: [cast.validatorCredential], signedBy: [cast.validatorKey])
        #expect(cast.world.chain.problems[role] == [.needsTwoPersons, .noAuthority])
        #expect(
            cast.entitlement(role: .complianceOfficer, assignment: role) == [.assignmentUnknown])
    }

    @Test func `refuses an administrator's appointment of itself`() throws {
        var cast = try Cast()
        let weak = try cast.world.appoint(
            Cast.admin, person: Cast.adminPerson, .owner, credentials: [cast.adminCredential],
            signedBy: [cast.adminKey])
        let strong = try cast.world.appoint(
            Cast.admin, person: Cast.adminPerson, .validator, credentials: [cast.adminCredential],
            signedBy: [cast.adminKey, cast.world.custodian])
        #expect(cast.world.chain.problems[weak] == [.noAuthority, .selfAssigned])
        #expect(cast.world.chain.problems[strong] == [.needsTwoPersons, .selfAssigned])
    }

    @Test(arguments: Role.allCases)
    func `lets nobody alone give a role that approves or administers`(role: Role) throws {
        var cast = try Cast()
        let key = try PrivateKey.generate(.ecdsaP256)
        let credential = try cast.world.assign(
            key, to: Cast.stranger, signedBy: [key, cast.adminKey])
        let digest = try cast.world.appoint(
            Cast.stranger, person: Cast.strangerPerson, role, credentials: [credential],
            signedBy: [cast.adminKey])
        let expected: [TrustProblem]? =
            role.needsTwoSigners
            ? [.needsTwoPersons] : role.needsCustodian ? [.needsCustodian] : nil
        #expect(cast.world.chain.problems[digest] == expected)
    }

    @Test func `refuses a custodian alone, and a linked second administrator`() throws {
        var cast = try Cast()
        let alone = try cast.world.appoint(
            Cast.validator, person: Cast.validatorPerson, .riskOfficer,
            credentials: [cast.validatorCredential], signedBy: [cast.world.custodian])
        let second = try PrivateKey.generate(.ed25519)
        let credential = try cast.world.assign(
            second, to: Cast.stranger, signedBy: [second, cast.world.custodian])
        try cast.world.appoint(
            Cast.stranger, person: Cast.adminPerson, .administrator, credentials: [credential],
            signedBy: [cast.world.custodian])
        let twoHats = try cast.world.appoint(
            Cast.validator, person: Cast.validatorPerson, .riskOfficer,
            credentials: [cast.validatorCredential], signedBy: [cast.adminKey, second])
        #expect(cast.world.chain.problems[alone] == [.needsTwoPersons])
        #expect(cast.world.chain.problems[twoHats] == [.needsTwoPersons])
    }

    @Test func `counts a custodian key that a person holds as that person`() throws {
        var cast = try Cast()
        let custodian = cast.world.custodian
        try cast.world.assign(
            custodian, to: Cast.admin, signedBy: [custodian, cast.adminKey],
            previous: cast.adminCredential)
        // The administrator adding a key for itself has no other authority than itself.
        #expect(cast.world.chain.problems.values.joined().contains(.selfAssigned))
    }

    @Test func `refuses a second first key, and a further one without an existing key`() throws {
        var cast = try Cast()
        let forged = try PrivateKey.generate(.ed25519)
        let first = try cast.world.assign(
            forged, to: Cast.validator, signedBy: [forged, cast.adminKey])
        let added = try cast.world.assign(
            forged, to: Cast.validator, signedBy: [forged, cast.adminKey],
            previous: cast.validatorCredential)
        let foreign = try cast.world.assign(
            forged, to: Cast.validator, signedBy: [forged, cast.adminKey, cast.validatorKey],
            previous: cast.adminCredential)
        #expect(cast.world.chain.problems[first] == [.alreadyHasKey])
        #expect(cast.world.chain.problems[added] == [.notByExistingKey])
        #expect(cast.world.chain.problems[foreign] == [.previousUnknown])
        #expect(cast.entitlement(signers: [forged]) == [.unknownKey])
    }

    @Test func `accepts a further key signed by an existing one, for the same roles`() throws {
        var cast = try Cast()
        let further = try PrivateKey.generate(.ed25519)
        let digest = try cast.world.assign(
            further, to: Cast.validator, signedBy: [further, cast.adminKey, cast.validatorKey],
            previous: cast.validatorCredential)
        #expect(cast.world.chain.problems[digest] == nil)
        #expect(cast.entitlement(signers: [further]) == [])
        // Revoking the first later does not take the second's word.
        cast.world.revocations = [
            TrustRevocation(.key(cast.validatorKey.publicKey.id), effectiveFrom: SampleFacts.now)
        ]
        #expect(cast.entitlement(signers: [further]) == [])
    }

    @Test func `refuses a role whose credentials do not cover the key`() throws {
        var cast = try Cast()
        let further = try PrivateKey.generate(.ed25519)
        let digest = try cast.world.assign(
            further, to: Cast.validator, signedBy: [further, cast.adminKey, cast.validatorKey],
            previous: cast.validatorCredential)
        let role = try cast.world.appoint(
            Cast.validator, person: Cast.validatorPerson, .riskOfficer, credentials: [digest],
            signedBy: [cast.adminKey, cast.world.custodian])
        #expect(cast.entitlement(role: .riskOfficer, assignment: role) == [.keyNotCovered])
        #expect(cast.entitlement(signers: [further], role: .riskOfficer, assignment: role) == [])
    }

    @Test func `refuses a key without possession, twice, or for another principal`() throws {
        var cast = try Cast()
        let key = try PrivateKey.generate(.ed25519)
        let stolen = try cast.world.assign(
            key, to: SampleFacts.principal(9), signedBy: [cast.adminKey])
        let taken = try cast.world.assign(
            cast.validatorKey, to: Cast.stranger, signedBy: [cast.validatorKey, cast.adminKey])
        let nobody = try cast.world.assign(
            key, to: Cast.stranger, signedBy: [key, cast.validatorKey])
        let role = try cast.world.appoint(
            Cast.stranger, person: Cast.strangerPerson, .owner,
            credentials: [cast.validatorCredential], signedBy: [cast.adminKey])
        #expect(cast.world.chain.problems[stolen] == [.noPossession])
        #expect(cast.world.chain.problems[taken] == [.keyTaken])
        #expect(cast.world.chain.problems[nobody] == [.noAuthority])
        #expect(cast.world.chain.problems[role] == [.credentialUnknown])
    }

    @Test func `refuses statements made for another log`() throws {
        var cast = try Cast()
        let key = try PrivateKey.generate(.ed25519)
        let credential = try cast.world.assign(
            key, to: Cast.stranger, signedBy: [key, cast.adminKey], origin: "other.example/log")
        let role = try cast.world.appoint(
            Cast.validator, person: Cast.validatorPerson, .owner,
            credentials: [cast.validatorCredential], signedBy: [cast.adminKey],
            origin: "other.example/log")
        #expect(cast.world.chain.problems[credential] == [.wrongOrigin])
        #expect(cast.world.chain.problems[role] == [.wrongOrigin])
    }

    @Test func `keeps an administrator within its own pattern`() throws {
        var cast = try Cast()
        let key = try PrivateKey.generate(.ed25519)
        let credential = try cast.world.assign(
            key, to: Cast.stranger, signedBy: [key, cast.world.custodian])
        try cast.world.appoint(
            Cast.stranger, person: Cast.strangerPerson, .administrator, in: "credit",
            credentials: [credential], signedBy: [cast.world.custodian])
        let inside = try cast.world.appoint(
            Cast.validator, person: Cast.validatorPerson, .owner, in: "credit",
            credentials: [cast.validatorCredential], signedBy: [key])
        let outside = try cast.world.appoint(
            Cast.validator, person: Cast.validatorPerson, .owner, in: "**",
            credentials: [cast.validatorCredential], signedBy: [key])
        #expect(cast.world.chain.problems[inside] == nil)
        #expect(cast.world.chain.problems[outside] == [.noAuthority])
    }

    @Test func `keeps services from approving`() throws {
        var cast = try Cast()
        let key = try PrivateKey.generate(.ed25519)
        let credential = try cast.world.assign(
            key, to: Cast.stranger, signedBy: [key, cast.adminKey], kind: .service)
        let role = try cast.world.appoint(
            Cast.stranger, person: Cast.strangerPerson, .validator, credentials: [credential],
            signedBy: [cast.adminKey, cast.world.custodian])
        #expect(cast.world.chain.problems[role] == [.serviceCannot])
    }

    @Test func `keeps whoever administers from approving, through links`() throws {
        var cast = try Cast()
        let key = try PrivateKey.generate(.ed25519)
        let credential = try cast.world.assign(
            key, to: Cast.stranger, signedBy: [key, cast.world.custodian])
        #expect(cast.entitlement() == [])
        try cast.world.appoint(
            Cast.stranger, person: Cast.validatorPerson, .administrator,
            credentials: [credential], signedBy: [cast.world.custodian])
        #expect(cast.entitlement() == [.administers])
    }

    @Test func `believes a link, which takes back what one person signed for itself`() throws {
        var cast = try Cast()
        cast.world.links = [(Cast.validatorPerson, Cast.adminPerson)]
        #expect(cast.world.chain.problems[cast.validatorCredential] == [.selfAssigned])
        #expect(
            cast.world.chain.problems[cast.validatorRole]
                == [.credentialUnknown, .needsTwoPersons, .selfAssigned])
        var other = try Cast()
        other.world.links = [(Cast.stranger, Cast.validator)]
        #expect(other.entitlement() == [])
    }

    @Test func `takes the same payload again with more signatures, and never with fewer`() throws {
        var cast = try Cast()
        let appoint = { (cast: inout Cast, signers: [PrivateKey]) in
            try cast.world.appoint(
                Cast.validator, person: Cast.validatorPerson, .riskOfficer,
                credentials: [cast.validatorCredential], signedBy: signers)
        }
        let both = [cast.adminKey, cast.world.custodian]
        let digest = try appoint(&cast, [cast.adminKey])
        #expect(cast.world.chain.problems[digest] == [.needsTwoPersons])
        _ = try appoint(&cast, both)
        #expect(cast.world.chain.problems[digest] == nil)
        _ = try appoint(&cast, [cast.adminKey])
        #expect(cast.world.chain.problems[digest] == nil)
        #expect(cast.entitlement(role: .riskOfficer, assignment: digest) == [])
    }

    @Test func `asks every question of an approval's signer`() throws {
        let cast = try Cast()
        let stranger = try PrivateKey.generate(.ed25519)
        #expect(cast.entitlement(signers: [stranger]) == [.unknownKey])
        #expect(cast.entitlement(of: Cast.stranger) == [.unknownKey, .wrongPrincipal])
        #expect(cast.entitlement(role: .complianceOfficer) == [.wrongRole])
        #expect(cast.entitlement(in: Namespace("fraud")!) == [.wrongNamespace])
        #expect(cast.entitlement(assignment: cast.validatorCredential) == [.assignmentUnknown])
        #expect(
            cast.entitlement(assignment: cast.adminRole)
                == [.keyNotCovered, .wrongPrincipal, .wrongRole])
        let late = TrustWorld.end.adding(seconds: 1)
        #expect(cast.entitlement(at: late) == [.notValidThen, .unknownKey])
    }

    @Test func `ends with a revocation, from its moment on`() throws {
        let before = SampleFacts.now.adding(milliseconds: -1)
        var keyRevoked = try Cast()
        keyRevoked.world.revocations = [
            TrustRevocation(
                .key(keyRevoked.validatorKey.publicKey.id), effectiveFrom: SampleFacts.now)
        ]
        #expect(keyRevoked.entitlement() == [.revoked])
        #expect(keyRevoked.entitlement(at: before) == [])
        var roleRevoked = try Cast()
        roleRevoked.world.revocations = [
            TrustRevocation(.assignment(roleRevoked.validatorRole), effectiveFrom: SampleFacts.now)
        ]
        #expect(roleRevoked.entitlement() == [.revoked])
        #expect(roleRevoked.entitlement(at: before) == [])
        #expect(
            roleRevoked.world.chain.roles(
                of: Cast.validator, in: Cast.namespace, at: SampleFacts.now) == [])
    }

    @Test func `does not let a revoked administrator appoint, and keeps what it did before`() throws
    {
        var cast = try Cast()
        cast.world.revocations = [
            TrustRevocation(.key(cast.adminKey.publicKey.id), effectiveFrom: SampleFacts.days(-50))
        ]
        let after = try cast.world.appoint(
            Cast.validator, person: Cast.validatorPerson, .owner,
            credentials: [cast.validatorCredential], signedBy: [cast.adminKey],
            at: SampleFacts.days(-49))
        #expect(cast.world.chain.problems[after] == [.noAuthority])
        #expect(cast.entitlement() == [])
    }

    @Test func `does not let later statements justify earlier ones`() throws {
        let cast = try Cast()
        let reversed = TrustChain(
            anchor: TrustAnchor(
                origin: TrustWorld.origin, custodians: [cast.world.custodian.publicKey.id]),
            endorsements: cast.world.endorsements.reversed())
        #expect(reversed.problems[cast.validatorRole]?.contains(.credentialUnknown) == true)
    }
}
