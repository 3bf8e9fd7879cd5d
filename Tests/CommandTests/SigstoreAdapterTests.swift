// The sigstore conformance suite's client protocol, driven with bundles of that suite.

import Attestation
import Cryptography
import Foundation
import TestSupport
import Testing

@Suite(
    .enabled(
        if: Fixtures.has("sigstore-bundles/a.txt") && Peers.sigstoreRoot != nil,
        "skipped: no shared/fixtures, or no Python package sigstore"))
struct `The adapter for the sigstore conformance suite` {
    private static let identity =
        "https://github.com/sigstore-conformance/extremely-dangerous-public-oidc-beacon/.github"
        + "/workflows/extremely-dangerous-oidc-beacon.yml@refs/heads/main"
    private static let issuer = "https://token.actions.githubusercontent.com"

    private static func adapter(_ arguments: [String], in program: Program) throws -> Ran {
        try program.write("root.json", #require(Peers.sigstoreRoot))
        return try Program.execute(
            "/bin/sh",
            [Program.repository + "/docs/reference/sigstore-conformance-adapter.sh"] + arguments,
            in: program.folder,
            ["IMPRIMATUR": #require(Program.path), "SIGSTORE_ROOT": "root.json"])
    }

    /// How a case of the suite names the file.
    enum Naming {
        case plain, digest
        /// A file whose name begins like a digest.
        case likeDigest
        /// A file that has the name of the good file's digest, and other bytes.
        case impostor
    }

    /// Runs one case of the suite as the suite does.
    private static func verify(
        _ name: String, identity: String = identity, by naming: Naming = .plain
    ) throws -> Ran {
        let program = try Program()
        let folder = try #require(Fixtures.directory()) + "/sigstore-bundles/\(name)"
        func text(_ name: String) -> String? {
            FileManager.default.contents(atPath: "\(folder)/\(name)").map {
                String(decoding: $0, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
            }
        }
        var arguments = ["verify-bundle", "--bundle", folder + "/bundle.sigstore.json"]
        if text("key.pub") != nil {
            arguments += ["--key", folder + "/key.pub"]
        } else {
            arguments += [
                "--certificate-identity", text("identity") ?? identity,
                "--certificate-oidc-issuer", text("issuer") ?? issuer,
            ]
        }
        if text("trusted_root.json") != nil {
            arguments += ["--trusted-root", folder + "/trusted_root.json"]
        }
        let own = text("artifact") != nil ? "\(name)/artifact" : "a.txt"
        let file = try Fixtures.bytes("sigstore-bundles/" + own)
        let named =
            switch naming {
            case .plain: "file"
            case .likeDigest: "sha256:file"
            case .digest, .impostor: SHA256.hash(file).oci
            }
        switch naming {
        case .plain, .likeDigest: try program.write(named, file)
        case .impostor: try program.write(named, file + [0x0A])
        case .digest: break
        }
        arguments.append(named)
        return try adapter(arguments, in: program)
    }

    static let cases: [String] = {
        guard let folder = Fixtures.directory() else { return [] }
        let names = try? FileManager.default.contentsOfDirectory(
            atPath: folder + "/sigstore-bundles")
        return (names ?? []).filter { $0 != "a.txt" }.sorted()
    }()

    @Test(arguments: cases)
    func `says of every bundle what the suite expects`(name: String) throws {
        let ran = try Self.verify(name)
        #expect(ran.code == (name.hasSuffix("_fail") ? 1 : 0), "\(ran)")
    }

    @Test(arguments: [
        "happy-path-v0.3-new-mediaType", "managed-key-and-trusted-root",
        "rekor2-timestamp-without-embedded-cert",
    ])
    func `needs no more of a file than its digest`(name: String) throws {
        #expect(try Self.verify(name, by: .digest).code == 0)
        #expect(try Self.verify(name, by: .likeDigest).code == 0)
        #expect(try Self.verify(name, by: .impostor).code == 1)
    }

    @Test func `refuses a good bundle for somebody else, and for another file`() throws {
        let name = "happy-path-v0.3-new-mediaType"
        #expect(try Self.verify(name, identity: "somebody@example.org").code == 1)
        let program = try Program()
        let bundle = "sigstore-bundles/\(name)/bundle.sigstore.json"
        try program.write("bundle.json", Fixtures.bytes(bundle))
        let ran = try Self.adapter(
            [
                "verify-bundle", "--bundle", "bundle.json", "--certificate-identity",
                Self.identity, "--certificate-oidc-issuer", Self.issuer,
                "sha256:" + SHA256.hash("other").hex,
            ], in: program)
        #expect(ran.code == 1, "\(ran)")
    }

    @Test func `says that it does not sign, and refuses what it does not understand`() throws {
        let program = try Program()
        let signing = try Self.adapter(
            ["sign-bundle", "--identity-token", "t", "--bundle", "b", "a.txt"], in: program)
        #expect(signing.code == 2 && signing.errors.contains("not offered"), "\(signing)")
        for arguments in [
            [], ["verify"], ["verify-bundle", "a.txt"], ["verify-bundle", "--bundle"],
            ["verify-bundle", "--bundle", "b", "--certificate-identity", "x", "a.txt"],
            ["verify-bundle", "--bundle", "b", "--unknown", "a.txt"],
            ["verify-bundle", "--bundle", "b", "--key", "k", "a.txt", "b.txt"],
        ] {
            #expect(try Self.adapter(arguments, in: program).code == 64, "\(arguments)")
        }
        let absent = try Self.adapter(
            ["verify-bundle", "--bundle", "absent", "--key", "absent", "a.txt"], in: program)
        #expect(absent.code == 2, "\(absent)")
    }
}
