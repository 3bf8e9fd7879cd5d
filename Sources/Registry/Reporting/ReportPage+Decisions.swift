// Each answer of a gate, rule by rule.

internal import CanonicalJSON
internal import Cryptography
internal import Governance

extension ReportPage {
    /// Every decision with its rules.
    var decisions: HTML {
        let articles = lines.compactMap(decision)
        guard !articles.isEmpty else { return .empty }
        return """
            <section>
            <h2>Decisions</h2>
            <p class="lead">What each gate was told is in the report as facts. With the policy pack, also
            in it, every decision can be made again: the same rules, results and values.</p>
            \(articles)
            </section>
            """
    }

    private func decision(_ line: Line) -> HTML? {
        guard let document = line.entry?.decision?.decision else { return nil }
        let question: HTML
        switch line.entry?.event {
        case .deploymentDecided(let event):
            let target: HTML = event.target.isEmpty ? "" : ", target <bdi>\(event.target)</bdi>"
            question =
                "Deploy \(event.version.description) to \(event.environment.description)\(target)?"
        case .retirementDecided(let event):
            question = "Retire \(event.version.description)?"
        case .gateAsked(let event):
            question = """
                Might \(event.version.description) be deployed to \(event.environment.description)?
                (asked without commitment)
                """
        case .gateDenied(let event):
            question =
                event.gate == .submit
                ? "Record a new version of \(event.subject.description)?"
                : "Record an approval of \(event.subject.description)?"
        case .versionSubmitted(let event):
            question = "Record \(event.version.description), a new version?"
        case .approvalRecorded(let event):
            question = "Record an approval of \(event.version.description)?"
        default: return nil
        }
        guard let decision = json(document) else { return nil }
        let rules = decision["rules"]?.array ?? []
        return """
            <article class="decision">
            <h3>\(badge(decision["verdict"]?.string ?? "")) \(question)</h3>
            <p class="meta">Entry <a href="\(Link.fragment("entry-\(line.index)"))">\(line.index)</a>,
            \(time(line.time)), asked by \(who(line.json["actor"]?["principal"]?.string)), policy
            \(decision["policy"]?["name"]?.string ?? "") version
            \(decision["policy"]?["version"]?.integer ?? 0), decision \(digest(document.hex))</p>
            <table class="rules"><thead><tr><th scope="col">Rule</th><th scope="col">Demands</th>
            <th scope="col">Result</th><th scope="col">Reason and values</th></tr></thead>
            <tbody>\(rules.map(rule))</tbody></table>
            </article>
            """
    }

    private func rule(_ rule: JSON) -> HTML {
        let result = rule["result"]?.string ?? ""
        let reason: HTML =
            rule["reason"]?.string.map { "<p class=\"reason\">\(prose($0))</p>" } ?? ""
        let values = rule["values"].flatMap { $0.object?.isEmpty == false ? $0 : nil }
        let isBad = result == "fail" || result == "error"
        let table: HTML =
            values.map { values in
                let shown = value(values)
                return isBad
                    ? "<details open><summary>values</summary>\(shown)</details>"
                    : "<details><summary>values</summary>\(shown)</details>"
            } ?? ""
        let mode = rule["mode"]?.string ?? ""
        let remark: HTML = mode == "enforce" ? "" : " <small>(\(mode))</small>"
        return """
            <tr class="\(isBad ? "bad" : "")">
            <td class="id">\(rule["id"]?.string ?? "")</td>
            <td>\(rule["title"]?.string ?? "")\(remark)</td><td>\(badge(result))</td>
            <td>\(reason)\(table)</td></tr>

            """
    }
}
