// "May this start on a cluster?": whether the record holds a valid imprimatur for a model or an image.
//
// Valid is: the log has a deployment there that is permitted, confirmed to run, or covered by a permit to
// start it again; tables and log agree that it did not end; what permitted it holds by what is known now
// (Hindsight.swift); nothing is held against the version; and the log is whole. Anything that cannot be
// known is a reason against. Asking records nothing.

internal import Attestation
package import Cryptography
internal import Database
package import Governance

extension Registry {
    /// What is about to start, and where.
    package struct AdmissionQuestion: Sendable {
        package let environment: EnvironmentName
        /// The cluster or place; a deployment for one counts nowhere else.
        package let target: String
        /// The version that whoever starts it names; nil to find it by the images.
        package let version: VersionReference?
        /// The artifact digest that is expected of the version; nil for whatever was approved.
        package let artifact: SHA256Digest?
        /// Digests of the images, to be found among the files of deployed artifacts.
        package let images: [SHA256Digest]

        package init(
            environment: EnvironmentName, target: String, version: VersionReference?,
            artifact: SHA256Digest?, images: [SHA256Digest]
        ) {
            self.environment = environment
            self.target = target
            self.version = version
            self.artifact = artifact
            self.images = images
        }
    }

    /// Whether it may start, and by what, or why not.
    package struct Admission: Sendable, Hashable {
        /// The deployments by which it may start, "ns/name@n d-…".
        package var grounds: [String] = []
        /// Why it may not; empty when it may.
        package var reasons: [String] = []

        package init(grounds: [String] = [], reasons: [String] = []) {
            self.grounds = grounds
            self.reasons = reasons
        }

        /// Whether it may start: by something, and against nothing.
        package var isAllowed: Bool { reasons.isEmpty && !grounds.isEmpty }
    }

    /// Decides whether something may start. Writes nothing.
    package func admission(_ question: AdmissionQuestion) async throws -> Admission {
        let now = clock()
        if let halt = halt.reason {
            return Admission(reasons: [halt.refusal.message])
        }
        return try await database.read { db in
            if let version = question.version {
                return try admission(of: version, question, db, now)
            }
            guard !question.images.isEmpty else {
                return Admission(reasons: ["neither a model nor an image is named"])
            }
            var answer = Admission()
            for image in question.images {
                let one = try admission(ofImage: image, question, db, now)
                answer.grounds += one.grounds
                answer.reasons += one.reasons
            }
            return answer
        }
    }

    private func admission(
        of version: VersionReference, _ question: AdmissionQuestion, _ db: borrowing Connection,
        _ now: Timestamp
    ) throws -> Admission {
        do {
            return try admission(
                by: dossier(of: version, db, now: now), question, db, now)
        } catch let refusal as Refusal {
            return Admission(reasons: ["\(version): \(refusal.message)"])
        }
    }

    /// An image counts as what the artifact of a version says: a file of these bytes, as in an OCI layout.
    private func admission(
        ofImage image: SHA256Digest, _ question: AdmissionQuestion, _ db: borrowing Connection,
        _ now: Timestamp
    ) throws -> Admission {
        // Rows only say where to look.
        let names = try db.all(
            """
            SELECT DISTINCT v.name FROM registry.deployment d
            JOIN registry.version v ON v.name = d.version
            JOIN audit.document m ON m.sha256 = v.manifest_document
            WHERE d.environment = \(question.environment.description)
              AND (d.state <> 'ended' OR d.run_until > \(SQLTimestamp(now)))
              AND position(convert_to(\(image.hex), 'UTF8') IN m.bytes) > 0
            ORDER BY v.name LIMIT \(Self.mostVersionsOfImage)
            """, as: String.self)
        var reasons: [String] = []
        for version in names.compactMap({ VersionReference($0) }) {
            do {
                let dossier = try dossier(of: version, db, now: now)
                guard dossier.manifest?.files.contains(where: { $0.sha256 == image }) == true else {
                    continue
                }
                let answer = try admission(by: dossier, question, db, now)
                if answer.isAllowed { return answer }
                reasons += answer.reasons
            } catch let refusal as Refusal {
                reasons.append("\(version): \(refusal.message)")
            }
        }
        return Admission(
            reasons: reasons.isEmpty
                ? ["no model that is deployed in \(question.environment) has the image \(image)"]
                : reasons)
    }

    /// The same image can be in many versions; so many are looked at.
    private static let mostVersionsOfImage: Int64 = 10

    private func admission(
        by dossier: Dossier, _ question: AdmissionQuestion, _ db: borrowing Connection,
        _ now: Timestamp
    ) throws -> Admission {
        let version = dossier.row.reference
        var answer = Admission()
        func refuse(_ reason: String) { answer.reasons.append("\(version): \(reason)") }
        if !foldFact(dossier.snapshot, now: now).healthy {
            refuse("the newest state of the log is not known")
        }
        for restriction in dossier.restrictions + dossier.halts(in: question.environment) {
            refuse("\(restriction.kind.rawValue) \(restriction.id): \(restriction.reason)")
        }
        if let artifact = question.artifact, artifact != dossier.row.artifact {
            refuse("its artifact is \(dossier.row.artifact), not \(artifact)")
        }
        let rows = Set(
            try db.all(
                """
                SELECT id FROM registry.deployment
                WHERE version = \(version.description) AND (state = 'active'
                    OR (state = 'permitted' AND not_after > \(SQLTimestamp(now)))
                    OR (state = 'ended' AND run_until > \(SQLTimestamp(now))))
                """, as: String.self))
        let here = dossier.snapshot.fold.activeDeployments(of: version, at: now).filter {
            $0.environment == question.environment
                && ($0.target.isEmpty || $0.target == question.target) && rows.contains($0.id)
        }
        var denials: [String] = []
        for deployment in here {
            guard let again = try judgeAgain(deployment.id, dossier, at: now, db) else {
                denials.append("what permitted \(deployment.id) cannot be read any more")
                continue
            }
            guard again.verdict == .allow else {
                let rules = again.denials.map(\.id).joined(separator: ", ")
                denials.append(
                    "\(deployment.id) would not be permitted by what is known now (\(rules))")
                continue
            }
            answer.grounds.append("\(version) \(deployment.id)")
        }
        if answer.grounds.isEmpty {
            if denials.isEmpty {
                denials = [
                    "nothing permits it in \(question.environment)"
                        + (question.target.isEmpty ? "" : " on \(question.target)")
                ]
            }
            for denial in denials { refuse(denial) }
        }
        return answer
    }
}
