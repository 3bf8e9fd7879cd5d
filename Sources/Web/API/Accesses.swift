// Who was turned away and who read the evidence, for auditors.

internal import CanonicalJSON
internal import Cryptography
internal import Governance
internal import Hummingbird
internal import Registry
internal import TransparencyLog

/// The list of accesses that the log tells.
struct AccessRoutes {
    let registry: Registry

    var routes: [Route] {
        [.read("/api/v1/audit/reads", reads)]
    }

    @Sendable private func reads(
        _ request: WebRequest, _ context: Authenticated
    ) async throws -> Response {
        guard registry.mayReadEntries(context.caller) else {
            throw Refusal(
                .forbidden, "role-missing", "Accesses are for auditors of every namespace.",
                hint: "Ask for a signed assignment of the role auditor over **.",
                offence: .roleMissing)
        }
        let query = try Query(request, allowing: ["before", "limit"])
        let limit = try query.integer("limit", in: WebLimits.page) ?? WebLimits.usualPage
        let before = try query.integer("before", in: 0...Int(JSON.safeIntegers.upperBound))
        let page = try await registry.accesses(before: before.map(Int64.init), limit: limit)
        let indexes = page.entries.map(\.index)
        let shown = indexes.min().flatMap { first in indexes.max().map { first..<$0 + 1 } }
        try await registry.noteRead("reads", indexes: shown, by: context.caller)
        return Response(json: [
            "entries": .array(
                page.entries.map { index, bytes, entry in
                    [
                        "index": .integer(index), "time": .text(entry.time),
                        "kind": .string(entry.event.kind),
                        "actor": .string(entry.actor?.description ?? "service"),
                        "summary": .string(entry.event.sentence),
                        "leafHash": .digest(MerkleTree.leafHash(of: bytes)),
                        "data": .object(entry.event.payload.members),
                    ]
                }),
            "next": page.next.map(JSON.integer) ?? .null,
        ])
    }
}
