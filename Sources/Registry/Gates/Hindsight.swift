// "Was this deployment valid on that day?" and "would it have been permitted, had we known?"
//
// A decision stands in the log with its facts. What may have become known since are revocations that
// take effect before somebody signed, and documents that are gone. So the facts are taken as they were
// recorded, with what each signature is worth by what is known now in place of what it was worth then, and
// decided again by the same pack for the same moment. A signature that the log took before a revocation took
// effect stays what it was: the log's time is authentic, the signer's is not.
//
// That an agent computed a digest counts as far as the snapshot that says so does; facts of before
// the statement was named in them keep what they say.

internal import Attestation
internal import CanonicalJSON
internal import Cryptography
internal import Database
internal import Governance

extension Registry {
    /// The decision that permitted a deployment, made again by what is known now; nil when what it
    /// rested on cannot be had any more, or the deployment is unknown.
    ///
    /// - Parameter time: the moment that is asked about: what was tolerated as legacy is so until its date,
    ///   and what was waived until the waiver ends.
    func judgeAgain(
        _ deployment: String, _ dossier: Dossier, at time: Timestamp, _ db: borrowing Connection
    ) throws -> Decision? {
        let row = try db.oneOrNil(
            """
            SELECT r.facts, r.policy, r.at FROM registry.deployment d
            JOIN registry.decision r ON r.digest = d.decision
            WHERE d.id = \(deployment) AND d.version = \(dossier.row.reference.description)
            """, as: ([UInt8], [UInt8], SQLTimestamp).self)
        guard let row, let digest = SHA256Digest(bytes: row.0),
            let policy = SHA256Digest(bytes: row.1), let pack = try packs.pack(policy, db),
            let bytes = try Documents.load([digest], db)[digest],
            let facts = try? JSON(parsing: bytes)
        else { return nil }
        let isVouched = try isVouched(facts, dossier, db)
        return pack.pack.decide(
            gate: .deploy, subject: .version(dossier.row.reference),
            facts: dossier.reconsidered(facts, at: time, isVouched: isVouched),
            now: Timestamp(row.2), tolerating: max(time, Timestamp(row.2)))
    }

    /// Whether the snapshot by which an agent vouched for a digest counts by what is known now. When it
    /// was taken says the log: a row could say that it was before a key was stolen.
    private func isVouched(
        _ facts: JSON, _ dossier: Dossier, _ db: borrowing Connection
    ) throws -> Bool {
        guard let stated = facts["artifact"]?["digestStatement"]?.string else { return true }
        guard let statement = SHA256Digest(hex: stated) else { return false }
        guard let taken = dossier.snapshot.fold.sighting(statement) else { return false }
        let document = taken.document
        guard let bytes = try documentCache.load([document], db)[document],
            let reading = documentCache.snapshot(StoredDocument(bytes, digest: document)),
            reading.digest == statement
        else { return false }
        let keys = documentCache.signers(
            of: reading.envelope, document: document, dossier.snapshot.identities)
        return reading.snapshot.problems(
            origin: root.origin, keys: keys, chain: dossier.chain, at: taken.at
        ).isEmpty
    }
}

extension Dossier {
    /// Recorded facts with what signatures are worth by what is known now.
    ///
    /// - Parameters:
    ///   - time: what a reviewer found of an emergency counts from when the log took it.
    ///   - isVouched: whether an agent's word for the digest counts, where there is one.
    func reconsidered(_ facts: JSON, at time: Timestamp, isVouched: Bool) -> JSON {
        guard var members = facts.object else { return facts }
        members["approvals"] = .array(
            (members["approvals"]?.array ?? []).map { fact in
                let now = approvals.first { $0.digest.hex == fact["digest"]?.string }
                guard let now else {
                    return fact.with(["valid": false, "problems": ["document-missing"]])
                }
                return fact.with([
                    "valid": .bool(now.valid), "problems": .array(now.problems.map(JSON.string)),
                ])
            })
        members["evaluations"] = .array(
            (members["evaluations"]?.array ?? []).map { fact in
                let now = evaluations.first { $0.digest.hex == fact["digest"]?.string }
                guard let now else {
                    return fact.with(["verified": false, "problems": ["document-missing"]])
                }
                return fact.with([
                    "verified": .bool(now.verified),
                    "problems": .array(now.problems.map(JSON.string)),
                ])
            })
        // An import permits: it counts as far as its statement does by what is known now.
        if let stated = members["legacy"]?["statement"]?.string,
            !legacy.contains(where: { $0.statement.hex == stated })
        {
            members["legacy"] = nil
        }
        if let recorded = members["waivers"]?.array {
            members["waivers"] = .array(
                recorded.map { fact in
                    let now = waivers.first { $0.digest.hex == fact["digest"]?.string }
                    return fact.with([
                        "problems": .array(
                            (now?.problems.filter { $0 != WaiverProblem.anotherPolicy.rawValue }
                                ?? ["document-missing"]).map(JSON.string))
                    ])
                })
        }
        if let recorded = members["breakGlass"]?.array {
            members["breakGlass"] = .array(
                recorded.map { fact in
                    let now = emergencies.first {
                        $0.event.statement.hex == fact["digest"]?.string
                    }
                    let problems = now?.lasting(at: time) ?? ["document-missing"]
                    return fact.with(["problems": .array(problems.map(JSON.string))])
                })
        }
        if let recorded = members["tierDetermination"], let digest = recorded["statement"]?.string {
            members["tierDetermination"] = recorded.with([
                "problems": .array(tiers.lasting(digest).map(JSON.string))
            ])
        }
        if let artifact = members["artifact"] {
            var changes = ["signature": signature.json]
            if !isVouched {
                let claimed = ArtifactFact.DigestSource.callerClaimed
                changes["digestSource"] = .string(claimed.rawValue)
            }
            members["artifact"] = artifact.with(changes)
        }
        return .object(members)
    }
}

extension JSON {
    /// The object with other values for some members.
    fileprivate func with(_ changes: [String: JSON]) -> JSON {
        guard let members = object else { return self }
        return .object(members.merging(changes) { _, change in change })
    }
}
