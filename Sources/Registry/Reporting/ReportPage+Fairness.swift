// Fairness evaluations: groups, counts, rates, and what the policy pack demands of them.

internal import Attestation
internal import CanonicalJSON
internal import Cryptography
internal import Fairness
internal import Governance

extension ReportPage {
    /// Every evaluation, its rates computed again from the counts.
    var evaluations: HTML {
        let articles = lines.compactMap(evaluation)
        guard !articles.isEmpty else { return .empty }
        return """
            <section>
            <h2>Fairness</h2>
            <p class="lead">All rates are computed here from the signed counts. A measure that has no
            value is undefined and never passes.</p>
            \(articles)
            </section>
            """
    }

    private func evaluation(_ line: Line) -> HTML? {
        guard case .evaluationRecorded(let event) = line.entry?.event,
            let statement = statement(event.document)
        else { return nil }
        guard let predicate = try? FairnessPredicate(recomputing: statement.predicate) else {
            return
                "<p class=\"warning\">The evaluation of entry \(line.index) does not follow from its counts.</p>"
        }
        let evaluation = predicate.evaluation
        return """
            <article class="evaluation">
            <h3>\(event.version.description), evaluated \(time(event.evaluatedAt.description))</h3>
            <p class="meta">Entry <a href="\(Link.fragment("entry-\(line.index)"))">\(line.index)</a>.
            \(evaluation.overall.total) rows of <bdi>\(predicate.datasetName ?? "a predictions file")</bdi>
            \(digest(predicate.dataset.hex)), positive is <bdi>\(predicate.columns.positive)</bdi>, computed
            with \(predicate.toolName) \(predicate.toolVersion).</p>
            \(demands(on: evaluation, event.version))
            \(evaluation.groupings.map(grouping))
            </article>
            """
    }

    // MARK: what is demanded

    private func demands(on evaluation: FairnessEvaluation, _ version: VersionReference) -> HTML {
        guard let submitted = submission(of: version), let pack = pack(submitted.policy),
            let tier = Int64(submitted.tier).flatMap({ Tier(rawValue: $0) })
        else { return .empty }
        let rows = pack.fairness(in: tier).flatMap { demand -> [HTML] in
            var parameters = evaluation.parameters
            parameters.minimumGroupSize = demand.minimumGroupSize
            parameters.minimumDenominator = demand.minimumDenominator
            return evaluation.evaluated(under: parameters).verdicts(on: demand.threshold).map {
                row(demand, $0)
            }
        }
        guard !rows.isEmpty else {
            return
                "<p class=\"lead\">The policy pack demands no fairness measure in tier \(tier.rawValue).</p>"
        }
        return """
            <h4>What policy pack \(pack.name) version \(pack.version) demands in tier \(tier.rawValue)</h4>
            <table><thead><tr><th scope="col">Measure</th><th scope="col">Between groups of</th>
            <th scope="col" class="number">Value</th><th scope="col">Threshold</th>
            <th scope="col">Outcome</th></tr></thead><tbody>\(rows)</tbody></table>
            """
    }

    private func row(_ demand: FairnessDemand, _ verdict: ThresholdVerdict) -> HTML {
        let measure = Self.words(demand.threshold.measure.rawValue)
        let side = demand.threshold.side == .atLeast ? "at least" : "at most"
        let value: HTML =
            switch verdict.outcome {
            case .met(let value), .notMet(let value):
                "\(Self.rounded(value)) <small>\(value.text)</small>"
            case .undefined(let reason):
                "<span class=\"none\">undefined, because \(reason.sentence)</span>"
            case .noSuchGrouping: "<span class=\"none\">not evaluated</span>"
            }
        return """
            <tr><td>\(measure)</td><td><bdi>\(verdict.columns.joined(separator: " and "))</bdi></td>
            <td class="number">\(value)</td><td>\(side) \(demand.threshold.limit.text)</td>
            <td>\(badge(verdict.isMet ? "met" : "not met"))</td></tr>

            """
    }

    private func submission(of version: VersionReference) -> VersionSubmitted? {
        lines.lazy.compactMap { line -> VersionSubmitted? in
            guard case .versionSubmitted(let event) = line.entry?.event, event.version == version
            else {
                return nil
            }
            return event
        }.first
    }

    private func pack(_ digest: SHA256Digest) -> PolicyPack? {
        lines.lazy.compactMap { line -> PolicyPack? in
            guard case .policyActivated(let event) = line.entry?.event, event.digest == digest,
                let files = document(event.files)
            else { return nil }
            return try? PolicyPack.parse(PackFiles.read(files))
        }.first
    }

    // MARK: groups

    private static let shownRates: [FairnessRate] = [
        .selectionRate, .truePositiveRate, .falsePositiveRate, .positivePredictiveValue,
    ]

    private func grouping(_ grouping: FairnessGrouping) -> HTML {
        let rates = Self.shownRates.map { rate -> HTML in
            "<th scope=\"col\" class=\"number\">\(Self.words(rate.rawValue))</th>"
        }
        var rows = grouping.groups.map {
            group(HTML(escaping: $0.values.joined(separator: " · ")), $0.counts)
        }
        if grouping.unknown.total > 0 {
            rows.append(group("<span class=\"none\">not stated</span>", grouping.unknown))
        }
        let measures = grouping.measures.sorted { $0.key.rawValue < $1.key.rawValue }.map {
            measure, value in
            "<tr><td>\(Self.words(measure.rawValue))</td><td class=\"number\">\(shown(value))</td></tr>"
                as HTML
        }
        return """
            <h4>By <bdi>\(grouping.columns.joined(separator: " and "))</bdi></h4>
            <table class="groups"><thead><tr><th scope="col">Group</th><th scope="col" class="number">Rows</th>
            <th scope="col" class="number">True pos.</th><th scope="col" class="number">False pos.</th>
            <th scope="col" class="number">False neg.</th><th scope="col" class="number">True neg.</th>
            \(rates)</tr></thead><tbody>\(rows)</tbody></table>
            <details><summary>all measures</summary>
            <table><tbody>\(measures)</tbody></table></details>
            """
    }

    private func group(_ name: HTML, _ counts: ConfusionCounts) -> HTML {
        let rates = Self.shownRates.map { rate -> HTML in
            "<td class=\"number\">\(bar(rate.value(counts)))\(shown(rate.value(counts)))</td>"
        }
        return """
            <tr><th scope="row"><bdi>\(name)</bdi></th><td class="number">\(counts.total)</td>
            <td class="number">\(counts.truePositives)</td><td class="number">\(counts.falsePositives)</td>
            <td class="number">\(counts.falseNegatives)</td><td class="number">\(counts.trueNegatives)</td>
            \(rates)</tr>

            """
    }

    private func shown(_ value: FairnessValue) -> HTML {
        switch value {
        case .defined(let fraction):
            "<span title=\"\(fraction.text)\">\(Self.rounded(fraction))</span>"
        case .undefined(let reason):
            "<span class=\"none\">undefined, because \(reason.sentence)</span>"
        }
    }

    /// The rate as a bar, which is drawn even where backgrounds are not printed.
    private func bar(_ value: FairnessValue) -> HTML {
        guard let fraction = value.fraction, fraction.denominator > 0 else { return .empty }
        let thousandths = max(0, min(1000, fraction.numerator * 1000 / fraction.denominator))
        return """
            <svg class="bar" viewBox="0 0 1000 60" preserveAspectRatio="none" aria-hidden="true">\
            <rect class="rail" width="1000" height="60"/>\
            <rect class="level" width="\(thousandths)" height="60"/></svg>
            """
    }

    private static func rounded(_ fraction: ExactFraction) -> String {
        // Cut, not rounded up: 0.7996 must not be shown as the 0.80 that it is not.
        String(fraction.decimal.prefix(fraction.decimal.hasPrefix("-") ? 6 : 5))
    }

    private static func words(_ name: String) -> String {
        let words = name.replacing("_", with: " ")
        return words.prefix(1).uppercased() + words.dropFirst()
    }
}
