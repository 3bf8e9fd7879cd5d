// A status document and a decision in words; what others wrote stays on its line and is shown plainly.

internal import CanonicalJSON

/// Lines about the state of a version.
enum StatusText {
    /// Everything about a version.
    static func lines(_ status: JSON) -> [String] {
        var lines = [
            "\(text(status, "version"))  “\(text(status, "label"))”  tier \(text(status, "tier"))  "
                + text(status, "state"),
            "submitted \(text(status, "submittedAt")) by \(text(status, "submitter"))",
        ]
        for name in ["card", "artifact", "evidence", "policy"] {
            let digest = status["digests"].map { text($0, name) } ?? ""
            lines.append("\(name.padded(to: 10))\(digest)")
        }
        lines += tier(status["tierDetermination"])
        for approval in status["approvals"]?.array ?? [] {
            lines.append(
                "\((text(approval, "meaning") + " ").padded(to: 10))by \(text(approval, "role")) "
                    + text(approval, "principal")
                    + (approval["delegation"].map { " for \(text($0, "delegator"))" } ?? "")
                    + " at \(text(approval, "signedAt"))")
            if let changes = approval["changes"]?.string { lines.append("changes   \(changes)") }
            for due in approval["outdated"]?.array ?? [] {
                lines.append(
                    "          re-review due since \(text(due, "since")) because of "
                        + "\(text(due, "trigger")), \(text(due, "reason"))")
            }
        }
        for alert in status["alerts"]?.array ?? [] {
            let measured =
                alert["value"]?.isNull == false
                ? " \(text(alert, "value")) beyond \(text(alert, "threshold"))" : ""
            lines.append(
                "\(text(alert, "cause").padded(to: 10))\(text(alert, "name"))\(measured) at "
                    + "\(text(alert, "at")): \(text(alert, "reason"))")
        }
        for evaluation in status["evaluations"]?.array ?? [] {
            lines.append(
                "evaluated \(text(evaluation, "kind")) at \(text(evaluation, "evaluatedAt"))")
        }
        for restriction in status["restrictions"]?.array ?? [] {
            lines.append(
                "restricted by \(text(restriction, "kind")) \(text(restriction, "id")): "
                    + "\(text(restriction, "reason")) (\(text(restriction, "source")))")
        }
        for provenance in status["provenance"]?.array ?? [] {
            lines.append(
                "built by  \(text(provenance, "builder")), as \(text(provenance, "principal")) signed"
            )
            for link in provenance["lineage"]?.array ?? [] {
                lines.append("from      \(text(link, "name")) \(text(link, "digest"))")
            }
        }
        for abstention in status["abstentions"]?.array ?? [] {
            lines.append(
                "\(text(abstention, "meaning").padded(to: 10))by \(text(abstention, "role")) "
                    + text(abstention, "principal"))
        }
        for waiver in status["waivers"]?.array ?? [] {
            let problems = (waiver["problems"]?.array ?? []).compactMap(\.string)
            lines.append(
                "waived    \(text(waiver, "rule")) by \(text(waiver, "role")) "
                    + "\(text(waiver, "principal")) until \(text(waiver, "expiresAt"))"
                    + (problems.isEmpty
                        ? "" : ": does not count, \(problems.joined(separator: ", "))"))
        }
        for emergency in status["breakGlass"]?.array ?? [] { lines += breakGlass(emergency) }
        for finding in status["findings"]?.array ?? [] {
            lines.append(
                "finding   \(text(finding, "severity"))"
                    + (finding["blocking"]?.bool == true ? ", blocking" : "")
                    + " \(text(finding, "id")), for \(text(finding, "owner")) "
                    + "by \(text(finding, "dueAt"))")
        }
        for deployment in status["deployments"]?.array ?? [] {
            lines.append(
                "deployed  \(text(deployment, "id")) in \(text(deployment, "environment")): "
                    + text(deployment, "state"))
        }
        for legacy in status["legacy"]?.array ?? [] {
            lines.append(
                "legacy    not approved when it came in to \(text(legacy, "environment")), due by "
                    + text(legacy, "dueAt") + (legacy["overdue"]?.bool == true ? ": OVERDUE" : ""))
        }
        for seen in status["snapshots"]?.array ?? [] {
            lines.append(
                "seen      \(seen["runs"]?.bool == true ? "running" : "not running") in "
                    + "\(text(seen, "environment")) at \(text(seen, "takenAt"))"
                    + (seen["overdue"]?.bool == true ? ": OVERDUE, what runs is not known" : ""))
        }
        for disposal in status["disposals"]?.array ?? [] {
            lines.append(
                "disposed  of \(text(disposal, "documents")) documents at \(text(disposal, "at"))")
        }
        return (lines + missing(status)).map { $0.plain() }
    }

    /// What was signed on the tier.
    private static func tier(_ known: JSON?) -> [String] {
        guard let known, known["statement"] != nil else { return [] }
        let signers = (known["signers"]?.array ?? []).map {
            "\(text($0, "role")) \(text($0, "principal"))"
        }
        let problems = (known["problems"]?.array ?? []).compactMap(\.string)
        return [
            "tier      \(text(known, "determined")) by \(signers.joined(separator: ", ")), and "
                + "\(text(known, "derived")) by the card: \(text(known, "reason"))"
                + (problems.isEmpty
                    ? "" : ": does not count, \(problems.joined(separator: ", "))")
        ]
    }

    /// An emergency, and what whoever runs the environment has to do now.
    private static func breakGlass(_ emergency: JSON) -> [String] {
        let problems = (emergency["problems"]?.array ?? []).compactMap(\.string)
        let review =
            emergency["review"]?["verdict"]?.string
            ?? "review due by \(text(emergency, "reviewDueAt"))"
        let head =
            "emergency \(text(emergency, "incident")) in \(text(emergency, "environment")) until "
            + "\(text(emergency, "expiresAt")), \(review)"
            + (problems.isEmpty ? "" : ": does not count, \(problems.joined(separator: ", "))")
        return [head, "          \(text(emergency, "statement"))"]
            + (emergency["findings"]?.array ?? []).compactMap(\.string).map { "HALT      \($0)" }
            + (emergency["halt"]?.array ?? []).compactMap(\.string).map { "          \($0)" }
    }

    /// What a version still lacks.
    static func missing(_ status: JSON) -> [String] {
        (status["missing"]?.array ?? []).map { "missing   \(need($0))" }
    }

    /// One need of a decision or status: `approval: role validator`.
    static func need(_ need: JSON) -> String {
        let kind = text(need, "kind")
        let id = need["id"]?.string.map { " \($0)" } ?? ""
        switch need["detail"] {
        case .string(let detail): return "\(kind)\(id): \(detail)"
        case .object(let members):
            let parts = members.sorted { $0.key < $1.key }.map { name, value in
                "\(name) \(value.string ?? value.canonicalText)"
            }
            return "\(kind): \(parts.joined(separator: ", "))"
        case .some(let detail) where !detail.isNull: return "\(kind): \(detail.canonicalText)"
        default: return kind + id
        }
    }

    /// The rules that denied, failed softly, were waived, overridden or could not be evaluated, each with its reason.
    static func reasons(_ decision: JSON) -> [String] {
        (decision["rules"]?.array ?? []).compactMap { rule in
            let result = text(rule, "result")
            guard ["fail", "error", "waived", "overridden"].contains(result) else { return nil }
            let mode = text(rule, "mode") == "enforce" ? "" : " (\(text(rule, "mode")))"
            let reason = rule["reason"]?.string ?? text(rule, "title")
            return "\(text(rule, "id"))\(mode) \(text(rule, "title")): \(reason)"
        }
    }

    private static func text(_ json: JSON, _ name: String) -> String {
        switch json[name] {
        case .string(let text): text.plain()
        case .integer(let number): "\(number)"
        default: ""
        }
    }
}
