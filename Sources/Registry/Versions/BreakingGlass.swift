// Records emergencies and their reviews, and tells the gates of them.
//
// A break-glass permits: its statement is read again at each gate (I6), and counts only if both were
// entitled when the log took it, under the pack that decides, within the model's budget. That it has to be
// reviewed, and that what it brought in has to go, restricts: that follows from the log alone, whatever
// has become of documents and rows.

package import Attestation
internal import CanonicalJSON
internal import Cryptography
internal import Governance

extension Registry {
    /// Most emergencies that a version can have, so that a gate's work is bounded.
    private static let mostEmergencies = 100

    /// Records that two people broke the glass.
    package func breakGlass(_ envelope: Envelope, _ request: Request) async throws -> Outcome {
        try await recordStatement(
            BreakGlass.self, envelope, request,
            named: ("break-glass", "The statement breaks no glass."), underPolicy: true,
            ofModel: true
        ) { asked in
            let (glass, dossier) = (asked.statement, asked.dossier)
            guard dossier.row.state != "retired" else {
                throw Refusal(.conflict, "version-closed", "\(glass.version) is retired.")
            }
            let known = dossier.snapshot.fold.brokenGlass(of: glass.version.model)
            guard !known.contains(where: { $0.event.statement == asked.id }) else {
                throw Refusal(
                    .conflict, "break-glass-known", "The statement is on record already.")
            }
            guard dossier.emergencies.count < Self.mostEmergencies else {
                throw Refusal(
                    .conflict, "break-glass-too-often",
                    "\(glass.version) has had \(Self.mostEmergencies) emergencies.")
            }
            let standing = dossier.restrictions + dossier.halts(in: glass.environment)
            if let first = standing.first {
                throw Refusal(
                    .conflict, "version-restricted",
                    "No emergency overrides what is held against \(glass.version): "
                        + "\(first.kind.rawValue) \(first.id), \(first.reason).")
            }
            try asked.requireNobodyRecused()
            let pack = dossier.pack.pack
            try asked.require(
                glass.problems(
                    under: pack, tier: dossier.row.tier, authors: dossier.authors, after: known,
                    in: asked.scene),
                or: "break-glass-not-entitled", "The statement overrides nothing",
                hint: "`break_glass` in the pack's permits.yaml says who may, how long, how often.")
            let hours = pack.breakGlass?.reviewHours ?? 0
            return Act(
                .breakGlassRecorded(
                    BreakGlassRecorded(
                        glass, statement: asked.id, document: asked.documentDigest,
                        reviewDueAt: glass.expiresAt.adding(seconds: hours * 3_600))),
                documents: [asked.document], policy: pack.digest)
        }
    }

    /// Records what a third person says of an emergency.
    package func reviewBreakGlass(
        _ envelope: Envelope, _ request: Request
    ) async throws -> Outcome {
        try await recordStatement(
            BreakGlassReview.self, envelope, request,
            named: ("break-glass-review", "The statement reviews no emergency.")
        ) { asked in
            let (review, dossier) = (asked.statement, asked.dossier)
            let emergency = dossier.emergencies.first {
                $0.event.statement == review.breakGlass
            }
            guard let emergency else {
                throw Refusal(
                    .conflict, "break-glass-unknown",
                    "\(review.version) has had no emergency \(review.breakGlass).")
            }
            guard emergency.review == nil else {
                throw Refusal(
                    .conflict, "break-glass-reviewed", "The emergency is reviewed already.")
            }
            try asked.requireNobodyRecused()
            try asked.require(
                review.problems(of: emergency.event, authors: dossier.authors, in: asked.scene),
                or: "break-glass-review-not-entitled", "The statement is no review that counts",
                hint: "Neither who broke the glass nor who made the version reviews it.")
            return Act(
                .breakGlassReviewed(
                    BreakGlassReviewed(
                        review, statement: asked.id, document: asked.documentDigest)),
                documents: [asked.document])
        }
    }
}

/// An emergency of a version, as the log has it.
struct Emergency {
    let event: BreakGlassRecorded
    let at: Timestamp
    /// The statement with what stands against it; nil when it cannot be had.
    let fact: BreakGlassFact?
    /// The review that counts, and when the log took it.
    let review: (event: BreakGlassReviewed, at: Timestamp)?
    /// Deployments that it brought in, confirmed to run, and that nobody has said to have ended.
    let running: [String]

    var standing: BreakGlassStanding {
        BreakGlassStanding(
            expiresAt: event.expiresAt, reviewDueAt: event.reviewDueAt,
            verdict: review?.event.verdict, running: running)
    }

    /// What stands against it at a time, whatever pack is in force.
    func lasting(at time: Timestamp) -> [String] {
        guard let fact else { return ["document-missing"] }
        return fact.problems.filter { BreakGlassProblem(rawValue: $0)?.isOfPack != true }
            + found(by: time)
    }

    /// What a reviewer had found by a time.
    func found(by time: Timestamp) -> [String] {
        guard let review, review.event.verdict == .unjustified, review.at <= time else { return [] }
        return [BreakGlassReview.Verdict.unjustified.rawValue]
    }

    /// As readers see it.
    func status(at now: Timestamp) -> JSON {
        [
            "statement": .digest(event.statement), "environment": .text(event.environment),
            "artifact": .digest(event.artifact), "incident": .string(event.incident),
            "reason": .string(event.reason),
            "signers": .array(
                event.signers.map { ["principal": .text($0.principal), "role": .text($0.role)] }),
            "recordedAt": .text(at), "expiresAt": .text(event.expiresAt),
            "reviewDueAt": .text(event.reviewDueAt),
            "problems": .array(
                ((fact?.problems ?? ["document-missing"]) + found(by: now)).map(JSON.string)),
            "active": .bool(now < event.expiresAt && fact?.problems == [] && found(by: now) == []),
            "review": review.map { review in
                [
                    "statement": .digest(review.event.statement), "at": .text(review.at),
                    "principal": .text(review.event.principal), "role": .text(review.event.role),
                    "verdict": .string(review.event.verdict.rawValue),
                    "reason": .string(review.event.reason),
                ]
            } ?? .null,
            "deployments": .array(running.map(JSON.string)),
            "findings": .array(standing.halts(at: now).map(JSON.string)),
            "halt": .array(standing.commands(at: now).map(JSON.string)),
        ]
    }
}

extension DossierSources {
    /// The documents that emergencies of a version are told by: statements, reviews, and the decisions on
    /// what was confirmed to run.
    static func emergencies(
        of version: VersionReference, in fold: RestrictiveFold
    ) -> [SHA256Digest] {
        let events = fold.brokenGlass(of: version.model).map(\.event)
            .filter { $0.version == version }
        guard !events.isEmpty else { return [] }
        return events.map(\.document) + fold.glassReviews(of: version).map(\.event.document)
            + fold.activeDeployments(of: version, at: .latest).compactMap(\.decision)
    }

    /// What the log knows of emergencies, each with what it is worth and what came of it.
    func emergencies(
        _ authors: Set<PrincipalID>, without recused: Set<PrincipalID>
    ) -> [Emergency] {
        let all = snapshot.fold.brokenGlass(of: row.reference.model)
        return all.indices.filter { all[$0].event.version == row.reference }.map { index in
            let (event, at) = (all[index].event, all[index].at)
            let told = signed(BreakGlass.self, event.statement, in: event.document, at: at)
            let fact = told.map { glass, scene in
                var problems = glass.problems(
                    under: pack.pack, tier: row.tier, authors: authors, after: Array(all[..<index]),
                    in: scene
                ).map(\.code)
                let isRecused = glass.signers.contains {
                    !recused.isDisjoint(with: chain.linked(to: $0.principal))
                }
                if isRecused { problems.append(Dossier.recusedProblem) }
                return BreakGlassFact(
                    digest: event.statement, glass: glass,
                    people: glass.signers.map { chain.person(of: $0.principal) },
                    problems: problems)
            }
            return Emergency(
                event: event, at: at, fact: fact, review: review(of: event, authors, recused),
                running: running(under: event))
        }
    }

    private func review(
        of glass: BreakGlassRecorded, _ authors: Set<PrincipalID>, _ recused: Set<PrincipalID>
    ) -> (event: BreakGlassReviewed, at: Timestamp)? {
        let reviews = snapshot.fold.glassReviews(of: row.reference)
        return reviews.first { taken in
            let event = taken.event
            guard event.breakGlass == glass.statement else { return false }
            // That something was not justified restricts, and needs no more than that it was said.
            if event.verdict == .unjustified { return true }
            guard
                let (review, scene) = signed(
                    BreakGlassReview.self, event.statement, in: event.document, at: taken.at),
                review.verdict == event.verdict,
                recused.isDisjoint(with: chain.linked(to: event.principal))
            else { return false }
            return review.problems(of: glass, authors: authors, in: scene).isEmpty
        }.map { ($0.event, $0.at) }
    }

    /// What was confirmed to run there by decisions that rest on the emergency; one that cannot be read
    /// does. A permit that was not used ends with the emergency.
    private func running(under glass: BreakGlassRecorded) -> [String] {
        snapshot.fold.activeDeployments(of: row.reference, at: .latest).filter { deployment in
            guard deployment.environment == glass.environment, deployment.runs else {
                return false
            }
            guard let decision = deployment.decision, let bytes = documents[decision],
                let document = try? JSON(parsing: bytes)
            else { return true }
            return BreakGlassUse(document: document)?.statement == glass.statement.hex
        }.map(\.id)
    }
}

extension Dossier {
    /// What the deploy gate is told of emergencies; nil for none.
    func breakGlassFacts(in environment: EnvironmentName) -> [BreakGlassFact]? {
        let facts = emergencies.filter {
            $0.event.environment == environment && now < $0.event.expiresAt
        }.compactMap { emergency -> BreakGlassFact? in
            var fact = emergency.fact
            fact?.problems += emergency.found(by: now)
            return fact
        }
        return facts.isEmpty ? nil : facts
    }

    /// Emergencies that are over, or were not reviewed, and bar the environment until somebody acts.
    ///
    /// - Parameter environment: nil for all.
    func halts(in environment: EnvironmentName? = nil) -> [RestrictionFact] {
        emergencies.filter { environment == nil || $0.event.environment == environment }
            .flatMap { emergency in
                emergency.standing.halts(at: now).map { reason in
                    RestrictionFact(
                        kind: .breakGlass, id: emergency.event.statement.hex, source: .log,
                        reason: "\(emergency.event.incident): \(reason)")
                }
            }
    }
}
