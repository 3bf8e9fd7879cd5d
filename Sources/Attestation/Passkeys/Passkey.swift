// A passkey as it stands in a key assignment: a key that lives in an authenticator and signs only for
// pages of one relying party, after verifying its user.
//
//     {"type":"passkey","algorithm":"ecdsa-p256","spki":"<base64 DER>","credentialId":"<base64url>",
//      "rpId":"example.com","origins":["https://sign.example.com"]}
//
// Its id is the SHA-256 of the RFC 8785 bytes of this object, so the id fixes the origins as well as the
// key, and no passkey shares an id with a plain key, whose id is the SHA-256 of DER. What names a passkey can
// therefore never be satisfied by a plain signature, nor the other way round.
//
// `rpId` is a registrable domain or below (WebAuthn Level 2, section 5.1.3 step 8); each origin is https, or
// http on localhost, with a host that is the rpId or below it.

package import CanonicalJSON
package import Cryptography

/// A WebAuthn public key credential.
package struct Passkey: Sendable, Hashable {
    package let key: PublicKey
    /// By which the authenticator finds it.
    package let credentialID: [UInt8]
    /// The relying party's id, a domain.
    package let relyingParty: String
    /// The pages that may ask for signatures, ordered.
    package let origins: [String]
    /// Under which signatures name it.
    package let id: KeyID

    /// How long a credential id may be (WebAuthn Level 2, section 4).
    static let credentialIDCount = 1...1_023
    /// The algorithms that are accepted, the preferred first, with their COSE numbers.
    package static let algorithms: [(algorithm: KeyAlgorithm, cose: Int64)] = [
        (.ecdsaP256, -7), (.ed25519, -8),
    ]

    /// Nil unless the parts fit each other.
    package init?(
        key: PublicKey, credentialID: [UInt8], relyingParty: String, origins: Set<String>
    ) {
        guard Self.algorithms.contains(where: { $0.algorithm == key.algorithm }),
            Self.credentialIDCount.contains(credentialID.count),
            (1...8).contains(origins.count), Self.isDomain(relyingParty),
            origins.allSatisfy({ Self.isOrigin($0, below: relyingParty) })
        else { return nil }
        self.key = key
        self.credentialID = credentialID
        self.relyingParty = relyingParty
        self.origins = origins.sorted()
        id = KeyID(
            SHA256.hash(
                Self.json(key, credentialID, relyingParty, self.origins).canonicalBytes))
    }

    /// As it stands in a key assignment.
    package var json: JSON { Self.json(key, credentialID, relyingParty, origins) }

    private static func json(
        _ key: PublicKey, _ credentialID: [UInt8], _ relyingParty: String, _ origins: [String]
    ) -> JSON {
        [
            "type": "passkey", "algorithm": .string(key.algorithm.rawValue),
            "spki": .string(Base64.encode(key.spki)),
            "credentialId": .string(Base64.urlEncode(credentialID)), "rpId": .string(relyingParty),
            "origins": .array(origins.map(JSON.string)),
        ]
    }

    /// Reads what a key assignment says; nil with findings in the reader.
    package init?(reading reader: JSONReader) {
        reader.constant("type", "passkey")
        let algorithm = reader.choice("algorithm", of: KeyAlgorithm.self)
        let key = reader.parsed("spki", as: "a public key in base64 DER", length: 1...1_024) {
            Base64.decode($0).flatMap { try? PublicKey(spki: $0) }
        }
        let credentialID = reader.parsed(
            "credentialId", as: "base64url without padding", length: 1...1_364
        ) { Base64.urlDecode($0) }
        let scope = PasskeyScope(reading: reader)
        guard let algorithm, let key, let credentialID, let scope else { return nil }
        guard key.algorithm == algorithm,
            let passkey = Passkey(
                key: key, credentialID: credentialID, relyingParty: scope.relyingParty,
                origins: scope.origins)
        else {
            reader.refuse(
                "algorithm", JSONFinding.Code.value,
                "A passkey signs by ecdsa-p256 or ed25519, as its key says.")
            return nil
        }
        self = passkey
    }
}

/// For whose pages a passkey signs.
package struct PasskeyScope: Sendable, Hashable {
    /// The relying party's id, a domain.
    package let relyingParty: String
    /// The pages that may ask.
    package let origins: Set<String>

    /// Reads `rpId` and `origins`; nil with findings in the reader.
    package init?(reading reader: JSONReader) {
        let domain = reader.parsed("rpId", as: "a domain in lower case", length: 1...253) {
            Passkey.isDomain($0) ? $0 : nil
        }
        guard let domain else {
            _ = reader.json("origins")
            return nil
        }
        relyingParty = domain
        let form = "https://HOST[:PORT] with a host that is the rpId or below it"
        origins = reader.set("origins", count: 1...8) { item in
            item.parsed(as: form, length: 1...300) {
                Passkey.isOrigin($0, below: domain) ? $0 : nil
            }
        }
        guard !origins.isEmpty else { return nil }
    }
}

extension Passkey {
    /// Labels of letters, digits and inner hyphens; the last not of digits alone, as in an address.
    static func isDomain(_ text: String) -> Bool {
        let labels = text.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        let hyphen = UInt8(ascii: "-")
        func isDigit(_ byte: UInt8) -> Bool {
            (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
        }
        let isWellFormed = labels.allSatisfy { label in
            (1...63).contains(label.count) && label.first != hyphen && label.last != hyphen
                && label.allSatisfy {
                    (UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0) || isDigit($0)
                        || $0 == hyphen
                }
        }
        return isWellFormed && labels.last?.allSatisfy(isDigit) == false && text.utf8.count <= 253
    }

    /// Whether an origin (RFC 6454, as browsers write it) is one of pages of a relying party.
    static func isOrigin(_ text: String, below domain: String) -> Bool {
        let scheme = ["https://", "http://"].first(where: text.hasPrefix)
        guard let scheme else { return false }
        let parts = text.dropFirst(scheme.count).split(
            separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        let host = String(parts[0])
        guard isDomain(host), host == domain || host.hasSuffix("." + domain) else { return false }
        if scheme == "http://", host != "localhost", !host.hasSuffix(".localhost") { return false }
        guard parts.count == 2 else { return true }
        // Browsers leave out the scheme's own port, so a listed one could never match.
        guard let port = UInt16(parts[1]), port > 0, String(port) == parts[1] else { return false }
        return port != (scheme == "https://" ? 443 : 80)
    }
}
