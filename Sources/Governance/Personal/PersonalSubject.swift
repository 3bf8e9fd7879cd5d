// What personal data belongs to, and what a hold can be placed on.
//
// Personal values are sealed under the key of a subject: a principal (`p-0123456789abcdef`: the printed
// name) or the card of a version (`card/credit/scorecard@3`: the people it names). A hold is placed on a
// principal or a version, named as the log names them: `principal/p-…`, `version/credit/scorecard@3`.

internal import Attestation
internal import Cryptography

/// Whose personal values have one key, and are erased together.
package enum PersonalSubject: Sendable, Hashable, CustomStringConvertible {
    /// The printed name of a person or service.
    case principal(PrincipalID)
    /// The personal fields of a version's card.
    case card(VersionReference)

    private static let card = "card/"

    /// Reads `p-…` or `card/ns/name@n`; nil for anything else.
    package init?(_ text: String) {
        if let principal = PrincipalID(text) {
            self = .principal(principal)
        } else if text.hasPrefix(Self.card),
            let version = VersionReference(String(text.dropFirst(Self.card.count)))
        {
            self = .card(version)
        } else {
            return nil
        }
    }

    /// The subject's name beside the log.
    package var description: String {
        switch self {
        case .principal(let principal): principal.description
        case .card(let version): Self.card + version.description
        }
    }

    /// What a hold on this subject itself is placed on.
    package var scope: HoldScope {
        switch self {
        case .principal(let principal): .principal(principal)
        case .card(let version): .version(version)
        }
    }

    /// How statements name it: `personal:<subject>`, SHA-256 of the subject's name.
    var statementSubject: Statement.Subject { Statement.Subject(kind: "personal", self) }
}

/// What a hold is placed on.
package enum HoldScope: Sendable, Hashable, CustomStringConvertible {
    case principal(PrincipalID)
    case version(VersionReference)

    private static let principal = "principal/"
    private static let version = "version/"

    /// Reads `principal/p-…` or `version/ns/name@n`; nil for anything else.
    package init?(_ text: String) {
        if text.hasPrefix(Self.principal) {
            guard let id = PrincipalID(String(text.dropFirst(Self.principal.count))) else {
                return nil
            }
            self = .principal(id)
        } else if text.hasPrefix(Self.version),
            let reference = VersionReference(String(text.dropFirst(Self.version.count)))
        {
            self = .version(reference)
        } else {
            return nil
        }
    }

    /// The name of the log's subject.
    package var description: String {
        switch self {
        case .principal(let principal): Self.principal + principal.description
        case .version(let version): Self.version + version.description
        }
    }
}
