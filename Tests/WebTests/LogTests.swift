// The log as a stranger reads it: with nothing but what is served, the tree is rebuilt.

import CanonicalJSON
import Cryptography
import Database
import Foundation
import Governance
import HTTPTypes
import Registry
import TestSupport
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
            let everywhere = try await service.auditor()
            let local = try await WebService.member(
                try await service.service.enrol([.auditor]), service.service)
            let hashes = ["/log/checkpoint", "/log/tile/0/000.p/3"]
            let entries = "/log/tile/entries/000.p/3"
            let cases: [(HTTPSettings.LogAccess, String, String?, Int, Int)] = [
                (.private, "guest", nil, 401, 401),
                (.private, "member", service.owner.token, 200, 403),
                (.private, "auditor of one namespace", local.token, 200, 403),
                (.private, "auditor", everywhere, 200, 200),
                (.tiles, "guest", nil, 200, 401),
                (.tiles, "member", service.owner.token, 200, 403),
                (.tiles, "auditor", everywhere, 200, 200),
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

    @Test func `compresses bundles for who accepts it, under a tag of their own`() async throws {
        try await WebService.with(access: .all) { service in
            _ = try await service.contents()
            let path = "/log/tile/entries/000.p/9"
            let plain = try await service.client.get(path)
            #expect(plain.headers[.contentEncoding] == nil)
            let cases: [(String, Bool)] = [
                ("gzip", true), ("br;q=1.0, GZIP;q=0.5", true), ("*", true), ("identity", false),
                ("gzip;q=0", false), ("gzip; q=0.0, *", false), ("*;q=0", false), ("br", false),
                ("identity;q=0.1, x-gzip", true),
            ]
            for (accept, isCompressed) in cases {
                let answer = try await service.client.get(
                    path, headers: [.acceptEncoding: accept])
                #expect(answer.headers[.vary] == "Accept-Encoding")
                #expect((answer.headers[.contentEncoding] == "gzip") == isCompressed, "\(accept)")
                let bytes = isCompressed ? try await gunzip(answer.bytes) : answer.bytes
                #expect(bytes == plain.bytes, "\(accept)")
                #expect((answer.headers[.eTag] == plain.headers[.eTag]) != isCompressed)
                let tag = try #require(answer.headers[.eTag])
                let again = try await service.client.get(
                    path, headers: [.acceptEncoding: accept, .ifNoneMatch: "W/\(tag)"])
                #expect(again.status == 304 && again.bytes.isEmpty && again.headers[.eTag] == tag)
            }
            let hashes = try await service.client.get(
                "/log/tile/0/000.p/9", headers: [.acceptEncoding: "gzip"])
            #expect(hashes.headers[.contentEncoding] == nil && hashes.headers[.vary] == nil)
            let head = try await service.client.send(.head, path)
            #expect(head.status == 200 && head.headers[.eTag] == plain.headers[.eTag])
        }
    }

    /// What another program makes of it.
    private func gunzip(_ bytes: [UInt8]) async throws -> [UInt8] {
        let path = "/tmp/imprimatur-gzip-\(Hex.encode(Random.bytes(8)))"
        try File.create(path, bytes, mode: 0o600)
        defer { unlink(path) }
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/bin/sh")
        process.arguments = ["-c", "gzip -dc < \(path)"]
        let pipe = Pipe()
        process.standardOutput = pipe
        try process.run()
        let output = pipe.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        #expect(process.terminationStatus == 0)
        return Array(output)
    }

    @Test func `an entry is found by leaf hash, index and id`() async throws {
        try await WebService.with(access: .all) { service in
            let contents = try await service.contents()
            let size = try #require(contents["size"])
            let token = service.owner.token
            let byIndex = try await service.client.get("/api/v1/entries/3", token: token).json
            let leaf = try #require(byIndex["leafHash"]?.string)
            let id = try #require(byIndex["id"]?.string)
            #expect(byIndex["index"]?.integer == 3 && byIndex["entryBytes"] == nil)
            for name in [leaf, id] {
                let answer = try await service.client.get("/api/v1/entries/\(name)", token: token)
                #expect(answer.json == byIndex, "\(name)")
                let receipt = try await service.client.get(
                    "/api/v1/entries/\(name)/receipt", token: token)
                #expect(try LogProof(parsing: receipt.bytes).index == 3)
            }
            let auditor = try await service.auditor()
            let whole = try await service.client.get("/api/v1/entries/3", token: auditor).json
            let bytes = try #require(whole["entryBytes"]?.string.flatMap { Base64.decode($0) })
            #expect(MerkleTree.leafHash(of: bytes).hex == leaf)
            let unknown = [
                "\(size + 100)", "id:999999", String(repeating: "0", count: 64), "03", "id:", "x",
                "-1", "1234567890123456789",
            ]
            for name in unknown {
                for path in ["/api/v1/entries/\(name)", "/api/v1/entries/\(name)/receipt"] {
                    let answer = try await service.client.get(path, token: token)
                    #expect(answer.status == 404 && answer.code == "entry-unknown", "\(path)")
                }
            }
            #expect(try await service.client.get("/api/v1/entries/3").status == 401)
        }
    }

    @Test func `any two published trees are proved to continue each other`() async throws {
        try await WebService.with(access: .tiles) { service in
            _ = try await service.contents()
            let key = try await service.client.get("/log/key").text
            let vkey = try VerifierKey(String(key.split(separator: "\n")[0]))
            let sizes = try await service.checkpointSizes()
            #expect(sizes.count > 3)
            var roots: [Int64: SHA256Digest] = [:]
            for size in sizes {
                let answer = try await service.client.get("/api/v1/log/checkpoints/\(size)")
                let checkpoint = Checkpoint.open(
                    answer.bytes, origin: service.service.origin, logKeys: [vkey])
                roots[size] = try #require(checkpoint.checkpoint).checkpoint.root
            }
            for old in sizes {
                for new in sizes where new >= old {
                    let answer = try await service.client.get(
                        "/api/v1/log/consistency/\(old)/\(new)")
                    #expect(
                        answer.headers[.cacheControl] == "public, max-age=31536000, immutable")
                    let hashes = (answer.json["hashes"]?.array ?? []).compactMap {
                        $0.string.flatMap { Base64.decode($0) }.flatMap { SHA256Digest(bytes: $0) }
                    }
                    let proof = ConsistencyProof(oldSize: old, newSize: new, hashes: hashes)
                    let (oldRoot, newRoot) = try (
                        #require(roots[old]), #require(roots[new])
                    )
                    #expect(proof.verify(oldRoot: oldRoot, newRoot: newRoot))
                    if old != new { #expect(!proof.verify(oldRoot: newRoot, newRoot: newRoot)) }
                }
            }
            let last = sizes[sizes.count - 1]
            for (path, status) in [
                ("0/3", 422), ("4/3", 422), ("1/\(last + 50)", 422), ("a/3", 404), ("1/-3", 404),
            ] {
                let answer = try await service.client.get("/api/v1/log/consistency/\(path)")
                #expect(answer.status == status && answer.isProblem, "\(path)")
            }
            for size in ["0", "\(last + 50)", "x"] {
                let answer = try await service.client.get("/api/v1/log/checkpoints/\(size)")
                #expect(answer.status == 404 && answer.isProblem, "\(size)")
            }
            let closed = try service.client(access: .private)
            for path in ["/api/v1/log/consistency/1/3", "/api/v1/log/checkpoints/\(last)"] {
                #expect(try await closed.get(path).status == 401)
                let answer = try await closed.get(path, token: service.owner.token)
                #expect(answer.status == 200)
                #expect(answer.headers[.cacheControl]?.hasPrefix("private") == true)
            }
        }
    }
}

extension WebService {
    /// The token of an auditor of everything.
    func auditor() async throws -> String {
        var auditor = try await service.enrol([])
        auditor.assignments[.auditor] = try await service.grant(.auditor, to: auditor, in: "**")
        return try await Self.member(auditor, service).token
    }

    /// The sizes that were signed, ascending.
    func checkpointSizes() async throws -> [Int64] {
        let database = service.scratch.superuser()
        let sizes = try await database.read { db in
            try db.all("SELECT size FROM audit.checkpoint ORDER BY size", as: Int64.self)
        }
        await database.closeIdle()
        return sizes
    }
}
