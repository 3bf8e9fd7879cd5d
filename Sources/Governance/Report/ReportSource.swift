// What a report says that does not follow from the rest of it, read strictly.

internal import CanonicalJSON
internal import Cryptography

/// The parts of a report that everything else is computed from.
struct ReportSource {
    /// One line before its entry is read.
    struct Line {
        let index: Int64
        let entry: [UInt8]
        let proof: [SHA256Digest]
    }

    let model: ModelName
    let asOf: Timestamp
    let note: [UInt8]
    let trustRoot: ModelReport.RootReference
    let names: [PrincipalID: ModelReport.PrintedName]
    let withholdsNames: Bool
    let lines: [Line]
    let documents: [SHA256Digest: [UInt8]]
    let completeness: ReportCompleteness?

    /// Most lines of a report; longer histories want a narrower report.
    static let mostLines = 50_000
    /// Longest document in characters of base64.
    static let longestDocument = 90 << 20

    /// Throws every fault of form; members that follow from others are not looked at here.
    init(_ report: JSON) throws(JSONFindings) {
        self = try JSONReader.decode(report, Self.init(reading:))
    }

    private init?(reading reader: JSONReader) {
        reader.ignoreUnknownMembers()
        reader.constant("type", ModelReport.type)
        reader.constant("kind", ModelReport.kind)
        let model = reader.parsed("model", as: "namespace/name") { ModelName($0) }
        let asOf = reader.object("asOf") { asOf in
            asOf.ignoreUnknownMembers()
            return asOf.time("time")
        }
        let note = reader.object("log") { log in
            log.ignoreUnknownMembers()
            return log.string("checkpoint", length: 1...1_000_000)
        }
        let root = reader.object("trustRoot") { root in
            (
                version: root.integer("version", in: 1...1_000_000), digest: root.digest("digest"),
                development: root.bool("development")
            )
        }
        let people = reader.array("people", count: 0...Self.mostLines) { person in
            person.ignoreUnknownMembers()
            let principal = person.principal("principal")
            let name = person.nullable("name") { $0.object(Self.name) }
            return principal.flatMap { principal in name.map { (principal, $0) } }
        }
        withholdsNames =
            reader.parsed("names", as: "disclosed or withheld") {
                ["disclosed": false, "withheld": true][$0]
            } ?? false
        lines = reader.array("lines", count: 1...Self.mostLines, Line.init(reading:))
        let raw = reader.map("documents", count: 0...500_000) {
            name, document -> ([UInt8], SHA256Digest)? in
            guard let digest = SHA256Digest(hex: name) else {
                document.refuse(JSONFinding.Code.format, "The name is not a digest.")
                return nil
            }
            return document.parsed(as: "base64", length: 0...Self.longestDocument) {
                Base64.decode($0)
            }.map { ($0, digest) }
        }
        completeness = reader.object("completeness") { ReportCompleteness(reading: $0) } ?? nil
        guard let model, let asOf, let digest = root.digest else { return nil }
        self.model = model
        self.asOf = asOf
        self.note = Array(note.utf8)
        trustRoot = .init(version: root.version, digest: digest, development: root.development)
        names = Dictionary(people) { first, _ in first }
        documents = Dictionary(raw.values.map { ($0.1, $0.0) }) { first, _ in first }
    }

    private static func name(_ reader: JSONReader) -> ModelReport.PrintedName? {
        let value = reader.string("value", length: 0...10_000)
        let salt = reader.parsed("salt", as: "32 bytes in lowercase hex") { text in
            Hex.decode(text).flatMap { $0.count == PersonalFields.saltBytes ? $0 : nil }
        }
        return salt.map { ModelReport.PrintedName(value: value, salt: $0) }
    }
}

extension ReportSource.Line {
    fileprivate init?(reading reader: JSONReader) {
        reader.ignoreUnknownMembers()
        index = reader.integer("index", in: 0...JSON.safeIntegers.upperBound)
        let entry = reader.parsed("entry", as: "base64", length: 1...100_000) { Base64.decode($0) }
        proof = reader.array("proof", count: 0...64) { hash in
            hash.parsed(as: "64 lowercase hex digits") { SHA256Digest(hex: $0) }
        }
        guard let entry else { return nil }
        self.entry = entry
    }
}
