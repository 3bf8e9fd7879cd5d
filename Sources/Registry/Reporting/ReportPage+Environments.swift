// What agents last saw, on a report's page.

internal import CanonicalJSON

extension ReportPage {
    /// The environments that were looked at; nothing when none was.
    var environments: HTML {
        let seen = report["environments"]?.array ?? []
        guard !seen.isEmpty else { return "" }
        let rows = seen.map { one -> HTML in
            let running = (one["running"]?.array ?? []).compactMap(\.string)
            let findings = (one["findings"]?.array ?? []).compactMap(\.string)
            let shown = running.isEmpty ? "none of this model" : running.joined(separator: ", ")
            return """
                <tr><td>\(one["environment"]?.string ?? "")</td>
                <td>\(one["takenAt"]?.string ?? "")</td>
                <td>\(shown)</td>
                <td>\(findings.isEmpty ? "none" : findings.joined(separator: " "))</td></tr>
                """
        }
        return """
            <section>
            <h2>What was seen to run</h2>
            <table>
            <thead><tr><th>Environment</th><th>Last look</th><th>Running</th><th>Findings</th></tr></thead>
            <tbody>\(rows)</tbody>
            </table>
            </section>
            """
    }
}
