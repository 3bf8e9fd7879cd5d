// The log at its C2SP addresses (c2sp.org/tlog-tiles): checkpoint, tiles of hashes, bundles of entries.
//
// A tile or bundle never changes, so it is cached for ever; the checkpoint is asked for each time. A
// partial tile is served as the prefix of what is stored, and only when the published tree has it:
// nothing is shown that no signed checkpoint covers. Served while halted too: proofs stay true.
// Bundles are compressed for who accepts gzip; hashes are not, they do not shrink.

internal import CanonicalJSON
internal import Cryptography
internal import Governance
internal import HTTPTypes
internal import Hummingbird
internal import Registry
internal import TransparencyLog

/// The operations on the log.
struct LogRoutes {
    let registry: Registry
    let access: HTTPSettings.LogAccess

    var routes: [Route] {
        [
            .open("/log/checkpoint", checkpoint),
            .open("/log/key", key),
            .open("/log/tile/{path}", takesRest: true, tile),
            .open("/api/v1/log/checkpoints/{size}", checkpointOfSize),
            .open("/api/v1/log/consistency/{old}/{new}", consistency),
            .read("/api/v1/documents/{digest}", document),
        ]
    }

    // MARK: access

    private enum Part {
        case hashes
        case entries
    }

    /// Throws unless the part is public, or the caller may read it.
    private func require(_ part: Part, _ context: Guest) throws {
        guard !isPublic(part) else { return }
        guard let caller = context.caller else { throw Problem.unauthenticated }
        switch part {
        case .hashes: return
        case .entries:
            guard registry.mayReadEntries(caller) else {
                throw Self.entriesForbidden
            }
        }
    }

    private func isPublic(_ part: Part) -> Bool {
        switch (access, part) {
        case (.all, _), (.tiles, .hashes): true
        case (.private, _), (.tiles, .entries): false
        }
    }

    // MARK: serving

    @Sendable private func checkpoint(
        _ request: WebRequest, _ context: Guest
    ) async throws -> Response {
        try require(.hashes, context)
        guard let published = registry.follower.served else {
            throw Refusal(.notFound, "checkpoint-missing", "Nothing is published yet.")
        }
        return Conditional.response(
            to: request, bytes: published.note, mediaType: "text/plain; charset=utf-8",
            cacheControl: isPublic(.hashes) ? "public, no-cache" : "private, no-cache")
    }

    /// Every verifier key, one a line, each before a comment with the sizes that it counts for: who has
    /// them can check everything else.
    @Sendable private func key(_ request: WebRequest, _ context: Guest) async throws -> Response {
        let keys = registry.roots.history.logKeySpans.map { span in
            "\(span.vkey)\n# sizes \(span.from) to \(span.upTo.map { "\($0), retired" } ?? "now")\n"
        }
        return Conditional.response(
            to: request, bytes: Array(keys.joined().utf8), mediaType: "text/plain; charset=utf-8",
            cacheControl: "public, no-cache")
    }

    /// An earlier checkpoint, by its size.
    @Sendable private func checkpointOfSize(
        _ request: WebRequest, _ context: Guest
    ) async throws -> Response {
        try require(.hashes, context)
        return Conditional.response(
            to: request, bytes: try await registry.checkpoint(ofSize: size("size", context)),
            mediaType: "text/plain; charset=utf-8", cacheControl: cacheForEver(.hashes))
    }

    /// That a later tree continues an earlier one (RFC 6962 section 2.1.2).
    @Sendable private func consistency(
        _ request: WebRequest, _ context: Guest
    ) async throws -> Response {
        try require(.hashes, context)
        let proof = try await registry.consistency(
            from: size("old", context), to: size("new", context))
        return Conditional.response(
            to: request,
            bytes: ([
                "oldSize": .integer(proof.oldSize), "newSize": .integer(proof.newSize),
                "hashes": .array(proof.hashes.map { .string(Base64.encode($0.bytes)) }),
            ] as JSON).canonicalBytes,
            mediaType: "application/json", cacheControl: cacheForEver(.hashes))
    }

    private func size(_ name: String, _ context: Guest) throws -> Int64 {
        guard case .index(let size) = context.parameters.get(name).flatMap(EntryName.init) else {
            throw Refusal(
                .notFound, "size-unknown", "A size is a decimal number without leading zeros.")
        }
        return size
    }

    private func cacheForEver(_ part: Part) -> String {
        (isPublic(part) ? "public" : "private") + ", max-age=31536000, immutable"
    }

    /// A document that entries name, for those who may read all entries.
    @Sendable private func document(
        _ request: WebRequest, _ context: Authenticated
    ) async throws -> Response {
        guard isPublic(.entries) || registry.mayReadEntries(context.caller) else {
            throw Self.entriesForbidden
        }
        let digest = try PathParameters(context.parameters).digest(
            "digest", "document-unknown", "There is no such document.")
        guard let bytes = try await registry.document(digest) else {
            throw Refusal(.notFound, "document-unknown", "There is no such document.")
        }
        return Conditional.response(
            to: request, bytes: bytes, mediaType: "application/octet-stream",
            cacheControl: "private, max-age=31536000, immutable")
    }

    private static let entriesForbidden = Refusal(
        .forbidden, "role-missing", "Entries are for auditors of every namespace.",
        hint: "Ask for a signed assignment of the role auditor over **.", offence: .roleMissing)

    /// A witness that audits reads the entries before it cosigns, so before the checkpoint is shown: to
    /// auditors everything is readable that a signed checkpoint covers.
    private func isReadable(
        _ id: EntryBundleID, in size: Int64, _ context: Guest
    ) async throws -> Bool {
        if id.exists(inTreeOf: size) { return true }
        guard let caller = context.caller, registry.mayReadEntries(caller) else { return false }
        return id.exists(inTreeOf: try await registry.signedSize())
    }

    @Sendable private func tile(_ request: WebRequest, _ context: Guest) async throws -> Response {
        let size = registry.follower.snapshot.published?.checkpoint.size ?? 0
        let missing = Refusal(.notFound, "tile-unknown", "The published tree has no such tile.")
        guard let path = TilePath(String(request.uri.path.dropFirst("/log/".count))) else {
            try require(.hashes, context)
            throw missing
        }
        let bytes: [UInt8]
        let part: Part
        switch path {
        case .hashes(let id):
            part = .hashes
            try require(part, context)
            guard id.exists(inTreeOf: size) else { throw missing }
            bytes = try await registry.tile(id)
        case .entries(let id):
            part = .entries
            try require(part, context)
            guard try await isReadable(id, in: size, context) else { throw missing }
            bytes = try await registry.entryBundle(id)
            // What everybody may read, nobody is noted for.
            if !isPublic(part), let caller = context.caller {
                try await registry.noteRead("entries", indexes: id.indexes, by: caller)
            }
        }
        return Conditional.response(
            to: request, bytes: bytes, mediaType: "application/octet-stream",
            cacheControl: cacheForEver(part),
            isCompressible: part == .entries)
    }
}
