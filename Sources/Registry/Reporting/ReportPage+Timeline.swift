// What happened, line by line, and what became of each version.

internal import Attestation
internal import CanonicalJSON
internal import Cryptography
internal import Governance

extension ReportPage {
    /// Kinds that are about people: they have a table of their own.
    private static let identityKinds: Set<String> = [
        PrincipalRegistered.kind, KeyAssigned.kind, KeyRevoked.kind, RoleAssigned.kind,
        RoleRevoked.kind, DelegationRecorded.kind, DelegationRevoked.kind, TokenIssued.kind,
        TokenRevoked.kind,
    ]

    /// The life of the model, in the order of the log.
    var timeline: HTML {
        let rows = lines.filter { !Self.identityKinds.contains($0.kind) }.map(row)
        return """
            <section>
            <h2>What happened</h2>
            <p class="lead">In the order of the log. Each line is an entry that the service signed;
            under it stand the digests it names and the proof that the log holds it.</p>
            \(table(rows))
            </section>
            """
    }

    /// Who got which key and role.
    var identities: HTML {
        let rows = lines.filter { Self.identityKinds.contains($0.kind) }.map(row)
        return """
            <section>
            <h2>People, keys and roles</h2>
            <p class="lead">Everybody who acted or signed, and who gave them the right to.</p>
            \(table(rows))
            </section>
            """
    }

    private func table(_ rows: [HTML]) -> HTML {
        """
        <table class="lines"><thead><tr><th scope="col">Entry</th><th scope="col">Time</th>
        <th scope="col">What happened</th><th scope="col">By</th></tr></thead>
        <tbody>\(rows)</tbody></table>
        """
    }

    private func row(_ line: Line) -> HTML {
        """
        <tr id="\(Link.anchor("entry-\(line.index)"))" class="\(Self.tone(line))">
        <td class="number">\(line.index)</td><td class="when">\(time(line.time))</td>
        <td><p class="what">\(prose(line.json["summary"]?.string ?? ""))</p>\(proof(line))</td>
        <td>\(who(line.json["actor"]?["principal"]?.string))</td></tr>

        """
    }

    private static func tone(_ line: Line) -> String {
        switch line.entry?.event {
        case .deploymentDecided(let event): event.verdict == .allow ? "good" : "bad"
        case .retirementDecided(let event): event.verdict == .allow ? "end" : "bad"
        case .approvalRecorded(let event): event.meaning == .approve ? "good" : "bad"
        case .versionSuspended, .versionWithdrawn, .keyRevoked, .roleRevoked,
            .delegationRevoked:
            "bad"
        case .findingRaised(let event): event.blocking ? "bad" : ""
        case .findingClosed: "good"
        case .environmentObserved(let event): event.differences == 0 ? "good" : "bad"
        default: ""
        }
    }

    // MARK: versions

    /// What became of a version, by the lines alone.
    private struct Fate {
        let submitted: VersionSubmitted
        let time: String
        var approvals = 0
        var restrictions: [String] = []
        var provenance: [LineageLink] = []
        var running: Set<String> = []
        var isRetired = false

        var state: String {
            if isRetired { return "retired" }
            return restrictions.last ?? "open"
        }
    }

    /// Every version on one line.
    var versions: HTML {
        let fates = fates
        let rows = fates.map { fate -> HTML in
            """
            <tr><th scope="row">\(fate.submitted.version.description)</th>
            <td><bdi>\(fate.submitted.label)</bdi></td><td>\(fate.submitted.tier)</td>
            <td>\(badge(fate.state))</td><td>\(time(fate.time))</td>
            <td>\(who(fate.submitted.submitter.description))</td><td class="number">\(fate.approvals)</td>
            <td class="number">\(fate.running.count)</td>
            <td>\(digest(fate.submitted.artifact.hex))</td></tr>

            """
        }
        return """
            <section>
            <h2>Versions</h2>
            <table><thead><tr><th scope="col">Version</th><th scope="col">Label</th>
            <th scope="col">Tier</th><th scope="col">State</th><th scope="col">Submitted</th>
            <th scope="col">By</th><th scope="col" class="number">Approvals</th>
            <th scope="col" class="number">Running</th><th scope="col">Artifact</th></tr></thead>
            <tbody>\(rows)</tbody></table>
            \(fates.map(lineage))
            </section>
            """
    }

    private var fates: [Fate] {
        var order: [VersionReference] = []
        var fates: [VersionReference: Fate] = [:]
        for line in lines {
            switch line.entry?.event {
            case .versionSubmitted(let event):
                order.append(event.version)
                fates[event.version] = Fate(submitted: event, time: line.time)
            case .approvalRecorded(let event):
                switch event.meaning {
                case .approve: fates[event.version]?.approvals += 1
                case .reject: fates[event.version]?.restrictions.append("rejected")
                case .requestChanges:
                    fates[event.version]?.restrictions.append("changes requested")
                case .withdraw: fates[event.version]?.restrictions.append("withdrawn")
                }
            case .provenanceRecorded(let event):
                fates[event.version]?.provenance += event.attested
            case .versionSuspended(let event):
                fates[event.version]?.restrictions.append("suspended")
            case .versionWithdrawn(let event):
                fates[event.version]?.restrictions.append("withdrawn")
            case .deploymentConfirmed(let event):
                fates[event.version]?.running.insert(event.deployment)
            case .deploymentEnded(let event): fates[event.version]?.running.remove(event.deployment)
            case .retirementDecided(let event) where event.verdict == .allow:
                fates[event.version]?.isRetired = true
            default: continue
            }
        }
        return order.compactMap { fates[$0] }
    }

    private func lineage(_ fate: Fate) -> HTML {
        let links = fate.submitted.lineage + fate.provenance
        guard !links.isEmpty else { return .empty }
        let rows = links.map { link -> HTML in
            let digest = link.digest.split(separator: ":").last.map(String.init)
            return """
                <tr><td>\(link.kind.replacing("_", with: " "))</td><td><bdi>\(link.name)</bdi></td>
                <td><bdi>\(link.label)</bdi></td><td>\(self.digest(digest))</td></tr>

                """
        }
        return """
            <h3>What \(fate.submitted.version.description) was made from</h3>
            <table><thead><tr><th scope="col">Link</th><th scope="col">Name</th>
            <th scope="col">Version</th><th scope="col">Digest</th></tr></thead>
            <tbody>\(rows)</tbody></table>
            """
    }

    /// What the newest card says of the model, in its own words.
    var card: HTML {
        guard let fate = fates.last,
            let card = statement(fate.submitted.cardDocument)?.predicate["card"]
        else { return .empty }
        let fields: [(HTML, JSON?)] = [
            ("Summary", card["model"]?["summary"]), ("Purpose", card["use"]?["purpose"]),
            ("Intended uses", card["use"]?["intended_uses"]),
            ("Not to be used for", card["use"]?["out_of_scope"]),
            ("Why this tier", card["risk"]?["rationale"]),
            ("Known limits", card["limits"]?["technical"]),
        ]
        let rows = fields.compactMap { label, member -> HTML? in
            member.map { "<div><dt>\(label)</dt><dd>\(value($0))</dd></div>" }
        }
        return """
            <section>
            <h2>What the card of \(fate.submitted.version.description) says</h2>
            <dl class="card">\(rows)</dl>
            <details><summary>The whole card</summary>\(value(card))</details>
            </section>
            """
    }
}

extension ProvenanceRecorded {
    /// The builder and the materials, told from what the card claims by their label.
    fileprivate var attested: [LineageLink] {
        let label = "as \(principal) signed"
        return [LineageLink(kind: "built_by", label: label, name: builder, digest: "")]
            + lineage.map {
                LineageLink(kind: $0.kind, label: label, name: $0.name, digest: $0.digest)
            }
    }
}
