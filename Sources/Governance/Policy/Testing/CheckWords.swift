// What the checks that are written in Swift demand, in a sentence each.

/// Sentences on checks.
package enum CheckWords {
    /// What a check demands; empty for one that is not known.
    package static func demand(of check: String) -> String { texts[check] ?? "" }

    static let texts: [String: String] = [
        "policy-active":
            "the pack is signed, is the active one and the one asked, and is in effect",
        "artifact-bytes": "the digest presented is the approved digest",
        "artifact-signature":
            "the signature holds without findings, by a signer who holds the role",
        "nothing-uncovered":
            "what the caller's verifier found beside the signed bytes is on the list, and no link",
        "card-complete": "no required field of the card is missing",
        "card-valid": "the card has no findings",
        "tier-allowed": "the tier is not prohibited",
        "submitter-entitled": "the submitter holds one of the roles",
        "requester-entitled": "the requester holds one of the roles",
        "approval-quorum": "distinct persons have approved in every role of the tier's quorum",
        "approvals-entitled": "the quorum is met counting only statements that are valid",
        "approvers-not-submitter":
            "the quorum is met without the submitter and everyone linked to that person",
        "approvals-current":
            "the quorum is met by approvals of the present card, artifact, evidence and pack, "
            + "of which no review is due",
        "approvals-cover": "the quorum is met by approvals for this environment and use",
        "approvals-unexpired":
            "the quorum is met by approvals that are neither expired, too old, nor from the future",
        "evaluations-verified":
            "every demanded measure is in a signed, recomputed evaluation of this artifact",
        "evaluations-declared":
            "those evaluations are on data sets of the card, by every attribute it declares",
        "evaluations-fresh": "the newest such evaluation of each grouping is not too old",
        "fairness-thresholds": "in it every value is defined and on the right side of its limit",
        "no-restriction":
            "no suspension, rejection, withdrawal, revocation, incident, hold or objection",
        "not-retired": "there is no retirement",
        "no-active-deployment": "nothing runs the version",
        "snapshots-fresh": "agents have looked lately where the version was",
        "not-seen-running": "no agent saw the version run",
        "tier-determined":
            "from that tier on, and down from it, a validator has signed which tier holds",
        "reason-given": "the reason has so many visible characters",
        "fold-fresh": "the gate's own reading of the log is healthy and not behind by more",
        "statement-verified": "the statement is well-formed and its signer entitled",
        "request-open": "the request was not rejected, withdrawn or superseded",
        "statement-answers-request": "request, nonce and version are those of the request",
        "signer-not-submitter": "the signer is not the submitter, nor linked to that person",
        "role-held-before-submission": "the role was held before the version was submitted",
        "role-in-quorum":
            "the tier's quorum has a place for the role; anyone who approves may object",
        "statement-digests": "what was signed for is what is there now",
        "one-statement-per-person":
            "this person has not answered yet; a withdrawal names that person's own statement",
        "statement-unexpired": "the statement is neither expired nor signed in the future",
    ]
}
