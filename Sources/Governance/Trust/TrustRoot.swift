// The document that says whom to believe: custodians and the keys of log, permits and service.
//
// It lives outside the database. A DSSE envelope of type application/vnd.imprimatur.trust-root.v1+json,
// signed by at least `custodians.threshold` of its own custodian keys; a later version must also be
// signed by the threshold of the version before it, and a lower version is refused. The payload:
//
//     {"type":"imprimatur.dev/trust-root/v1","version":1,"origin":"example.com/log",
//      "development":false,"issuedAt":…,"expiresAt":…,
//      "custodians":{"threshold":2,"keys":[{"algorithm":"ecdsa-p256","spki":"<base64 DER>"},…]},
//      "logKeys":[{"vkey":"…","from":…,"until":…}],
//      "permitKeys":[{"algorithm":…,"spki":…,"from":…,"until":…}],
//      "serviceKeys":[…],"timestampAuthorities":[],"sigstoreRoots":[],"witnessPolicy":""}
//
// A root whose threshold is one is `development`: everything signed under it is marked so, and
// checkers refuse it unless told otherwise.

package import Attestation
internal import CanonicalJSON
package import Cryptography
internal import TransparencyLog

/// A trust root whose signatures have been checked.
package struct TrustRoot: Sendable {
    /// 1, 2, 3 …; only higher versions replace lower ones.
    package let version: Int64
    /// The log that this root is for.
    package let origin: String
    /// Whether this root must not be relied on outside a first try.
    package let development: Bool
    package let issuedAt: Timestamp
    package let expiresAt: Timestamp
    /// Who may rotate keys, recover the log and appoint administrators.
    package let custodians: [PublicKey]
    /// How many custodians must sign together.
    package let threshold: Int
    /// The log's verifier keys, in C2SP vkey form.
    package let logKeys: [Dated<String>]
    /// Keys that sign permits; 90 days at most.
    package let permitKeys: [Dated<PublicKey>]
    /// Keys that sign entries.
    package let serviceKeys: [Dated<PublicKey>]
    /// Which witnesses must have cosigned, in C2SP tlog-policy syntax; empty for none.
    package let witnessPolicy: String
    /// SHA-256 of the payload: how entries and decisions name this root.
    package let digest: SHA256Digest

    /// A key with the time in which it counts.
    package struct Dated<Key: Sendable>: Sendable {
        package let key: Key
        package let from: Timestamp
        package let until: Timestamp

        package init(_ key: Key, from: Timestamp, until: Timestamp) {
            self.key = key
            self.from = from
            self.until = until
        }

        /// Whether the key counts at `time`; both ends are inside.
        package func isValid(at time: Timestamp) -> Bool { from <= time && time <= until }
    }

    /// What a root's envelope says it is.
    package static let payloadType = "application/vnd.imprimatur.trust-root.v1+json"
    package static let type = "imprimatur.dev/trust-root/v1"
    /// How long a permit key may be certified, in milliseconds: 90 days.
    static let longestPermitKey: Int64 = 90 * 86_400_000

    /// The service key that `id` names and that counts at `time`.
    package func serviceKey(_ id: KeyID, at time: Timestamp) -> PublicKey? {
        serviceKeys.first { $0.key.id == id && $0.isValid(at: time) }?.key
    }

    /// The permit keys that count at `time`.
    package func permitKeys(at time: Timestamp) -> [PublicKey] {
        permitKeys.filter { $0.isValid(at: time) }.map(\.key)
    }

    /// Checks an envelope and reads the root in it.
    ///
    /// - Parameters:
    ///   - envelope: the signed root.
    ///   - predecessor: the root that was trusted before; nil when this one is trusted as such,
    ///     because its digest was compared out of band.
    /// - Throws: all that is wrong with it.
    package static func verify(
        _ envelope: Envelope, succeeding predecessor: TrustRoot? = nil
    ) throws(TrustRootError) -> TrustRoot {
        guard envelope.payloadType == payloadType else {
            throw TrustRootError(["the envelope is of type \(envelope.payloadType)"])
        }
        let json: JSON
        do {
            json = try JSON(parsing: envelope.payload, limits: .own)
        } catch {
            throw TrustRootError(["the payload is not JSON: \(error.message)"])
        }
        guard json.canonicalBytes == envelope.payload else {
            throw TrustRootError(["the payload is not in canonical form (RFC 8785)"])
        }
        let root: TrustRoot
        do {
            let digest = SHA256.hash(envelope.payload)
            root = try JSONReader.decode(json) { TrustRoot(reading: $0, digest: digest) }
        } catch {
            throw TrustRootError(error.findings.map(\.description))
        }
        var problems = root.inconsistencies
        if envelope.verify(with: root.custodians).count < root.threshold {
            problems.append("fewer than \(root.threshold) of its custodians signed it")
        }
        if let predecessor {
            if root.version <= predecessor.version {
                problems.append("version \(root.version) does not follow \(predecessor.version)")
            }
            if root.origin != predecessor.origin {
                problems.append("it is for another log, \(root.origin)")
            }
            if envelope.verify(with: predecessor.custodians).count < predecessor.threshold {
                problems.append(
                    "fewer than \(predecessor.threshold) of the custodians before signed it")
            }
        }
        guard problems.isEmpty else { throw TrustRootError(problems) }
        return root
    }

    private var inconsistencies: [String] {
        var problems: [String] = []
        if expiresAt <= issuedAt { problems.append("it expires before it is issued") }
        if threshold > custodians.count {
            problems.append("the threshold exceeds the number of custodians")
        }
        if Set(custodians.map(\.id)).count < custodians.count {
            problems.append("a custodian key is listed twice")
        }
        if !witnessPolicy.isEmpty {
            do throws(WitnessPolicyError) {
                _ = try WitnessPolicy(parsing: Array(witnessPolicy.utf8))
            } catch {
                problems.append("the witness policy: \(error.description)")
            }
        }
        if threshold == 1 && !development {
            problems.append("a threshold of one is only for development")
        }
        for key in permitKeys where key.until.milliseconds(since: key.from) > Self.longestPermitKey
        {
            problems.append("permit key \(key.key.id.hex) is certified for more than 90 days")
        }
        let logs = logKeys.compactMap { try? VerifierKey($0.key).publicKey?.id }
        if logs.count != logKeys.count { problems.append("a log key is not a verifier key") }
        let uses = [
            Set(custodians.map(\.id)), Set(logs), Set(permitKeys.map(\.key.id)),
            Set(serviceKeys.map(\.key.id)),
        ]
        if Set(uses.joined()).count < uses.map(\.count).reduce(0, +) {
            problems.append(
                "a key has more than one of the uses custodian, log, permit and service")
        }
        return problems
    }

    private init?(reading reader: JSONReader, digest: SHA256Digest) {
        reader.constant("type", Self.type)
        version = reader.integer("version", in: 1...1_000_000)
        origin = reader.string("origin", length: 1...255)
        development = reader.bool("development")
        let issuedAt = reader.time("issuedAt")
        let expiresAt = reader.time("expiresAt")
        (threshold, custodians) = reader.object("custodians") { custodians in
            (
                Int(custodians.integer("threshold", in: 1...64)),
                custodians.array("keys", count: 1...64) { $0.publicKey() }
            )
        }
        logKeys = reader.array("logKeys", count: 1...64) { key in
            key.dated(key.string("vkey", length: 1...4096))
        }
        permitKeys = reader.array("permitKeys", count: 1...64) { key in
            key.publicKey().flatMap { key.dated($0) }
        }
        serviceKeys = reader.array("serviceKeys", count: 1...64) { key in
            key.publicKey().flatMap { key.dated($0) }
        }
        _ = reader.array("timestampAuthorities", count: 0...64) { $0.json() }
        _ = reader.array("sigstoreRoots", count: 0...64) { $0.json() }
        witnessPolicy = reader.string("witnessPolicy", length: 0...65_536)
        self.digest = digest
        guard let issuedAt, let expiresAt else { return nil }
        self.issuedAt = issuedAt
        self.expiresAt = expiresAt
    }
}

/// All that is wrong with a trust root.
package struct TrustRootError: Error, Hashable, Sendable {
    /// A sentence for each fault.
    package let problems: [String]

    package init(_ problems: [String]) {
        self.problems = problems
    }
}

extension JSONReader {
    /// The members `algorithm` and `spki` of a key.
    func publicKey() -> PublicKey? {
        let algorithm = string("algorithm")
        let key = parsed("spki", as: "a public key, DER in base64", length: 1...4096) {
            Base64.decode($0).flatMap { try? PublicKey(spki: $0) }
        }
        if let key, key.algorithm.rawValue != algorithm {
            refuse("algorithm", Code.value, "The key is \(key.algorithm.rawValue).")
        }
        return key
    }

    fileprivate func dated<Key: Sendable>(_ key: Key) -> TrustRoot.Dated<Key>? {
        guard let from = time("from"), let until = time("until") else { return nil }
        return TrustRoot.Dated(key, from: from, until: until)
    }

    private typealias Code = JSONFinding.Code
}
