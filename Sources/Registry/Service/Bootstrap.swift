// The first entries of a log, written before anybody serves it.

internal import Attestation
internal import CanonicalJSON
internal import Cryptography
internal import Database
internal import Governance
internal import TransparencyLog

/// Writes the opening entries, and for a first try the first people.
struct Bootstrap: Sendable {
    let directory: DataDirectory
    let root: TrustRoot
    let access: DatabaseAccess
    let clock: Clock
    let policies: String?

    /// Entry 0, what is taken over from a former log, and the policy pack.
    func openEntries(
        packStatement: Envelope?, custodian: PrivateKey?,
        recovery: (survey: Survey, statement: Envelope)?
    ) async throws {
        let files = try PackFiles.load(folder: policies)
        let pack: PolicyPack
        do {
            pack = try PolicyPack.parse(files)
        } catch {
            throw InitialisationError(
                "the policy pack is not acceptable: \(error.findings.map(\.description))")
        }
        let envelope: Envelope
        if let packStatement {
            envelope = packStatement
        } else if let custodian {
            envelope = try PackStatement(
                pack, files: files, origin: root.origin, predecessor: nil
            ).statement.sign(with: [custodian])
        } else {
            throw InitialisationError("a signed statement over the policy pack is needed")
        }
        let document = PackFiles.document(files)
        let signed = try PackStore(root: root).verify(envelope, files: document)
        guard signed.isSigned else {
            throw InitialisationError("the policy pack is not signed by the custodians' threshold")
        }
        if let problem = pack.problemOfNames {
            throw InitialisationError("the policy pack has rules of reserved names: \(problem)")
        }
        if let problem = pack.problem(under: root) {
            throw InitialisationError("\(problem): `activation` in pack.yaml says how many")
        }
        if let problem = signed.statement.problems(after: nil).first {
            throw InitialisationError("the policy pack cannot be the first of a log: \(problem)")
        }
        let vkey = root.logKeys[0].key
        // Whoever has a later root finds the first one here, and how the one follows from the other.
        let signedRoot = try File.read(directory.root, limit: 1 << 20)
        try await write(
            Act(
                .logOpened(
                    LogOpened(
                        verifierKey: vkey, trustRoot: root.digest, trustRootVersion: root.version,
                        policy: pack.digest, development: root.development)),
                documents: [signedRoot]),
            Subjects(written: [Subjects.service]))
        if let recovery { try await takeOver(recovery.survey, recovery.statement) }
        let statement = envelope.canonicalBytes
        try await write(
            Act(
                .policyActivated(
                    PolicyActivated(
                        name: pack.name, version: "\(pack.version)", digest: pack.digest,
                        statement: envelope.payloadDigest, document: SHA256.hash(statement),
                        files: SHA256.hash(document), predecessor: nil)),
                documents: [statement, document]),
            Subjects(written: [Subjects.policy]))
    }

    /// Names the former log, then says what of it restricts; nothing that permits is taken over.
    private func takeOver(_ survey: Survey, _ envelope: Envelope) async throws {
        let document = envelope.canonicalBytes
        let recovery = try LogRecovery(reading: Statement(parsing: envelope.payload))
        try await write(
            Act(
                .logRecovered(
                    LogRecovered(
                        formerOrigin: recovery.formerOrigin,
                        formerTrustRoot: recovery.formerTrustRoot,
                        pinnedSize: recovery.pinned.size, pinnedRoot: recovery.pinned.root,
                        survivingSize: recovery.surviving.size,
                        survivingRoot: recovery.surviving.root,
                        lostFrom: recovery.lost.lowerBound, lostTo: recovery.lost.upperBound,
                        statement: envelope.payloadDigest, document: SHA256.hash(document),
                        reason: recovery.reason)),
                documents: [document, survey.rootEnvelope.canonicalBytes]),
            Subjects(written: [Subjects.service]))
        for restriction in survey.restrictions {
            try await write(
                Act(.restrictionCarried(restriction)), Subjects(written: [Subjects.service]))
        }
        for revocation in survey.revocations {
            try await write(
                Act(.keyRevoked(revocation)),
                Subjects(written: [Subjects.principal(revocation.principal)]))
        }
    }

    /// Records a key or role assignment that custodians have signed.
    func record(_ envelope: Envelope) async throws {
        let document = envelope.canonicalBytes
        guard let read = IdentityBook.read(document) else {
            throw InitialisationError("an assignment is neither of a key nor of a role")
        }
        let (statement, stored) = (read.digest, SHA256.hash(document))
        switch read.assignment {
        case .key(let key):
            let subject = Subjects(written: [Subjects.principal(key.principal)])
            try await write(
                Act(
                    .principalRegistered(
                        PrincipalRegistered(
                            principal: key.principal, kind: key.kind, person: key.principal,
                            name: nil))),
                subject)
            try await write(
                Act(
                    .keyAssigned(
                        KeyAssigned(
                            principal: key.principal, key: key.credential.id, statement: statement,
                            document: stored, validFrom: key.validFrom, validUntil: key.validUntil)),
                    documents: [document]), subject)
        case .role(let role):
            try await write(
                Act(
                    .roleAssigned(
                        RoleAssigned(
                            principal: role.principal, person: role.person, role: role.role,
                            namespace: role.namespace, statement: statement, document: stored,
                            validFrom: role.validFrom, validUntil: role.validUntil)),
                    documents: [document]),
                Subjects(written: [Subjects.principal(role.principal)]))
        case .delegation:
            throw InitialisationError("a delegation is no assignment by custodians")
        }
    }

    /// Development: an administrator with a key, an auditor, and a token for each.
    func makeFirstPeople(custodian: PrivateKey, now: Timestamp) async throws -> PrincipalID? {
        let administrator = try await makePerson("administrator", .administrator, custodian, now)
        _ = try await makePerson("auditor", .auditor, custodian, now)
        return administrator
    }

    /// A first token for each administrator, which must not outlive the handing over: a day.
    func issueTokens(to principals: [PrincipalID], now: Timestamp) async throws {
        guard !principals.isEmpty else { return }
        try File.makeFolder(directory.credentials)
        for principal in principals {
            try await issueToken(
                to: principal, until: now.adding(seconds: 86_400), as: "\(principal)")
        }
    }

    private func issueToken(
        to principal: PrincipalID, until: Timestamp, as name: String
    ) async throws {
        let secret = "imp_" + Base64.urlEncode(Random.bytes(32))
        try await write(
            Act(
                .tokenIssued(
                    TokenIssued(
                        token: Registry.makeID("t-", bytes: 8), principal: principal,
                        hash: SHA256.hash(Array(secret.utf8)), expiresAt: until))),
            Subjects(written: [Subjects.principal(principal)]))
        try File.create(
            directory.credentials + "/\(name).token", Array((secret + "\n").utf8), mode: 0o600)
    }

    private func makePerson(
        _ name: String, _ role: Role, _ custodian: PrivateKey, _ now: Timestamp
    ) async throws -> PrincipalID? {
        guard let principal = PrincipalID(bytes: Random.bytes(8)) else { return nil }
        let key = try PrivateKey.generate(.ecdsaP256)
        let until = now.adding(seconds: 365 * 86_400)
        let keyStatement = try KeyAssignment(
            origin: root.origin, principal: principal, kind: .person, key: key.publicKey,
            validFrom: now, validUntil: until
        ).statement.sign(with: [key, custodian])
        try await record(keyStatement)
        let roleStatement = try RoleAssignment(
            origin: root.origin, principal: principal, person: principal, role: role,
            namespace: .everything, credentials: [keyStatement.payloadDigest], validFrom: now,
            validUntil: until
        ).statement.sign(with: [custodian])
        try await record(roleStatement)
        try KeyFile.create(directory.credentials + "/\(name).pem", key)
        try await issueToken(to: principal, until: until, as: name)
        return principal
    }

    private func write(_ act: Act, _ subjects: Subjects) async throws {
        let database = Database(
            access.writer, settings: .init(maxConnections: 1, connection: access.writing))
        let writer = Writer(
            database: database, origin: root.origin,
            signer: EntrySigner(key: try KeyFile.load(directory.serviceKey)), clock: clock,
            context: DecisionContext())
        _ = try await writer.write(
            Request(caller: nil, id: Registry.makeID("init-", bytes: 8)), subjects
        ) { _, _ in act }
        await database.closeIdle()
    }
}
