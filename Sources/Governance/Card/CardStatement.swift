// A signed model card: the in-toto statement that binds a card to a log, a model and its bytes.
//
//     subject   [{"name": "ns/name", "digest": {"sha256": <artifact digest>}}]
//     predicate {"origin": <log origin>, "card": {…}}, type …/model-card/v1
//
// Personal fields of the card are commitments (I8).

package import Attestation
package import CanonicalJSON
package import Cryptography
package import Schema

/// A card as it is signed.
package struct CardStatement: Sendable {
    package let origin: String
    package let model: ModelName
    package let artifact: SHA256Digest
    package let card: ModelCard

    package init(origin: String, model: ModelName, artifact: SHA256Digest, card: ModelCard) {
        self.origin = origin
        self.model = model
        self.artifact = artifact
        self.card = card
    }

    /// The statement to sign.
    package var statement: Statement {
        Statement(
            subjects: [.init(name: model.description, sha256: artifact)],
            predicateType: ModelCard.predicateType,
            predicate: ["origin": .string(origin), "card": card.json])
    }

    /// Reads a statement; throws every finding, with pointers into the card.
    package init(reading statement: Statement, schema: JSONSchema) throws(JSONFindings) {
        let predicate = statement.predicate
        let (origin, model, artifact) = try JSONReader.decode(predicate) {
            reader -> (String, ModelName, SHA256Digest)? in
            let origin = reader.string("origin", length: 1...255)
            _ = reader.json("card")
            guard statement.predicateType == ModelCard.predicateType else {
                reader.refuse("type", "The statement is not a model card.")
                return nil
            }
            guard statement.subjects.count == 1, let subject = statement.subjects.first,
                let model = ModelName(subject.name), let artifact = subject.sha256
            else {
                reader.refuse("subject", "The statement names no model with an artifact digest.")
                return nil
            }
            return (origin, model, artifact)
        }
        self.origin = origin
        self.model = model
        self.artifact = artifact
        card = try ModelCard(parsing: predicate["card"] ?? .null, schema: schema)
        let exposed = PersonalFields.findings(in: card, schema: schema)
        guard exposed.isEmpty else { throw JSONFindings(findings: exposed) }
    }
}
