// When the glass was broken, on a report's page.

internal import CanonicalJSON

extension ReportPage {
    /// Every emergency with what came of it; nothing when there was none.
    var breakGlass: HTML {
        let emergencies = report["breakGlass"]?.array ?? []
        guard !emergencies.isEmpty else { return "" }
        return """
            <section>
            <h2>Emergencies: the glass was broken</h2>
            <table>
            <thead><tr><th>Version</th><th>Environment</th><th>Incident</th><th>Until</th>
            <th>Review</th><th>Brought in</th></tr></thead>
            <tbody>\(emergencies.map(breakGlassRow))</tbody>
            </table>
            \(emergencies.flatMap(openEnds))
            </section>
            """
    }

    private func breakGlassRow(_ one: JSON) -> HTML {
        let due = one["reviewDueAt"]?.string ?? ""
        let review = one["verdict"]?.string ?? "none yet, due by \(due)"
        let deployments = (one["deployments"]?.array ?? []).compactMap(\.string)
        return """
            <tr><td>\(one["version"]?.string ?? "")</td>
            <td>\(one["environment"]?.string ?? "")</td><td>\(one["incident"]?.string ?? "")</td>
            <td>\(one["expiresAt"]?.string ?? "")</td><td>\(review)</td>
            <td>\(deployments.joined(separator: ", "))</td></tr>
            """
    }

    private func openEnds(_ one: JSON) -> [HTML] {
        (one["findings"]?.array ?? []).map { "<p class=\"bad\">\($0.string ?? "")</p>" }
            + (one["halt"]?.array ?? []).map { "<p><code>\($0.string ?? "")</code></p>" }
    }
}
