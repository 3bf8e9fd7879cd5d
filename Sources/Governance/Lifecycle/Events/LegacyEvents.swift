// What ran before anybody asked for approval.

package import CanonicalJSON
package import Cryptography

/// Models that ran already were brought in by two officers: not approved, each due by a date.
package struct LegacyImported: EventPayload {
    package static let kind = "legacy.imported"
    package let namespace: Namespace
    /// Digest of the statement's payload.
    package let statement: SHA256Digest
    /// Digest of the envelope as stored.
    package let document: SHA256Digest
    package let items: [LegacyImport.Item]
    package let reason: String

    /// The event of a statement.
    package init(_ imported: LegacyImport, statement: SHA256Digest, document: SHA256Digest) {
        namespace = imported.namespace
        self.statement = statement
        self.document = document
        items = imported.items
        reason = imported.reason
    }

    package init?(_ reader: inout EventReader) {
        guard
            let namespace = reader.value("namespace", { $0.string.flatMap { Namespace($0) } }),
            let statement = reader.digest("statement"),
            let document = reader.digest("document"),
            let items = reader.value("items", Self.items),
            let reason = reader.string("reason")
        else { return nil }
        self.namespace = namespace
        self.statement = statement
        self.document = document
        self.items = items
        self.reason = reason
    }

    private static func items(_ json: JSON) -> [LegacyImport.Item]? {
        guard let elements = json.array else { return nil }
        let items = elements.compactMap { element -> LegacyImport.Item? in
            try? JSONReader.decode(element) { reader in
                reader.object { LegacyImport.Item(reading: $0) }
            }
        }
        return items.count == elements.count ? items : nil
    }

    package var members: [String: JSON] {
        [
            "namespace": .text(namespace), "statement": .digest(statement),
            "document": .digest(document), "items": .array(items.map(\.json)),
            "reason": .string(reason),
        ]
    }
}
