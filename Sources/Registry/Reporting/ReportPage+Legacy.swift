// What ran before anybody asked for approval, on a report's page.

internal import CanonicalJSON

extension ReportPage {
    /// What was imported; nothing when nothing was.
    var legacy: HTML {
        let imported = report["legacy"]?.array ?? []
        guard !imported.isEmpty else { return "" }
        let rows = imported.map { one -> HTML in
            let state =
                if let index = one["approvedAt"]?.integer {
                    "approved, entry \(index)"
                } else if one["overdue"]?.bool == true {
                    "not approved, and overdue"
                } else {
                    "not approved"
                }
            return """
                <tr><td>\(one["environment"]?.string ?? "")</td>
                <td><code>\(one["artifact"]?.string ?? "")</code></td>
                <td>\(one["dueAt"]?.string ?? "")</td><td>\(state)</td></tr>
                """
        }
        return """
            <section>
            <h2>Came in as legacy, not approved</h2>
            <table>
            <thead><tr><th>Environment</th><th>Artifact</th><th>Due by</th><th>State</th></tr></thead>
            <tbody>\(rows)</tbody>
            </table>
            </section>
            """
    }
}
