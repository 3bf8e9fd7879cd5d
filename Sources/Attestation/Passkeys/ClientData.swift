// What a browser says about a ceremony, in bytes whose SHA-256 the authenticator signs.
//
// Specification: W3C Web Authentication Level 2, section 5.8.1. A JSON object with `type`, `challenge`
// (base64url without padding), `origin`, and perhaps `crossOrigin`; it may grow, so other members are left
// alone. `tokenBinding` (removed in Level 3) with the status "present" ties the ceremony to a TLS connection
// that nobody can check later, and `topOrigin` (Level 3) is of a page inside another: both are refused.

internal import CanonicalJSON
internal import Cryptography

/// Client data, read but not believed.
struct ClientData: Sendable, Hashable {
    let type: String
    let challenge: [UInt8]
    let origin: String
    /// Whether a page of another origin embeds the one that asked.
    let isCrossOrigin: Bool
    let isTokenBound: Bool

    /// The longest that is looked at, in bytes.
    static let longest = 4_096

    /// Reads all of the bytes; nil when they are not client data.
    init?(_ bytes: [UInt8]) {
        let limits = JSON.Limits(bytes: Self.longest)
        guard let json = try? JSON(parsing: bytes, limits: limits), json.object != nil,
            let type = json["type"]?.string, let origin = json["origin"]?.string,
            let challenge = json["challenge"]?.string.flatMap(Base64.urlDecode)
        else { return nil }
        self.type = type
        self.challenge = challenge
        self.origin = origin
        switch json["crossOrigin"] {
        case nil, .bool(false): isCrossOrigin = json["topOrigin"] != nil
        case .bool(true): isCrossOrigin = true
        default: return nil
        }
        switch json["tokenBinding"] {
        case nil: isTokenBound = false
        case .some(let binding):
            guard let status = binding["status"]?.string else { return nil }
            isTokenBound = status != "supported"
        }
    }

    /// What stands against it in a ceremony of this type, with this challenge.
    func problems(
        _ type: String, challenge: [UInt8], origins: [String]
    ) -> [PasskeyProblem] {
        var problems: [PasskeyProblem] = []
        if self.type != type { problems.append(.otherCeremony) }
        if self.challenge != challenge { problems.append(.otherChallenge) }
        if !origins.contains(origin) { problems.append(.otherOrigin) }
        if isCrossOrigin { problems.append(.crossOrigin) }
        if isTokenBound { problems.append(.tokenBinding) }
        return problems
    }
}
