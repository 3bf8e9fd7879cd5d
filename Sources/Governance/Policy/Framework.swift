// Laws and standards as dated data of a pack: which controls there are, since when and until when they
// count, and what in a version's history shows that one is met.
//
// Nothing here decides. A control is claimed for a version only where its evidence is in the log: the
// rules of the pack that serve it have passed in a decision that allowed, or, where the pack states
// `evidence`, that condition holds over the history. No evidence, no claim.

internal import CanonicalJSON
package import Expressions

/// A day, as `2027-12-02`; days compare as they follow.
package struct Day: Sendable, Hashable, Comparable, CustomStringConvertible {
    package let description: String

    /// Reads what `description` writes; nil for anything that is no day.
    package init?(_ text: String) {
        guard text.utf8.count == 10, Timestamp("\(text)T00:00:00.000Z") != nil else { return nil }
        description = text
    }

    /// The day of a moment in UTC.
    package init(_ moment: Timestamp) { description = String(moment.description.prefix(10)) }

    package static func < (left: Day, right: Day) -> Bool {
        bytesPrecede(left.description, right.description)
    }
}

/// From a day on, and up to another one; without them without limit.
package struct Validity: Sendable, Hashable {
    /// The first day; nil for always, or where there is no such day, as for what is voluntary.
    package let from: Day?
    /// The first day on which it no longer counts; nil for none.
    package let until: Day?

    /// Whether it counts on a day.
    package func contains(_ day: Day) -> Bool {
        (from.map { $0 <= day } ?? true) && (until.map { day < $0 } ?? true)
    }

    static func read(_ reader: JSONReader) -> Validity {
        let from = reader.optional("effective_from") {
            $0.parsed(as: "a day, 2027-12-02") { Day($0) }
        }
        let until = reader.optional("effective_until") {
            $0.parsed(as: "a day, 2027-12-02") { Day($0) }
        }
        if let from, let until, until <= from {
            reader.refuse(
                "effective_until", JSONFinding.Code.range, "The end must lie after the beginning.")
        }
        return Validity(from: from, until: until)
    }

    /// `from 2027-12-02 until 2028-08-02`; empty without days.
    package var words: String {
        [from.map { "from \($0)" }, until.map { "until \($0)" }].compactMap { $0 }
            .joined(separator: " ")
    }
}

/// A law, a standard or guidance.
package struct Framework: Sendable {
    /// Stable name such as `eu-ai-act`.
    package let id: String
    package let title: String
    package let kind: Kind
    package let validity: Validity
    /// A later version of the same framework has a higher one; 1 unless stated.
    package let version: Int64
    /// The framework that took its place.
    package let supersededBy: String?
    /// What it does not cover, how its dates came about; empty for nothing.
    package let note: String
    /// Where this is from.
    package let source: String
    package let controls: [Control]

    /// What obliges to follow it.
    package enum Kind: String, Sendable, CaseIterable { case law, guidance, standard, voluntary }

    /// One demand of a framework.
    package struct Control: Sendable {
        /// As the framework numbers it.
        package let id: String
        package let title: String
        package let validity: Validity
        /// What in a version's history shows it; nil for the rules that serve it.
        package let evidence: CELProgram?
    }

    static func read(_ reader: JSONReader) -> Framework? {
        let id = reader.parsed("id", as: "a name in small letters") {
            NameSegment.isValid($0) ? $0 : nil
        }
        let title = reader.string("title", length: 1...200)
        let kind = reader.choice("kind", of: Kind.self)
        let validity = Validity.read(reader)
        let version = reader.optionalInteger("version", in: 1...999_999_999) ?? 1
        let superseded = reader.optionalString("superseded_by", length: 1...63)
        let note = reader.optionalString("note", length: 1...1_000) ?? ""
        let source = reader.string("source", length: 1...500)
        let controls = reader.array("controls", count: 1...200) { control in
            control.object { Control.read($0) }
        }
        if Set(controls.map(\.id)).count != controls.count {
            reader.refuse("controls", JSONFinding.Code.duplicate, "A control is here twice.")
        }
        guard let id, let kind else { return nil }
        return Framework(
            id: id, title: title, kind: kind, validity: validity, version: version,
            supersededBy: superseded,
            note: note, source: source, controls: controls)
    }

    /// All frameworks of a file, each of its own name.
    static func readAll(_ reader: JSONReader) -> [Framework] {
        let list = reader.array("frameworks", count: 1...100) { $0.object(Framework.read) }
        let names = Set(list.map(\.id))
        if names.count != list.count {
            reader.refuse("frameworks", JSONFinding.Code.duplicate, "A framework is here twice.")
        }
        for framework in list {
            guard let next = framework.supersededBy, !names.contains(next) else { continue }
            reader.refuse(
                "frameworks", "reference",
                "\(framework.id) is superseded by \(next), which is not here.")
        }
        return list
    }
}

extension Framework.Control {
    static func read(_ reader: JSONReader) -> Framework.Control? {
        let id = reader.parsed("id", as: "the number of a control") {
            ControlName.isControl($0) ? $0 : nil
        }
        let title = reader.string("title", length: 1...200)
        let validity = Validity.read(reader)
        var evidence: CELProgram?
        if let text = reader.optionalString("evidence", length: 1...CELLimits.bytes) {
            do {
                evidence = try CELProgram.condition(text, in: VersionHistory.environment)
            } catch {
                reader.refuse("evidence", error.code.rawValue, error.description)
            }
        }
        guard let id else { return nil }
        return Framework.Control(id: id, title: title, validity: validity, evidence: evidence)
    }
}

extension PolicyPack {
    /// The frameworks that count on a day, in the order of the pack.
    package func frameworks(on day: Day) -> [Framework] {
        frameworks.filter { $0.validity.contains(day) }
    }

    /// The ids of the rules that serve a control, in order.
    package func rules(serving control: ControlName) -> [String] {
        rules.values.joined().filter { $0.controls.contains(control.description) }.map(\.id)
            .sorted(by: bytesPrecede)
    }
}
