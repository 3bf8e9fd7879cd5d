// What an entry of the log says: one fact, by whom, when, about what, and what was seen while deciding.
//
// An entry is an RFC 8785 JSON object (integers below 2^53, decimals as strings), version 1:
//
//     actor          who caused it: a principal's pseudonym, or "service" for what the service did itself
//     configuration  digest of the `service.started` configuration in force, or null before the first
//     data           the members of the event (Events/)
//     documents      digests of every document that this entry names, ascending
//     idempotency    null, or {"body":…,"key":…}: SHA-256 of the request's body, and of principal ‖ key
//     kind           the event's kind
//     origin         the log's origin
//     policy         digest of the policy pack that decided, or null where no pack decides
//     request        the request's id, for correlation with service logs
//     subjects       the sequence number that this entry gives each subject it changes,
//                    and the one it saw of each subject it only read: {"name":{"seq":4,"wrote":true}}
//     time           {"at":"2026-11-21T08:00:00.000Z","source":"service"}
//     token          public id of the API token that authenticated the request, or null
//     version        1
//
// Per subject the numbers of the entries that wrote it are 1, 2, 3 … without a gap, so a history that
// lacks an entry shows it, and replay meets the state that the decision saw.

internal import CanonicalJSON
package import Cryptography

/// One entry of the log.
package struct Entry: Sendable, Hashable {
    /// Who caused it; nil for what the service did itself.
    package let actor: PrincipalID?
    /// Digest of the effective configuration.
    package let configuration: SHA256Digest?
    /// The documents that the event names.
    package let documents: [SHA256Digest]
    /// The retry key of the request, when it came with one.
    package let idempotency: Idempotency?
    /// What happened.
    package let event: Event
    /// The log that this entry is for.
    package let origin: String
    /// The policy pack that decided; nil where none does.
    package let policy: SHA256Digest?
    /// The request's id.
    package let request: String
    /// What was written and what was seen, by subject.
    package let subjects: [String: SubjectSequence]
    /// The service's clock when it decided.
    package let time: Timestamp
    /// Public id of the token that authenticated the request; nil for what the service did itself.
    package let token: String?

    /// Digests that tell a retry from a different request.
    package struct Idempotency: Sendable, Hashable {
        /// SHA-256 of the principal's id, a newline, and the key.
        package let key: SHA256Digest
        /// SHA-256 of the request's method, path and body.
        package let body: SHA256Digest

        package init(key: SHA256Digest, body: SHA256Digest) {
            self.key = key
            self.body = body
        }
    }

    /// A subject's sequence number in an entry.
    package struct SubjectSequence: Sendable, Hashable {
        /// The number that this entry has for the subject it wrote, or saw of the one it read.
        package let seq: Int64
        /// Whether this entry changed the subject.
        package let wrote: Bool

        package init(seq: Int64, wrote: Bool) {
            self.seq = seq
            self.wrote = wrote
        }
    }

    package init(
        actor: PrincipalID?, configuration: SHA256Digest?, documents: [SHA256Digest],
        idempotency: Idempotency?, event: Event, origin: String, policy: SHA256Digest?,
        request: String, subjects: [String: SubjectSequence], time: Timestamp, token: String? = nil
    ) {
        self.actor = actor
        self.configuration = configuration
        self.documents = documents
        self.idempotency = idempotency
        self.event = event
        self.origin = origin
        self.policy = policy
        self.request = request
        self.subjects = subjects
        self.time = time
        self.token = token
    }

    /// The canonical bytes, as they are signed and hashed.
    package var canonicalBytes: [UInt8] {
        let idempotency: JSON =
            idempotency.map { ["body": .digest($0.body), "key": .digest($0.key)] } ?? .null
        let subjects = subjects.mapValues { subject -> JSON in
            ["seq": .integer(subject.seq), "wrote": .bool(subject.wrote)]
        }
        let json: JSON = [
            "actor": .string(actor?.description ?? Self.serviceActor),
            "configuration": .digest(configuration),
            "data": .object(event.payload.members),
            "documents": .array(Set(documents).sorted().map { .string($0.hex) }),
            "idempotency": idempotency,
            "kind": .string(event.kind),
            "origin": .string(origin),
            "policy": .digest(policy),
            "request": .string(request),
            "subjects": .object(subjects),
            "time": ["at": .text(time), "source": "service"],
            "token": token.map(JSON.string) ?? .null,
            "version": 1,
        ]
        return json.canonicalBytes
    }

    private static let serviceActor = "service"

    /// Reads an entry from the bytes that were signed.
    package init(parsing bytes: [UInt8]) throws(EntryError) {
        let json: JSON
        do {
            json = try JSON(parsing: bytes, limits: .own)
        } catch {
            throw .malformed(error.message)
        }
        guard json["version"]?.integer == 1 else { throw .malformed("/version: not 1") }
        var reader = EventReader(json)
        _ = reader.integer("version")
        let actor = reader.value("actor") { json -> PrincipalID?? in
            json.string == Self.serviceActor ? .some(nil) : json.string.flatMap { PrincipalID($0) }
        }
        let configuration = reader.nullableDigest("configuration")
        let data = reader.value("data") { $0.object == nil ? nil : $0 }
        let documents = reader.value("documents", Self.digests)
        let idempotency = reader.nullable("idempotency", Self.idempotency)
        let kind = reader.string("kind")
        let origin = reader.string("origin")
        let policy = reader.nullableDigest("policy")
        let request = reader.string("request")
        let subjects = reader.value("subjects", Self.subjects)
        let time = reader.value("time") { json -> Timestamp? in
            guard json.object?.count == 2, json["source"]?.string == "service" else { return nil }
            return json["at"]?.string.flatMap { Timestamp($0) }
        }
        let token = reader.nullable("token") { $0.string }
        if let problem = reader.finish() { throw .malformed(problem) }
        guard let actor, let configuration, let data, let documents, let idempotency, let kind,
            let origin, let policy, let request, let subjects, let time, let token
        else { throw .malformed("a member is malformed") }
        self.init(
            actor: actor, configuration: configuration, documents: documents,
            idempotency: idempotency, event: try Event(kind: kind, members: data), origin: origin,
            policy: policy, request: request, subjects: subjects, time: time, token: token)
    }

    private static func digests(_ json: JSON) -> [SHA256Digest]? {
        guard let elements = json.array else { return nil }
        let digests = elements.compactMap { $0.string.flatMap { SHA256Digest(hex: $0) } }
        return digests.count == elements.count ? digests : nil
    }

    private static func idempotency(_ json: JSON) -> Idempotency? {
        guard json.object?.count == 2,
            let key = json["key"]?.string.flatMap({ SHA256Digest(hex: $0) }),
            let body = json["body"]?.string.flatMap({ SHA256Digest(hex: $0) })
        else { return nil }
        return Idempotency(key: key, body: body)
    }

    private static func subjects(_ json: JSON) -> [String: SubjectSequence]? {
        guard let members = json.object else { return nil }
        var subjects: [String: SubjectSequence] = [:]
        for (name, member) in members {
            guard member.object?.count == 2, let seq = member["seq"]?.integer, seq >= 0,
                let wrote = member["wrote"]?.bool
            else { return nil }
            subjects[name] = SubjectSequence(seq: seq, wrote: wrote)
        }
        return subjects
    }
}
