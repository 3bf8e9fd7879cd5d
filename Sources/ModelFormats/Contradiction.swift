// One thing that a card and the header of a weights file say differently.

package import CanonicalJSON

/// A contradiction between a card and headers.
package struct Contradiction: Sendable, Hashable {
    /// The member of the card's /model.
    package let field: String
    /// What the card says there, as people read it.
    package let card: String
    /// What the headers say, as people read it.
    package let header: String
    /// The files whose headers say so; never empty.
    package let files: [String]
    /// Whether the header's word has one meaning; free text does not, and refuses nothing.
    package let isCertain: Bool

    init(field: String, card: String, header: String, files: [String], isCertain: Bool = true) {
        self.field = field
        self.card = card
        self.header = header
        self.files = files
        self.isCertain = isCertain
    }

    /// Field, both statements and files, for people.
    package var line: String { "model.\(field): \(sentence)" }

    /// As a finding about the card.
    package var finding: JSONFinding {
        JSONFinding(JSONPointer(["model", field]), "contradiction", sentence)
    }

    /// As the gate is told of it.
    package var json: JSON {
        [
            "field": .string(field), "card": .string(card), "header": .string(header),
            "path": .string(place),
        ]
    }

    private var sentence: String { "the card says \(card); \(place) says \(header)." }

    private var place: String {
        let named = files.prefix(3).map(shown).joined(separator: ", ")
        return files.count > 3 ? "\(named) and \(files.count - 3) more" : named
    }
}
