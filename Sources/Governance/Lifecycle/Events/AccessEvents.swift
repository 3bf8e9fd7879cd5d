// Who was turned away, and who read the evidence.
//
// Both are gathered where many come at once: one entry says how often within which time. Addresses are
// personal data and stay out of the log: a source is a pseudonym that holds until the service restarts.

package import CanonicalJSON
package import Cryptography

/// Requests that were refused for what they presented, in one stretch of time.
package struct AccessRefused: EventPayload {
    package static let kind = "access.refused"
    /// When the first and the last of them came.
    package let from: Timestamp
    package let until: Timestamp
    package let refusals: [Item]
    /// Refusals beyond those listed: there were too many different ones.
    package let omitted: Int64

    /// Why requests were refused.
    package enum Cause: String, Sendable, Hashable, CaseIterable {
        /// The credential is no bearer token.
        case credentialMalformed = "credential-malformed"
        /// No such token was ever issued.
        case tokenUnknown = "token-unknown"
        /// The token has expired.
        case tokenExpired = "token-expired"
        /// The token was revoked.
        case tokenRevoked = "token-revoked"
        /// A signed statement was presented whose signature is wrong or does not count.
        case statementInvalid = "statement-invalid"
        /// The caller does not hold the role for it.
        case roleMissing = "role-missing"
    }

    /// Refusals of one cause that belong together.
    package struct Item: Sendable, Hashable {
        package let cause: Cause
        package let count: Int64
        /// Whose token it was or claimed to be; null when nobody is known.
        package let principal: PrincipalID?
        /// Public id of the token; null when no such token is known.
        package let token: String?
        /// Pseudonym of the network address it came from; null where the caller is known.
        package let source: String?
        /// What was asked for, such as `version/credit/scorecard@1`; null when nothing particular.
        package let subject: String?

        package init(
            cause: Cause, count: Int64, principal: PrincipalID?, token: String?, source: String?,
            subject: String?
        ) {
            self.cause = cause
            self.count = count
            self.principal = principal
            self.token = token
            self.source = source
            self.subject = subject
        }

        fileprivate init?(_ json: JSON) {
            var reader = EventReader(json)
            let cause = reader.value("cause") { $0.string.flatMap { Cause(rawValue: $0) } }
            let count = reader.count("count")
            let principal = reader.nullable("principal") { $0.string.flatMap { PrincipalID($0) } }
            let token = reader.nullable("token") { $0.string }
            let source = reader.nullable("source") { $0.string }
            let subject = reader.nullable("subject") { $0.string }
            guard reader.finish() == nil, let cause, let count, let principal, let token,
                let source, let subject
            else { return nil }
            self.init(
                cause: cause, count: count, principal: principal, token: token, source: source,
                subject: subject)
        }

        fileprivate var json: JSON {
            [
                "cause": .string(cause.rawValue), "count": .integer(count),
                "principal": principal.map { .text($0) } ?? .null,
                "token": token.map(JSON.string) ?? .null,
                "source": source.map(JSON.string) ?? .null,
                "subject": subject.map(JSON.string) ?? .null,
            ]
        }
    }

    package init(from: Timestamp, until: Timestamp, refusals: [Item], omitted: Int64) {
        self.from = from
        self.until = until
        self.refusals = refusals
        self.omitted = omitted
    }

    package init?(_ reader: inout EventReader) {
        let refusals = reader.value("refusals") { json -> [Item]? in
            guard let elements = json.array else { return nil }
            let items = elements.compactMap { Item($0) }
            return items.count == elements.count ? items : nil
        }
        guard let from = reader.time("from"), let until = reader.time("until"), let refusals,
            let omitted = reader.count("omitted")
        else { return nil }
        self.init(from: from, until: until, refusals: refusals, omitted: omitted)
    }

    package var members: [String: JSON] {
        [
            "from": .text(from), "until": .text(until),
            "refusals": .array(refusals.map(\.json)), "omitted": .integer(omitted),
        ]
    }

    /// How many requests in all.
    package var count: Int64 { refusals.reduce(omitted) { $0 + $1.count } }
}

/// Evidence was read by the entry's actor.
package struct EvidenceRead: EventPayload {
    package static let kind = "evidence.read"
    /// What was read: `report`, `entries`, `reads`, or a later kind of export.
    package let what: String
    /// What it was about, such as `model/credit/scorecard`; null for the log as a whole.
    package let subject: String?
    /// Digest of what was handed out; null for entries, which the log holds itself.
    package let digest: SHA256Digest?
    /// The first and last index of the log that it showed; null when none.
    package let first: Int64?
    package let last: Int64?
    /// How many reads this entry stands for, and when the first and the last of them were.
    package let count: Int64
    package let from: Timestamp
    package let until: Timestamp

    package init(
        what: String, subject: String?, digest: SHA256Digest?, first: Int64?, last: Int64?,
        count: Int64, from: Timestamp, until: Timestamp
    ) {
        self.what = what
        self.subject = subject
        self.digest = digest
        self.first = first
        self.last = last
        self.count = count
        self.from = from
        self.until = until
    }

    package init?(_ reader: inout EventReader) {
        guard let what = reader.string("what"),
            let subject = reader.nullable("subject", { $0.string }),
            let digest = reader.nullableDigest("digest"),
            let first = reader.nullable("first", { $0.integer }),
            let last = reader.nullable("last", { $0.integer }),
            let count = reader.count("count"), let from = reader.time("from"),
            let until = reader.time("until")
        else { return nil }
        self.init(
            what: what, subject: subject, digest: digest, first: first, last: last, count: count,
            from: from, until: until)
    }

    package var members: [String: JSON] {
        [
            "what": .string(what), "subject": subject.map(JSON.string) ?? .null,
            "digest": .digest(digest), "first": first.map(JSON.integer) ?? .null,
            "last": last.map(JSON.integer) ?? .null, "count": .integer(count),
            "from": .text(from), "until": .text(until),
        ]
    }
}
