// The log as a stranger reads it: with nothing but what is served, the tree is rebuilt.

import CanonicalJSON
import Cryptography
import Governance
import HTTPTypes
import Registry
import Testing
import TransparencyLog

@testable import Web

@Suite(.serialized) struct `The served log` {
    @Test func `is whole, signed, and immutable but for its head`() async throws {
        try await WebService.with(access: .all) { service in
            let version = try await service.submit()
            _ = version
            _ = try await service.contents()
            let key = try await service.client.get("/log/key").text
            let vkey = try VerifierKey(String(key.split(separator: "\n")[0]))
            let note = try await service.client.get("/log/checkpoint")
            #expect(note.headers[.cacheControl] == "public, no-cache")
            let head = try #require(
                Checkpoint.open(note.bytes, origin: service.service.origin, logKeys: [vkey])
                    .checkpoint
            ).checkpoint
            #expect(head.size > 10)

            // Everything from entries alone.
            let width = Int(head.size)
            let bundle = try await service.client.get("/log/tile/entries/000.p/\(width)")
            #expect(bundle.headers[.cacheControl] == "public, max-age=31536000, immutable")
            let entries = try EntryBundle.decode(bundle.bytes)
            let leaves = entries.map { MerkleTree.leafHash(of: $0) }
            #expect(MerkleTree.root(of: leaves) == head.root)
            let tile = try await service.client.get("/log/tile/0/000.p/\(width)")
            #expect(tile.bytes == leaves.flatMap(\.bytes))
            let tag = try #require(tile.headers[.eTag])
            let again = try await service.client.get(
                "/log/tile/0/000.p/\(width)", headers: [.ifNoneMatch: tag])
            #expect(again.status == 304)
            // An earlier width is the prefix; a later one does not exist, nor a tile that is not full.
            let earlier = try await service.client.get("/log/tile/0/000.p/3")
            #expect(earlier.bytes == Array(tile.bytes.prefix(96)))
            for path in [
                "0/000.p/\(width + 1)", "0/000", "1/000.p/1", "0/001.p/1", "0/000.p/0", "0/0",
                "0/000.p/03", "entries/000", "-1/000", "64/000", "0/x000/000",
            ] {
                let answer = try await service.client.get("/log/tile/\(path)")
                #expect(answer.status == 404 && answer.isProblem, "\(path): \(answer.status)")
                #expect(answer.headers[.cacheControl] == "no-store")
            }
            let receipt = try await service.client.get(
                "/api/v1/entries/\(leaves[3].hex)/receipt", token: service.owner.token)
            let proof = try LogProof(parsing: receipt.bytes)
            #expect(proof.index == 3)
            #expect(
                proof.verify(
                    leafHash: leaves[3], origin: head.origin, logKeys: [vkey], policy: .noWitnesses
                ).reasons == [])
        }
    }

    @Test func `is shown to whom the setting says`() async throws {
        try await WebService.with { service in
            _ = try await service.contents()
            var auditor = try await service.service.enrol([])
            auditor.assignments[.auditor] = try await service.service.grant(
                .auditor, to: auditor, in: "**")
            let everywhere = try await WebService.member(auditor, service.service)
            let local = try await WebService.member(
                try await service.service.enrol([.auditor]), service.service)
            let hashes = ["/log/checkpoint", "/log/tile/0/000.p/3"]
            let entries = "/log/tile/entries/000.p/3"
            let cases: [(HTTPSettings.LogAccess, String, String?, Int, Int)] = [
                (.private, "guest", nil, 401, 401),
                (.private, "member", service.owner.token, 200, 403),
                (.private, "auditor of one namespace", local.token, 200, 403),
                (.private, "auditor", everywhere.token, 200, 200),
                (.tiles, "guest", nil, 200, 401),
                (.tiles, "member", service.owner.token, 200, 403),
                (.tiles, "auditor", everywhere.token, 200, 200),
                (.all, "guest", nil, 200, 200),
            ]
            for (access, who, token, forHashes, forEntries) in cases {
                let client = try service.client(access: access)
                for path in hashes {
                    let status = try await client.get(path, token: token).status
                    #expect(status == forHashes, "\(access) \(who) \(path)")
                }
                let answer = try await client.get(entries, token: token)
                #expect(answer.status == forEntries, "\(access) \(who): \(answer.text.prefix(200))")
                if access != .all, answer.status == 200 {
                    #expect(answer.headers[.cacheControl]?.hasPrefix("private") == true)
                }
                #expect(try await client.get("/log/key").status == 200)
            }
        }
    }
}
