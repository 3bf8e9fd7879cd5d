// How a report looks: ink on paper, on a screen as in print.

internal import Cryptography

/// The style sheet of a report.
enum ReportStyle {
    /// The same for every report.
    static let sheet: HTML = """
        :root { --ink: #1b2430; --soft: #5b6675; --line: #d5dae1; --wash: #f5f7f9; --mark: #1d4f63;
          --good: #17633a; --bad: #9c2226; --serif: "Iowan Old Style", "Palatino Linotype", Palatino,
          "Noto Serif", "DejaVu Serif", Georgia, serif; color-scheme: light; }
        * { box-sizing: border-box; }
        html { background: #e9edf0; }
        body { margin: 0 auto; max-width: 68rem; background: #fff; color: var(--ink);
          font: 15px/1.5 system-ui, -apple-system, "Segoe UI", "Noto Sans", "DejaVu Sans", sans-serif;
          box-shadow: 0 0 2rem rgb(27 36 48 / .10); }
        header.masthead, main { padding: 0 3rem; }
        main { padding-bottom: 3rem; }
        h1, h2, h3, h4 { font-family: var(--serif); line-height: 1.2; font-weight: 600; text-wrap: balance; }
        h1 { font-size: 2.3rem; margin: .2rem 0 .6rem; overflow-wrap: anywhere; }
        h2 { font-size: 1.45rem; margin: 2.8rem 0 .6rem; padding-top: .9rem; border-top: 2px solid var(--ink); }
        h3 { font-size: 1.1rem; margin: 1.6rem 0 .4rem; }
        h4 { font-size: .98rem; margin: 1.2rem 0 .3rem; }
        p { margin: .4rem 0; }
        a { color: var(--mark); }
        code, pre { font: .86em/1.4 ui-monospace, "Cascadia Mono", Menlo, "DejaVu Sans Mono", monospace; }
        code { overflow-wrap: anywhere; }
        pre { white-space: pre-wrap; overflow-wrap: anywhere; background: var(--wash); padding: .8rem; }
        code.digest { color: var(--mark); cursor: help; white-space: nowrap; }
        code.digest::after { content: "…"; color: var(--soft); }
        .mark { font-family: var(--serif); font-size: 1rem; letter-spacing: .04em; color: var(--mark);
          margin: 0; padding-top: 2.4rem; font-weight: 600; }
        .mark span { color: var(--soft); font-weight: 400; margin-left: .6rem; padding-left: .8rem;
          border-left: 1px solid var(--line); }
        .scope { color: var(--soft); max-width: 46rem; margin-bottom: 1.4rem; }
        .banner { margin: 0; padding: .7rem 3rem; background: #fde9b8; color: #4a3200;
          border-bottom: 2px solid #b97a00; }
        .lead, .meta { color: var(--soft); font-size: .92rem; max-width: 52rem; }
        .warning { color: var(--bad); font-weight: 600; }
        .none { color: var(--soft); font-style: italic; }
        dl { margin: 0; }
        dt { color: var(--soft); font-size: .84rem; }
        dd { margin: 0; overflow-wrap: anywhere; }
        .frame dl { display: grid; grid-template-columns: 1fr 1fr; border: 1px solid var(--line); }
        .frame dl > div { padding: .55rem .9rem; border-bottom: 1px solid var(--line); }
        .frame dl > div:nth-child(odd) { border-right: 1px solid var(--line); }
        .frame dl > div:nth-last-child(-n+2) { border-bottom: 0; }
        .seal { margin: 1rem 0 0; padding: .6rem .9rem; border: 1px solid var(--ink); font-size: .92rem; }
        .card > div { display: grid; grid-template-columns: 11rem 1fr; gap: 1rem; padding: .35rem 0;
          border-bottom: 1px solid var(--line); }
        .pairs > div { display: flex; flex-wrap: wrap; column-gap: .8rem; padding: .12rem 0; }
        .pairs dt { flex: 0 0 9rem; overflow-wrap: anywhere; }
        .pairs dd { flex: 1 1 7rem; }
        .pairs > div:has(> dd > .pairs, > dd > ul) { display: block; }
        .pairs > div > dd > ul { border-left: 2px solid var(--line); padding-left: .6rem; }
        .pairs .pairs { border-left: 2px solid var(--line); padding-left: .6rem; }
        .digests > div { display: grid; grid-template-columns: 11rem 1fr; gap: .8rem; }
        table { width: 100%; border-collapse: collapse; margin: .6rem 0 1rem; font-size: .92rem; }
        th { text-align: left; font-weight: 600; }
        thead th { color: var(--soft); font-size: .82rem; font-weight: 500; border-bottom: 1px solid var(--ink);
          vertical-align: bottom; }
        th, td { padding: .42rem .7rem .42rem 0; vertical-align: top; border-bottom: 1px solid var(--line); }
        th:last-child, td:last-child { padding-right: 0; }
        .number { text-align: right; font-variant-numeric: tabular-nums; }
        td.when, time span { white-space: nowrap; font-variant-numeric: tabular-nums; }
        .lines td.number { color: var(--soft); width: 3.2rem; text-align: right; }
        .lines tr.bad td.number { box-shadow: inset 3px 0 var(--bad); }
        .lines tr.good td.number { box-shadow: inset 3px 0 var(--good); }
        .lines tr.end td.number { box-shadow: inset 3px 0 var(--ink); }
        .lines tr:target td { background: #fff6d9; }
        .what { margin: 0; }
        .who { display: inline-block; }
        .who code { color: var(--soft); font-size: .78rem; display: block; white-space: nowrap; }
        .meta .who code { display: inline; }
        .rules { table-layout: fixed; }
        .rules th:nth-child(1) { width: 5.6rem; }
        .rules th:nth-child(2) { width: 19rem; }
        .rules th:nth-child(3) { width: 8rem; }
        .rules td.id { white-space: nowrap; font-variant-numeric: tabular-nums; }
        .rules tr.bad td.id { box-shadow: inset 3px 0 var(--bad); padding-left: .6rem; }
        .reason { margin: 0; }
        .comment { color: var(--soft); margin: 0; }
        .badge { display: inline-block; padding: 0 .5rem; border: 1px solid var(--soft); color: var(--soft);
          border-radius: 3px; font: 600 .8rem/1.5 system-ui, sans-serif; white-space: nowrap; }
        .badge.good { color: var(--good); border-color: var(--good); }
        .badge.bad { color: #fff; background: var(--bad); border-color: var(--bad); }
        details { font-size: .88rem; }
        summary { color: var(--mark); cursor: pointer; width: max-content; }
        .proof ol { margin: .2rem 0 .6rem; padding-left: 1.6rem; }
        ul.plain { list-style: none; margin: 0; padding: 0; }
        dd ul.plain > li + li { margin-top: .2rem; }
        .bar { display: block; width: 100%; min-width: 4.5rem; height: 5px; margin: .35rem 0 .1rem; }
        .bar .rail { fill: #e3e7ec; }
        .bar .level { fill: var(--mark); }
        .decision, .evaluation { margin-top: 1.6rem; }
        .notes li { margin: .3rem 0; max-width: 52rem; }
        footer.running { padding: 1rem 3rem; color: var(--soft); font-size: .8rem;
          border-top: 1px solid var(--line); }
        @media (max-width: 46rem) {
          header.masthead, main, .banner, footer.running { padding-left: 1rem; padding-right: 1rem; }
          .frame dl { grid-template-columns: 1fr; }
          .frame dl > div { border-right: 0; border-bottom: 1px solid var(--line) !important; }
          section { overflow-x: auto; }
        }
        @media print {
          @page { size: A4; margin: 16mm 14mm 20mm; }
          html, body { background: #fff; }
          body { max-width: none; box-shadow: none; font-size: 9.5pt; }
          header.masthead, main { padding-left: 0; padding-right: 0; }
          .mark { padding-top: .6rem; }
          .banner { padding: .4rem .8rem; border: 2px solid #b97a00; }
          h2 { break-after: avoid; margin-top: 1.6rem; }
          h3, h4, .meta { break-after: avoid; }
          tr, .seal { break-inside: avoid; }
          thead { display: table-header-group; }
          .banner, .badge, .bar { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
          details:not([open]) { display: none; }
          footer.running { padding: .6rem 0 0; }
          a { color: inherit; text-decoration: none; }
        }
        """
    /// What is printed at the edge of each page: which report it is of, and how many pages there are.
    static func pageMargins(digest: String?) -> HTML {
        let digest = digest.flatMap { SHA256Digest(hex: $0)?.hex } ?? "unknown"
        return """
            @media print { @page {
              @bottom-left { content: "Report digest \(digest)"; font: 7pt "DejaVu Sans Mono", monospace;
                color: #5b6675; }
              @bottom-right { content: counter(page) " of " counter(pages);
                font: 8pt "DejaVu Sans", sans-serif; color: #5b6675; }
            } }
            """
    }
}
