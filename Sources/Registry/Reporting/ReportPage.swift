// A report as one page that needs nothing else: no script, no font, no image from elsewhere.
//
// It is made from the report's JSON and nothing else, so that the digest on it vouches for what it
// says. Its own policy allows its one style sheet, by digest, and refuses everything else.

internal import Attestation
package import CanonicalJSON
internal import Cryptography
internal import Governance

/// The HTML form of a report.
package struct ReportPage {
    /// One line with the entry in it.
    struct Line {
        let json: JSON
        let entry: Entry?

        var index: Int64 { json["index"]?.integer ?? -1 }
        var kind: String { json["kind"]?.string ?? "" }
        var time: String { json["time"]?.string ?? "" }
    }

    let report: JSON
    let lines: [Line]
    let people: [String: JSON]

    private init(_ report: JSON) {
        self.report = report
        lines = (report["lines"]?.array ?? []).map { line in
            let bytes = line["entry"]?.string.flatMap { Base64.decode($0) }
            let entry = bytes.flatMap { try? Entry(parsing: SignedEntry(parsing: $0).payload) }
            return Line(json: line, entry: entry)
        }
        var people: [String: JSON] = [:]
        for person in report["people"]?.array ?? [] {
            if let principal = person["principal"]?.string { people[principal] = person }
        }
        self.people = people
    }

    /// The page, in UTF-8.
    package static func render(_ report: JSON) -> [UInt8] {
        Array(ReportPage(report).page.text.utf8)
    }

    /// A policy that fits every page; each page states a stricter one of its own, and both hold.
    package static let contentSecurityPolicy =
        "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"

    /// The Content-Security-Policy of one report's page: its own style sheets, by digest.
    package static func contentSecurityPolicy(of report: JSON) -> String {
        let sources = [
            ReportStyle.sheet, ReportStyle.pageMargins(digest: report["digest"]?.string),
        ].map {
            "'sha256-\(Base64.encode(SHA256.hash(Array($0.text.utf8)).bytes))'"
        }.joined(separator: " ")
        return "default-src 'none'; style-src \(sources); base-uri 'none'; form-action 'none'"
    }

    private var page: HTML {
        """
        <!DOCTYPE html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta http-equiv="Content-Security-Policy" content="\(Self.contentSecurityPolicy(of: report))">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <title>\(text("title"))</title>
        <style>\(ReportStyle.sheet)</style>
        <style>\(ReportStyle.pageMargins(digest: report["digest"]?.string))</style>
        </head>
        <body>
        \(masthead)
        <main>
        \(frame)
        \(versions)
        \(card)
        \(signatures)
        \(legacy)
        \(breakGlass)
        \(environments)
        \(timeline)
        \(decisions)
        \(evaluations)
        \(identities)
        \(limits)
        </main>
        <footer class="running">Report digest <code>\(text("digest"))</code></footer>
        </body>
        </html>

        """
    }

    // MARK: title and frame

    private var masthead: HTML {
        let isDevelopment = report["trustRoot"]?["development"]?.bool != false
        let banner: HTML =
            isDevelopment
            ? """
            <p class="banner" role="alert"><strong>Development root.</strong> The keys behind this
            report were made for a first try. It must not be relied on.</p>
            """ : ""
        return """
            \(banner)
            <header class="masthead">
            <p class="mark">Imprimatur <span>Audit report</span></p>
            <h1>\(text("title"))</h1>
            <p class="scope">\(text("scope"))</p>
            </header>
            """
    }

    private var frame: HTML {
        let checkpoint = report["log"]?["checkpoint"]?.string ?? ""
        let root = checkpoint.split(separator: "\n").dropFirst(2).first.map(String.init) ?? ""
        let counts = report["counts"]
        func count(_ name: String) -> Int64 { counts?[name]?.integer ?? 0 }
        let names: HTML =
            report["names"]?.string == "withheld"
            ? "names are withheld from this reader" : "\(count("erased")) names erased"
        let packs = (report["policies"]?.array ?? []).map { pack -> HTML in
            """
            <li>\(pack["name"]?.string ?? "") version \(pack["version"]?.string ?? ""), since
            \(time(pack["time"]?.string)) \(digest(pack["digest"]?.string))</li>
            """
        }
        return """
            <section class="frame" aria-label="What this report is">
            <dl>
            <div><dt>As of</dt><dd>\(time(report["asOf"]?["time"]?.string)) by the service’s clock</dd></div>
            <div><dt>Log</dt><dd>\(report["log"]?["origin"]?.string ?? "")</dd></div>
            <div><dt>Range</dt><dd>entries \(report["log"]?["first"]?.integer ?? 0) to
            \(report["log"]?["last"]?.integer ?? 0)</dd></div>
            <div><dt>Signed head</dt><dd>size \(report["asOf"]?["size"]?.integer ?? 0), root
            <code>\(root)</code></dd></div>
            <div><dt>Trust root</dt><dd>version \(report["trustRoot"]?["version"]?.integer ?? 0)
            \(digest(report["trustRoot"]?["digest"]?.string))</dd></div>
            <div><dt>Policy packs</dt><dd><ul class="plain">\(packs)</ul></dd></div>
            <div><dt>Found</dt><dd>\(count("entries")) entries, \(count("documents")) documents</dd></div>
            <div><dt>Not found</dt><dd>\(count("missing")) documents missing, \(names)</dd></div>
            </dl>
            <p class="seal">Report digest <code>\(text("digest"))</code></p>
            \(missing)
            </section>
            """
    }

    private var missing: HTML {
        let missing = report["missing"]?.array ?? []
        guard !missing.isEmpty else { return .empty }
        let items = missing.map { item -> HTML in "<li><code>\(item.string ?? "")</code></li>" }
        return """
            <p class="warning">These documents are named by entries and could not be had:</p>
            <ul class="plain">\(items)</ul>
            """
    }

    private var limits: HTML {
        func list(_ name: String) -> [HTML] {
            (report[name]?.array ?? []).map { "<li>\($0.string ?? "")</li>" }
        }
        return """
            <section class="notes">
            <h2>How far it is complete</h2>
            <p>\(report["completeness"]?["covers"]?.string ?? "")</p>
            <p>\(report["completeness"]?["doesNotCover"]?.string ?? "")</p>
            <h2>What this report does not prove</h2>
            <ul>\(list("limitations"))</ul>
            <h2>How to check it</h2>
            <ol>\(list("check"))</ol>
            <p class="seal">Report digest <code>\(text("digest"))</code></p>
            <details><summary>The signed head that every proof leads to</summary>
            <pre>\(report["log"]?["checkpoint"]?.string ?? "")</pre></details>
            </section>
            """
    }
}
