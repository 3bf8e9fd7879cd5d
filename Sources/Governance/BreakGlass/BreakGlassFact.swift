// What gates are told of an emergency, and what follows from it when its time is over.

package import CanonicalJSON
package import Cryptography

/// A break-glass whose time is not over, as a part of facts.
package struct BreakGlassFact: Sendable, Hashable {
    /// Payload digest of the statement.
    package var digest: SHA256Digest
    package var glass: BreakGlass
    /// The natural persons who signed, in the order of the statement.
    package var people: [PrincipalID]
    /// Codes of everything that stands against it.
    package var problems: [String]

    package init(
        digest: SHA256Digest, glass: BreakGlass, people: [PrincipalID], problems: [String]
    ) {
        self.digest = digest
        self.glass = glass
        self.people = people
        self.problems = problems
    }

    /// As a part of the facts document.
    package var json: JSON {
        [
            "digest": .hex(digest), "environment": .text(glass.environment),
            "artifact": .hex(glass.artifact), "policy": .hex(glass.policy),
            "incident": .string(glass.incident),
            "signers": .array(
                zip(glass.signers, people).map { signer, person in
                    [
                        "principal": .text(signer.principal), "person": .text(person),
                        "role": .text(signer.role),
                    ]
                }),
            "signedAt": .text(glass.signedAt), "expiresAt": .text(glass.expiresAt),
            "problems": .array(problems.map(JSON.string)),
        ]
    }
}

/// How a break-glass stands: what it brought in, and whether somebody has to act.
package struct BreakGlassStanding: Sendable, Hashable {
    package let expiresAt: Timestamp
    /// By when a third person has to review it.
    package let reviewDueAt: Timestamp
    /// What a reviewer found whose word counts; nil as long as there is none.
    package let verdict: BreakGlassReview.Verdict?
    /// Deployments that it brought in and that nobody has said to have ended.
    package let running: [String]

    package init(
        expiresAt: Timestamp, reviewDueAt: Timestamp, verdict: BreakGlassReview.Verdict?,
        running: [String]
    ) {
        self.expiresAt = expiresAt
        self.reviewDueAt = reviewDueAt
        self.verdict = verdict
        self.running = running
    }

    /// Why nothing more of the version comes into the environment; empty while nothing has to be done.
    package func halts(at now: Timestamp) -> [String] {
        var reasons: [String] = []
        if !running.isEmpty, verdict == .unjustified || expiresAt <= now {
            let why =
                verdict == .unjustified
                ? "a reviewer found it unjustified" : "its time ended at \(expiresAt)"
            reasons.append("\(why), and \(running.joined(separator: ", ")) must be undeployed now")
        }
        if verdict == nil, reviewDueAt <= now {
            reasons.append("its review was due by \(reviewDueAt)")
        }
        return reasons
    }

    /// What whoever runs the environment has to do now, as commands.
    package func commands(at now: Timestamp) -> [String] {
        guard !running.isEmpty, !halts(at: now).isEmpty else { return [] }
        return running.map { "imprimatur undeploy \($0) --reason \"break-glass is over\"" }
    }
}
