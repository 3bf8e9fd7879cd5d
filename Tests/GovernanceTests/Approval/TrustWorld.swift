// swift-format-ignore-file: NeverForceUnwrap, NeverUseForceTry
import Attestation
import CanonicalJSON
import Cryptography
import Governance
import Testing

/// A small organisation whose statements are really signed, one key per call.
struct TrustWorld {
    static let origin = "example.com/log"
    static let start = SampleFacts.days(-100)
    static let end = SampleFacts.days(265)

    let custodian: PrivateKey
    private(set) var endorsements: [Endorsement] = []
    var revocations: [TrustRevocation] = []
    var links: [(principal: PrincipalID, person: PrincipalID)] = []

    init() throws { custodian = try PrivateKey.generate(.ed25519) }

    var chain: TrustChain {
        TrustChain(
            anchor: TrustAnchor(
                origin: Self.origin, custodians: [custodian.publicKey.id]),
            endorsements: endorsements, revocations: revocations, links: links)
    }

    /// Signs and records a key assignment; answers its digest.
    @discardableResult
    mutating func assign(
        _ key: PrivateKey, to principal: PrincipalID, signedBy signers: [PrivateKey],
        previous: SHA256Digest? = nil, kind: PrincipalKind = .person,
        origin: String = TrustWorld.origin, at time: Timestamp = TrustWorld.start
    ) throws -> SHA256Digest {
        let assignment = KeyAssignment(
            origin: origin, principal: principal, kind: kind, key: key.publicKey,
            previous: previous, validFrom: Self.start, validUntil: Self.end)
        return try record(assignment.statement, signers, at: time) {
            .key(try KeyAssignment(reading: $0))
        }
    }

    /// Signs and records a role assignment; answers its digest.
    @discardableResult
    mutating func appoint(
        _ principal: PrincipalID, person: PrincipalID, _ role: Role, in namespace: String = "**",
        credentials: [SHA256Digest], signedBy signers: [PrivateKey],
        origin: String = TrustWorld.origin, until: Timestamp = TrustWorld.end,
        at time: Timestamp = TrustWorld.start
    ) throws -> SHA256Digest {
        let assignment = RoleAssignment(
            origin: origin, principal: principal, person: person, role: role,
            namespace: try #require(NamespacePattern(namespace)), credentials: credentials,
            validFrom: Self.start, validUntil: until)
        return try record(assignment.statement, signers, at: time) {
            .role(try RoleAssignment(reading: $0))
        }
    }

    /// Signs and records a delegation; answers its digest.
    mutating func delegate(
        _ delegation: Delegation, signedBy signers: [PrivateKey], at time: Timestamp
    ) throws -> SHA256Digest {
        try record(delegation.statement, signers, at: time) {
            .delegation(try Delegation(reading: $0))
        }
    }

    private mutating func record(
        _ statement: Statement, _ signers: [PrivateKey], at time: Timestamp,
        _ read: (Statement) throws -> Endorsement.Assignment
    ) throws -> SHA256Digest {
        let envelope = try statement.sign(with: signers)
        let verified = try #require(
            envelope.verifyStatement(with: signers.map(\.publicKey)).statement)
        endorsements.append(
            Endorsement(
                try read(verified.statement), digest: verified.payloadDigest,
                signers: verified.signers, recordedAt: time))
        return verified.payloadDigest
    }
}

/// The people of a world with an administrator and a validator, properly appointed.
struct Cast {
    var world: TrustWorld
    let adminKey: PrivateKey
    let validatorKey: PrivateKey
    let adminCredential: SHA256Digest
    let validatorCredential: SHA256Digest
    let adminRole: SHA256Digest
    let validatorRole: SHA256Digest

    static let admin = SampleFacts.principal(1)
    static let adminPerson = SampleFacts.principal(101)
    static let validator = SampleFacts.principal(2)
    static let validatorPerson = SampleFacts.principal(102)
    static let stranger = SampleFacts.principal(3)
    static let strangerPerson = SampleFacts.principal(103)
    static let namespace = Namespace("credit")!

    init() throws {
        world = try TrustWorld()
        adminKey = try PrivateKey.generate(.ed25519)
        validatorKey = try PrivateKey.generate(.ed25519)
        adminCredential = try world.assign(
            adminKey, to: Self.admin, signedBy: [adminKey, world.custodian])
        adminRole = try world.appoint(
            Self.admin, person: Self.adminPerson, .administrator,
            credentials: [adminCredential], signedBy: [world.custodian])
        validatorCredential = try world.assign(
            validatorKey, to: Self.validator, signedBy: [validatorKey, adminKey])
        validatorRole = try world.appoint(
            Self.validator, person: Self.validatorPerson, .validator, in: "credit",
            credentials: [validatorCredential], signedBy: [adminKey, world.custodian])
    }

    /// Whether the validator's word counts; the defaults are the case that does.
    func entitlement(
        of principal: PrincipalID = Cast.validator, signers: [PrivateKey]? = nil,
        role: Role = .validator, in namespace: Namespace = Cast.namespace,
        assignment: SHA256Digest? = nil, at time: Timestamp = SampleFacts.now
    ) -> [TrustProblem] {
        world.chain.entitlement(
            of: principal, signers: Set((signers ?? [validatorKey]).map(\.publicKey.id)),
            role: role, namespace: namespace, assignment: assignment ?? validatorRole, at: time
        ).problems
    }
}
