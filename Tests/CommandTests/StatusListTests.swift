// What a checker makes of status lists and of permits to run; and what a thief of keys can do to one who
// brings his own root and policy.

import Artifacts
import Attestation
import CanonicalJSON
import Cryptography
import Foundation
import Governance
import Testing
import TransparencyLog

private struct Scene {
    let program: Program
    var forge: PermitForge

    init() throws {
        program = try Program()
        try program.write("model/weights.bin", "weights")
        let scan = try ArtifactScan.scan(program.folder + "/model")
        let now = Timestamp(milliseconds: Int64(Date().timeIntervalSince1970 * 1000))
        forge = try PermitForge(scan.manifest, now: now)
    }

    /// Writes root and permit, and a list if there is one.
    func write(_ list: SigstoreBundle? = nil) throws {
        try program.write("root.json", forge.root().canonicalBytes)
        try program.write("permit.json", forge.bundle().json.canonicalBytes)
        if let list { try program.write("list.json", list.json.canonicalBytes) }
    }

    func check(_ more: String...) throws -> Ran {
        try program.run(
            ["permit", "check", "permit.json", "model", "--root", "root.json", "--json"] + more)
    }

    func revocation(_ ran: Ran) throws -> String? {
        try JSON(parsing: Array(ran.output.utf8))["revocation"]?.string
    }
}

@Suite struct `A checker with a status list` {
    @Test
    func `says yes when nothing is against the permit, and that it does not know without a list`()
        throws
    {
        let scene = try Scene()
        try scene.write(
            scene.forge.statusList(
                versions: ["credit/other@1": .suspended], deployments: ["d-1": .ended]))
        let blind = try scene.check()
        #expect(blind.code == 0)
        #expect(try scene.revocation(blind) == "unknown")
        let seeing = try scene.check("--status", "list.json", "--max-status-age", "60")
        #expect(seeing.code == 0, "\(seeing)")
        #expect(try scene.revocation(seeing) == "good")
    }

    @Test(arguments: [
        ("credit/scorecard@1", StatusList.Status.suspended),
        ("credit/scorecard@1", .revoked), ("credit/scorecard@1", .retired),
        ("d-0123456789abcdef", .ended), ("d-0123456789abcdef", .revoked),
    ])
    func `says no to what is listed`(name: String, status: StatusList.Status) throws {
        let scene = try Scene()
        let isDeployment = name.hasPrefix("d-")
        try scene.write(
            scene.forge.statusList(
                versions: isDeployment ? [:] : [name: status],
                deployments: isDeployment ? [name: status] : [:]))
        let ran = try scene.check("--status", "list.json")
        #expect(ran.code == 1, "\(ran)")
        #expect(try scene.revocation(ran) == status.rawValue)
    }

    struct Bad: CustomStringConvertible, Sendable {
        let description: String
        var more: [String] = []
        let list: @Sendable (PermitForge) throws -> SigstoreBundle
    }

    static let bad = [
        Bad(description: "past its end") { try $0.statusList(age: 200, lifetime: 100) },
        Bad(description: "older than wanted", more: ["--max-status-age", "60"]) {
            try $0.statusList(age: 120)
        },
        Bad(description: "of the future") { try $0.statusList(age: -600) },
        Bad(description: "signed by another key") { forge in
            var forge = forge
            forge.permitSigner = try .generate(.ecdsaP256)
            return try forge.statusList()
        },
        Bad(description: "with an entry that another service signed") { forge in
            var forge = forge
            forge.entrySigner = try .generate(.ed25519)
            return try forge.statusList()
        },
        Bad(description: "under a checkpoint of another log") { forge in
            var forge = forge
            forge.logSigner = try .generate(.ed25519)
            return try forge.statusList()
        },
        Bad(description: "not in the tree") { forge in
            var forge = forge
            forge.isEntryInTree = false
            return try forge.statusList()
        },
        Bad(description: "named by an entry about another list") {
            try $0.statusList(named: SHA256.hash("other"))
        },
        Bad(description: "issued at another time than recorded") {
            try $0.statusList(age: 10, entryAge: 7_200)
        },
        Bad(description: "that is a permit") { try $0.bundle() },
        Bad(description: "from a development log") { forge in
            var forge = forge
            forge.development = true
            return try forge.statusList()
        },
    ]

    @Test(arguments: bad)
    func `does not decide by a list`(_ bad: Bad) throws {
        let scene = try Scene()
        try scene.write(bad.list(scene.forge))
        let arguments = ["--status", "list.json"] + bad.more
        let ran = try scene.program.run(
            ["permit", "check", "permit.json", "model", "--root", "root.json"] + arguments)
        #expect(ran.code == 2, "\(ran)")
        #expect(!ran.output.contains("valid"))
        // A permit that does not hold anyway is a no, whatever the list.
        try scene.program.write("model/weights.bin", "other")
        #expect(try scene.check("--status", "list.json").code == 1)
    }
}

@Suite struct `A permit to run` {
    @Test func `is told from one to deploy`() throws {
        var scene = try Scene()
        (scene.forge.kind, scene.forge.entryKind) = (.run, .run)
        try scene.write()
        #expect(try scene.check().code == 0)
        #expect(try scene.check("--kind", "run").code == 0)
        #expect(try scene.check("--kind", "deploy").code == 1)
        (scene.forge.kind, scene.forge.entryKind) = (.deploy, .deploy)
        try scene.write()
        #expect(try scene.check("--kind", "run").code == 1)
    }

    @Test(arguments: [(Permit.Kind.run, Permit.Kind.deploy), (.deploy, .run)])
    func `is not what the log says is the other`(permit: Permit.Kind, entry: Permit.Kind) throws {
        var scene = try Scene()
        (scene.forge.kind, scene.forge.entryKind) = (permit, entry)
        try scene.write()
        let ran = try scene.check()
        #expect(ran.code == 1)
        #expect(ran.output.contains("entry-mismatch"))
    }
}

@Suite struct `A thief of the log key and the permit key` {
    /// Somebody with both keys makes a permit, an entry, a tree and a checkpoint, in a log without witnesses.
    private func theft(withServiceKey: Bool) throws -> Scene {
        var scene = try Scene()
        if !withServiceKey { scene.forge.entrySigner = try .generate(.ed25519) }
        try scene.write()
        return scene
    }

    @Test func `cannot make the entry that a checker with his own root asks for`() throws {
        let scene = try theft(withServiceKey: false)
        let ran = try scene.check()
        #expect(ran.code == 1, "\(ran)")
        let findings = try JSON(parsing: Array(ran.output.utf8))["findings"]?.array ?? []
        #expect(findings.compactMap { $0["code"]?.string } == ["entry-signature"])
    }

    @Test func `who has the service key too cannot make a witness that the checker's policy names`()
        throws
    {
        let scene = try theft(withServiceKey: true)
        // Three keys and no witness asked for: this is the limit, and the control of this test.
        #expect(try scene.check().code == 0)
        let witness = try PrivateKey.generate(.ed25519)
        let name = try #require(KeyName("witness.example.org"))
        let key = try Cosigner(name: name, key: witness).verifierKey.text
        try scene.program.write(
            "policy", "log \(try logKey(scene.forge))\nwitness w \(key)\nquorum w\n")
        let ran = try scene.check("--witness-policy", "policy")
        #expect(ran.code == 1, "\(ran)")
        let findings = try JSON(parsing: Array(ran.output.utf8))["findings"]?.array ?? []
        #expect(findings.compactMap { $0["code"]?.string } == ["receipt"])
    }

    @Test func `finds his permit refused under the root of a checker who never trusted those keys`()
        throws
    {
        let scene = try theft(withServiceKey: true)
        let other = try PermitForge(scene.forge.manifest, now: scene.forge.now)
        try scene.program.write("root.json", other.root().canonicalBytes)
        #expect(try scene.check().code == 1)
    }

    private func logKey(_ forge: PermitForge) throws -> String {
        let name = try #require(KeyName(forge.origin))
        return try NoteSigner(name: name, key: forge.log).verifierKey.text
    }
}
