// The small pieces of a report's page: names, times, digests, documents.

internal import Attestation
internal import CanonicalJSON
internal import Cryptography
internal import Governance

extension ReportPage {
    /// A text member of the report.
    func text(_ name: String) -> String { report[name]?.string ?? "" }

    /// A document by its name, if the report has it.
    func document(_ digest: SHA256Digest) -> [UInt8]? {
        report["documents"]?[digest.hex]?.string.flatMap { Base64.decode($0) }
    }

    /// A document as JSON.
    func json(_ digest: SHA256Digest) -> JSON? {
        document(digest).flatMap { try? JSON(parsing: $0) }
    }

    /// The statement in an envelope.
    func statement(_ digest: SHA256Digest) -> Statement? {
        document(digest).flatMap { try? Envelope(parsing: $0) }
            .flatMap { try? Statement(parsing: $0.payload) }
    }

    /// A digest, shortened; the whole of it on hovering.
    func digest(_ hex: String?) -> HTML {
        guard let hex, !hex.isEmpty else { return "<span class=\"none\">none</span>" }
        return "<code class=\"digest\" title=\"\(hex)\">\(String(hex.prefix(12)))</code>"
    }

    /// A time as people read it.
    func time(_ text: String?) -> HTML {
        guard let text, text.utf8.count == 24 else { return "\(text ?? "")" }
        let (day, clock) = (String(text.prefix(10)), String(text.dropFirst(11).prefix(8)))
        return "<time datetime=\"\(text)\"><span>\(day)</span> <span>\(clock) UTC</span></time>"
    }

    /// Somebody: the printed name, and the pseudonym that the log holds.
    func who(_ principal: String?) -> HTML {
        guard let principal, principal != "service" else {
            return "<span class=\"who\">the service</span>"
        }
        if let index = people[principal]?["erasedAt"]?.integer {
            return
                "<span class=\"who\"><code>\(principal)</code> (name erased at entry \(index))</span>"
        }
        guard let name = people[principal]?["name"]?["value"]?.string else {
            return "<span class=\"who\"><code>\(principal)</code></span>"
        }
        return "<span class=\"who\"><bdi>\(name)</bdi> <code>\(principal)</code></span>"
    }

    /// A sentence with printed names for pseudonyms, times as people read them, digests shortened.
    func prose(_ sentence: String) -> HTML {
        var pieces: [HTML] = []
        let words = sentence.split(separator: " ", omittingEmptySubsequences: false)
        for (position, word) in words.enumerated() {
            if position > 0 { pieces.append(" ") }
            let core = word.prefix { $0.isLetter || $0.isNumber || "-:.".contains($0) }
            let bare = String(core.hasSuffix(".") || core.hasSuffix(":") ? core.dropLast() : core)
            let rest = String(word.dropFirst(bare.count))
            if Timestamp(bare) != nil {
                pieces.append("\(time(bare))\(rest)")
            } else if SHA256Digest(hex: bare) != nil {
                pieces.append("\(digest(bare))\(rest)")
            } else if let name = people[bare]?["name"]?["value"]?.string {
                pieces.append("<bdi title=\"\(bare)\">\(name)</bdi>\(rest)")
            } else {
                pieces.append("\(String(word))")
            }
        }
        return HTML(pieces)
    }

    /// A verdict as a word in its colour.
    func badge(_ word: String) -> HTML {
        switch word {
        case "allow", "pass", "approve", "met": "<span class=\"badge good\">\(word)</span>"
        case "deny", "fail", "error", "reject", "not met":
            "<span class=\"badge bad\">\(word)</span>"
        default: "<span class=\"badge\">\(word)</span>"
        }
    }

    /// Any JSON value, for people: digests shortened, lists in a line, objects as pairs.
    func value(_ json: JSON, depth: Int = 0) -> HTML {
        switch json {
        case .null: return "<span class=\"none\">none</span>"
        case .bool(let value): return value ? "yes" : "no"
        case .integer(let number): return "\(number)"
        case .double: return "\(json.canonicalText)"
        case .string(let text):
            if SHA256Digest(hex: text) != nil { return digest(text) }
            if people[text] != nil { return who(text) }
            if Timestamp(text) != nil { return time(text) }
            return "<bdi>\(text)</bdi>"
        case .array(let elements):
            guard !elements.isEmpty else { return "<span class=\"none\">none</span>" }
            guard depth < 6 else { return "\(json.canonicalText)" }
            // Sentences stand one under the other, words in a row.
            let isPlain = elements.allSatisfy { element in
                element.array == nil && element.object == nil
                    && element.string?.hasSuffix(".") != true
            }
            let items = elements.enumerated().map { index, element -> HTML in
                let item = value(element, depth: depth + 1)
                return isPlain ? (index > 0 ? ", \(item)" : item) : "<li>\(item)</li>"
            }
            return isPlain ? HTML(items) : "<ul class=\"plain\">\(items)</ul>"
        case .object(let members):
            guard !members.isEmpty else { return "<span class=\"none\">none</span>" }
            guard depth < 6 else { return "\(json.canonicalText)" }
            return pairs(members, depth: depth + 1)
        }
    }

    private func pairs(_ members: [String: JSON], depth: Int) -> HTML {
        let items = members.sorted { $0.key < $1.key }.map { name, member -> HTML in
            "<div><dt>\(name)</dt><dd>\(value(member, depth: depth))</dd></div>"
        }
        return "<dl class=\"pairs\">\(items)</dl>"
    }

    /// Every digest that a line names, in full.
    func digests(_ line: Line) -> HTML {
        let members = (line.json["digests"]?.object ?? [:]).sorted { $0.key < $1.key }
        guard !members.isEmpty else { return .empty }
        let items = members.map { name, value -> HTML in
            "<div><dt>\(name)</dt><dd><code>\(value.string ?? "")</code></dd></div>"
        }
        return "<dl class=\"digests\">\(items)</dl>"
    }

    /// Where the line stands in the log, and the proof of it.
    func proof(_ line: Line) -> HTML {
        let hashes = (line.json["proof"]?.array ?? []).map { hash -> HTML in
            "<li><code>\(hash.string ?? "")</code></li>"
        }
        return """
            <details class="proof"><summary>digests and proof</summary>
            \(digests(line))
            <p>Leaf hash <code>\(line.json["leafHash"]?.string ?? "")</code>, entry \(line.index) of
            \(report["asOf"]?["size"]?.integer ?? 0). From its sibling upwards:</p>
            <ol>\(hashes)</ol></details>
            """
    }
}
