// Who signed what, as a record of signatures is printed: name, role, meaning, time, key (21 CFR 11.50).

internal import Attestation
internal import CanonicalJSON
internal import Cryptography
internal import Governance

extension ReportPage {
    /// "Signed electronic records shall contain information … that clearly indicates: (1) the printed
    /// name of the signer; (2) the date and time when the signature was executed; and (3) the meaning
    /// (such as review, approval, responsibility, or authorship) associated with the signature."
    var signatures: HTML {
        let rows = lines.flatMap(signatures)
        guard !rows.isEmpty else { return .empty }
        return """
            <section>
            <h2>Signatures</h2>
            <table><thead><tr><th scope="col">Printed name</th><th scope="col">Role</th>
            <th scope="col">Meaning</th><th scope="col">Of</th><th scope="col">Signed</th>
            <th scope="col">Recorded</th><th scope="col">Key</th></tr></thead>
            <tbody>\(rows)</tbody></table>
            <p class="lead">“Signed” is the time that the signer claims; “recorded” is the service’s
            clock. Every signature is over the digests that the entry names.</p>
            </section>
            """
    }

    private func signatures(_ line: Line) -> [HTML] {
        if let row = signature(line) { return [row] }
        return officers(line)
    }

    private func signature(_ line: Line) -> HTML? {
        switch line.entry?.event {
        case .versionSubmitted(let event):
            return row(
                line, event.submitter.description, role: "owner", meaning: "authorship of the card",
                of: event.version.description, signed: nil, key: key(of: event.submitter))
        case .evaluationRecorded(let event):
            return row(
                line, holder(of: event.signer), role: "evaluator", meaning: "evaluation",
                of: event.version.description, signed: event.evaluatedAt.description,
                key: event.signer)
        case .approvalRecorded(let event):
            let predicate = statement(event.document)?.predicate
            let comment = predicate?["comment"]?.string ?? ""
            return row(
                line, event.principal.description, role: event.role.rawValue,
                by: predicate?["signer"]?["delegation"]?.string,
                meaning: Self.meaning(event.meaning), comment: comment,
                of: event.version.description,
                signed: event.signedAt.description, key: event.key)
        case .provenanceRecorded(let event):
            return row(
                line, event.principal.description, role: "builder", meaning: "provenance",
                of: event.version.description, signed: nil, key: event.signer)
        default: return nil
        }
    }

    /// One row for each who signed a statement of officers.
    private func officers(_ line: Line) -> [HTML] {
        let (document, meaning): (SHA256Digest, String)
        switch line.entry?.event {
        case .versionLifted(let event):
            (document, meaning) = (event.document, "lifting of a suspension")
        case .findingRaised(let event): (document, meaning) = (event.document, "finding")
        case .findingClosed(let event):
            (document, meaning) = (event.document, "closure of a finding")
        case .abstentionRecorded(let event):
            (document, meaning) = (
                event.document, event.meaning == .recuse ? "recusal" : "abstention"
            )
        case .waiverRecorded(let event):
            (document, meaning) = (event.document, "waiver of \(event.rule)")
        case .breakGlassRecorded(let event):
            (document, meaning) = (event.document, "broke the glass")
        case .breakGlassReviewed(let event):
            (document, meaning) = (
                event.document, "review of an emergency: \(event.verdict.rawValue)"
            )
        case .legacyImported(let event): (document, meaning) = (event.document, "import as legacy")
        default: return []
        }
        guard let signed = statement(document) else { return [] }
        let named = ["signer", "complianceOfficer", "secondOfficer"].compactMap {
            signed.predicate[$0]
        }
        return (named + (signed.predicate["signers"]?.array ?? [])).map { signer in
            let principal = signer["principal"]?.string
            return row(
                line, principal, role: signer["role"]?.string ?? "", meaning: meaning,
                comment: signed.predicate["reason"]?.string ?? "",
                of: signed.subjects.first?.name ?? "",
                signed: signed.predicate["signedAt"]?.string,
                key: principal.flatMap { PrincipalID($0) }.flatMap(key))
        }
    }

    private static func meaning(_ meaning: ApprovalMeaning) -> String {
        switch meaning {
        case .approve: "approval"
        case .reject: "rejection"
        case .requestChanges: "request for changes"
        case .withdraw: "withdrawal of approval"
        }
    }

    private func row(
        _ line: Line, _ principal: String?, role: String, by delegation: String? = nil,
        meaning: String, comment: String = "", of subject: String, signed: String?, key: KeyID?
    ) -> HTML {
        let remark: HTML = comment.isEmpty ? "" : "<p class=\"comment\"><bdi>\(comment)</bdi></p>"
        return """
            <tr><td>\(principal.map { who($0) } ?? "unknown")</td>
            <td>\(role)\(delegation.map(acting) ?? .empty)</td>
            <td>\(meaning)\(remark)</td><td>\(subject)</td><td>\(signed.map { time($0) } ?? "not stated")</td>
            <td><a href="\(Link.fragment("entry-\(line.index)"))">\(line.index)</a>
            \(time(line.time))</td><td>\(digest(key?.hex))</td></tr>

            """
    }

    /// For whom somebody signed, by which delegation.
    private func acting(_ delegation: String) -> HTML {
        for line in lines {
            guard case .delegationRecorded(let event) = line.entry?.event,
                event.statement.hex == delegation
            else { continue }
            return """
                <p class="comment">for \(who(event.delegator.description)), who delegated it in entry
                <a href="\(Link.fragment("entry-\(line.index)"))">\(line.index)</a></p>
                """
        }
        return "<p class=\"comment\">by a delegation that is not in the log</p>"
    }

    /// The principal that was given a key.
    func holder(of key: KeyID) -> String? {
        lines.lazy.compactMap { line -> String? in
            guard case .keyAssigned(let event) = line.entry?.event, event.key == key else {
                return nil
            }
            return event.principal.description
        }.first
    }

    private func key(of principal: PrincipalID) -> KeyID? {
        lines.lazy.compactMap { line -> KeyID? in
            guard case .keyAssigned(let event) = line.entry?.event, event.principal == principal
            else {
                return nil
            }
            return event.key
        }.first
    }
}
