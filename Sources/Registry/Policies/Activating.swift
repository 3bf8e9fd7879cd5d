// Puts a policy pack in force: signed by the custodians' threshold, after the one that it replaces.

package import Attestation
internal import CanonicalJSON
internal import Cryptography
internal import Database
internal import Governance

extension Registry {
    /// Activates a pack; everybody who decides holds the subject `policy`, so none decides meanwhile.
    ///
    /// - Parameter files: the pack's files as one document.
    package func activatePolicy(
        _ envelope: Envelope, files: [UInt8], _ request: Request
    ) async throws -> Outcome {
        let caller = try caller(of: request)
        try requireAdministrator(caller)
        let signed = try readPack(envelope, files)
        if let problem = signed.pack.problemOfNames {
            throw Refusal(
                .unprocessable, "policy-names", "The pack has rules of reserved names: \(problem).",
                hint: "Give these rules other ids.")
        }
        if let problem = signed.pack.problem(under: root) {
            throw Refusal(
                .unprocessable, "policy-custodians", "It could not be replaced: \(problem).",
                hint:
                    "Ask for fewer in pack.yaml, or add custodians first: `imprimatur root renew`.")
        }
        let subjects = Subjects(
            written: [Subjects.policy], read: [Subjects.principal(caller.principal)])
        return try await record(request, subjects, alone: true) { db, now in
            let current = try packs.active(db)
            let inForce = current.map {
                (name: $0.pack.name, version: $0.pack.version, digest: $0.pack.digest)
            }
            let problems = signed.statement.problems(after: inForce)
            guard problems.isEmpty else {
                throw Refusal(
                    .conflict, "policy-not-next",
                    "The pack does not follow the one in force: "
                        + problems.joined(separator: "; ") + ".",
                    hint: "Custodians sign a pack that names the one in force as predecessor.")
            }
            let signers = envelope.verify(with: root.custodians).count
            let problem = current?.pack.problem(
                withActivationBy: signers, threshold: root.threshold, development: root.development)
            if let problem {
                throw Refusal(
                    .unprocessable, "policy-not-signed", "\(problem).",
                    hint: "`activation` in the pack in force says how many it takes.",
                    offence: .statementInvalid)
            }
            // Rows order packs by this time.
            let last = try db.oneOrNil(
                "SELECT max(activated_at) FROM registry.policy_pack", as: SQLTimestamp?.self)
            if let last = last ?? nil, now <= Timestamp(last) {
                throw Refusal(
                    .busy, "clock-behind", "The clock is behind the last activation.",
                    hint: "Try again in a moment.")
            }
            let statement = envelope.canonicalBytes
            return Act(
                .policyActivated(
                    PolicyActivated(
                        name: signed.pack.name, version: "\(signed.pack.version)",
                        digest: signed.pack.digest, statement: envelope.payloadDigest,
                        document: SHA256.hash(statement), files: SHA256.hash(files),
                        predecessor: current?.pack.digest)),
                documents: [statement, files])
        }
    }

    private func readPack(_ envelope: Envelope, _ files: [UInt8]) throws -> SignedPack {
        let signed: SignedPack
        do {
            signed = try packs.verify(envelope, files: files)
        } catch let error as PackFindings {
            throw Refusal(
                .unprocessable, "policy-malformed",
                "The pack is not acceptable: "
                    + error.findings.prefix(20).map(\.description).joined(separator: "; "))
        } catch let error as JSONFindings {
            throw Refusal(
                .unprocessable, "policy-malformed", "Pack or statement is not acceptable.",
                findings: error.findings)
        } catch {
            throw Refusal(
                .unprocessable, "policy-malformed", "Pack or statement is not acceptable.")
        }
        guard signed.isSigned else {
            throw Refusal(
                .unprocessable, "policy-not-signed",
                "The custodians' threshold has not signed a statement over exactly this pack.")
        }
        return signed
    }
}
