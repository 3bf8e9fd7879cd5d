// Writes the payload of a trust root, for custodians to sign.

internal import CanonicalJSON
package import Cryptography

extension TrustRoot {
    /// What a new root says, before anybody has signed it.
    package struct Draft: Sendable {
        package var version: Int64 = 1
        package var origin: String
        package var development: Bool
        package var issuedAt: Timestamp
        package var expiresAt: Timestamp
        package var custodians: [PublicKey]
        package var threshold: Int
        package var logKeys: [Dated<String>]
        package var permitKeys: [Dated<PublicKey>]
        package var serviceKeys: [Dated<PublicKey>]
        package var witnessPolicy = ""

        package init(
            origin: String, development: Bool, issuedAt: Timestamp, expiresAt: Timestamp,
            custodians: [PublicKey], threshold: Int, logKeys: [Dated<String>],
            permitKeys: [Dated<PublicKey>], serviceKeys: [Dated<PublicKey>]
        ) {
            self.origin = origin
            self.development = development
            self.issuedAt = issuedAt
            self.expiresAt = expiresAt
            self.custodians = custodians
            self.threshold = threshold
            self.logKeys = logKeys
            self.permitKeys = permitKeys
            self.serviceKeys = serviceKeys
        }

        /// The payload to sign.
        package var payload: [UInt8] {
            func dated(_ key: Dated<PublicKey>) -> JSON {
                .object(
                    self.key(key.key).merging(
                        ["from": .text(key.from), "until": .text(key.until)],
                        uniquingKeysWith: { $1 }))
            }
            let json: JSON = [
                "type": .string(TrustRoot.type), "version": .integer(version),
                "origin": .string(origin), "development": .bool(development),
                "issuedAt": .text(issuedAt), "expiresAt": .text(expiresAt),
                "custodians": [
                    "threshold": .integer(Int64(threshold)),
                    "keys": .array(custodians.map { .object(self.key($0)) }),
                ],
                "logKeys": .array(
                    logKeys.map {
                        ["vkey": .string($0.key), "from": .text($0.from), "until": .text($0.until)]
                    }),
                "permitKeys": .array(permitKeys.map(dated)),
                "serviceKeys": .array(serviceKeys.map(dated)),
                "timestampAuthorities": [], "sigstoreRoots": [],
                "witnessPolicy": .string(witnessPolicy),
            ]
            return json.canonicalBytes
        }

        private func key(_ key: PublicKey) -> [String: JSON] {
            [
                "algorithm": .string(key.algorithm.rawValue),
                "spki": .string(Base64.encode(key.spki)),
            ]
        }
    }
}
