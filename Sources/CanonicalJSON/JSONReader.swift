// Decodes our own documents: strictly, and telling all that is wrong at once.
//
// A reader is a cursor on one value. Asking for a member gives the member, or notes a finding and
// gives a placeholder (an empty string, zero, false), so that reading goes on and the author of a
// document hears of every fault in one answer. Placeholders cannot leak: `decode` gives a value
// only when there are no findings. Members that nobody asked for are findings too.
//
// Example:
//     let owner = try JSONReader.decode(json) { reader in
//         Owner(
//             name: reader.string("name", length: 1...80),
//             since: reader.optional("since") { $0.integer(in: 1900...2200) },
//             teams: reader.array("teams", count: 1...10) { $0.string() })
//     }
// reads {"name":"Ada","teams":["risk"]}, and for {"name":"","team":[]} it throws four findings:
// /name length, /team unknown, /teams missing — and no more than one for each place.

/// A cursor on one value of a document that is being decoded.
///
/// A class, because everything read from one document notes its findings in one list. It is used by
/// one function and not kept.
package final class JSONReader {
    /// The value here; nil when it is absent (a finding was noted then, by the parent).
    let value: JSON?
    /// Where this value is.
    package let pointer: JSONPointer
    private let notes: Notes
    private var asked: Set<String> = []
    private var isObjectExpected = false
    private var acceptsAllMembers = false

    /// The findings of one document.
    private final class Notes {
        var findings: [JSONFinding] = []
    }

    /// Starts at the root of a document, or at a place inside a larger one.
    package convenience init(_ value: JSON, at pointer: JSONPointer = .root) {
        self.init(value, pointer, Notes())
    }

    private init(_ value: JSON?, _ pointer: JSONPointer, _ notes: Notes) {
        self.value = value
        self.pointer = pointer
        self.notes = notes
    }

    /// Decodes a whole document, or throws all its findings.
    ///
    /// The body may give nil when a value could not be made; it must then have noted why.
    package static func decode<T>(
        _ value: JSON, at pointer: JSONPointer = .root, _ body: (JSONReader) -> T?
    ) throws(JSONFindings) -> T {
        let reader = JSONReader(value, at: pointer)
        let result = body(reader)
        let findings = reader.finish()
        guard let result, findings.isEmpty else {
            precondition(!findings.isEmpty, "A decoder gave nil without a finding.")
            throw JSONFindings(findings: findings)
        }
        return result
    }

    /// Ends reading: notes what was not asked for, and gives all findings in order of place.
    package func finish() -> [JSONFinding] {
        refuseUnknownMembers()
        return Array(Set(notes.findings)).sorted()
    }

    // MARK: Findings

    /// Notes a finding about the value here.
    package func refuse(_ code: String, _ message: String) {
        guard value != nil else { return }
        notes.findings.append(JSONFinding(pointer, code, message))
    }

    /// Notes a finding about a member of the value here (whether it is present or not).
    package func refuse(_ name: String, _ code: String, _ message: String) {
        guard value != nil else { return }
        notes.findings.append(JSONFinding(pointer.appending(name), code, message))
    }

    /// Accepts members that nobody asks for: only for formats of others, which may grow.
    package func ignoreUnknownMembers() {
        acceptsAllMembers = true
    }

    func refuseUnknownMembers() {
        guard isObjectExpected, !acceptsAllMembers, let members = value?.object else { return }
        for name in members.keys where !asked.contains(name) {
            refuse(name, JSONFinding.Code.unknown, "This member is not part of the format.")
        }
    }

    // MARK: Moving

    /// The reader of a member that must be present.
    func member(_ name: String) -> JSONReader {
        guard let value = present(name) else {
            if value?.object != nil {
                refuse(name, JSONFinding.Code.missing, "This member is missing.")
            }
            return JSONReader(nil, pointer.appending(name), notes)
        }
        return JSONReader(value, pointer.appending(name), notes)
    }

    /// A member that may be absent, but not null.
    package func optional<T>(_ name: String, _ body: (JSONReader) -> T?) -> T? {
        guard let value = present(name) else { return nil }
        return JSONReader(value, pointer.appending(name), notes).reading(body)
    }

    /// A member that must be present, but may be null.
    package func nullable<T>(_ name: String, _ body: (JSONReader) -> T?) -> T? {
        let member = member(name)
        return member.value == .null ? nil : member.reading(body)
    }

    /// Runs a body on this value and then notes the members it did not ask for.
    func reading<T>(_ body: (JSONReader) -> T) -> T {
        let result = body(self)
        refuseUnknownMembers()
        return result
    }

    /// The readers of all elements; empty, with a finding, when this is no array of that length.
    func elements(_ count: ClosedRange<Int>) -> [JSONReader] {
        guard let elements = expect("an array", \.array) else { return [] }
        guard count.contains(elements.count) else {
            refuse(JSONFinding.Code.length, "\(Self.allowed(count)) elements are allowed.")
            return []
        }
        return elements.enumerated().map { JSONReader($1, pointer.appending($0), notes) }
    }

    /// The readers of all members by name, in order of name; empty, with a finding, as above.
    func entries(_ count: ClosedRange<Int>) -> [(name: String, reader: JSONReader)] {
        acceptsAllMembers = true
        guard let members = expect("an object", \.object) else { return [] }
        guard count.contains(members.count) else {
            refuse(JSONFinding.Code.length, "\(Self.allowed(count)) members are allowed.")
            return []
        }
        return members.sorted { precedesInUTF16($0.key, $1.key) }.map {
            ($0.key, JSONReader($0.value, pointer.appending($0.key), notes))
        }
    }

    private func present(_ name: String) -> JSON? {
        asked.insert(name)
        return expectObject()?[name]
    }

    /// The members here, all of which have to be asked for.
    func expectObject() -> [String: JSON]? {
        isObjectExpected = true
        return expect("an object", \.object)
    }

    /// The value here in the kind expected, or a finding; silent where nothing is.
    func expect<T>(_ kind: String, _ accessor: (JSON) -> T?) -> T? {
        guard let value else { return nil }
        if let expected = accessor(value) { return expected }
        refuse(JSONFinding.Code.type, "Expected \(kind), not \(value.kind).")
        return nil
    }

    /// A range as words: "Between 1 and 80", "Exactly 2", "At most 10".
    static func allowed<N: Comparable & ExpressibleByIntegerLiteral>(
        _ range: ClosedRange<N>
    ) -> String {
        if range.lowerBound == range.upperBound { return "Exactly \(range.lowerBound)" }
        if range.lowerBound == 0 { return "At most \(range.upperBound)" }
        return "Between \(range.lowerBound) and \(range.upperBound)"
    }
}
