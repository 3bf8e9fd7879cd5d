import Cryptography
import Testing

@testable import TransparencyLog

/// A policy file with the log and the witness of the vectors.
private func policy(_ lines: String...) throws -> WitnessPolicy {
    try WitnessPolicy(parsing: Array((lines.joined(separator: "\n") + "\n").utf8))
}

private func receipt() throws -> LogProof {
    let store = try TileStore(Canonical.leaves)
    let proof = try InclusionProof.make(index: 5, treeSize: 8, readTiles: store.read)
    return try LogProof(
        index: 5, hashes: proof.hashes, checkpoint: SignedNote(parsing: Example.note))
}

@Suite struct LogProofTests {
    static let text = """
        c2sp.org/tlog-proof@v1
        index 5
        vBoGQ7EuTS18d5GPROD095qDi2z57FtcKD4fTYhZnms=
        yoVOoSjtBQtBs1/8G4e46yveRh6eO1WW7Oa51ZdaCuA=
        037kGJdt2VdTwcc4Yrk5j6Kiz5tP8P3+izDNlSCWFLc=


        """ + Example.text + "\n" + Example.logLine + Example.witnessLine

    private func trust() throws -> WitnessPolicy {
        try policy(
            "log \(Example.logKey)", "witness w1 \(Example.witnessKey)", "quorum w1")
    }

    @Test func `the worked example is written, read and verified`() throws {
        let proof = try receipt()
        #expect(String(decoding: proof.bytes, as: UTF8.self) == Self.text)
        #expect(try LogProof(parsing: Array(Self.text.utf8)) == proof)
        let verified = try #require(
            proof.verify(leafHash: Canonical.leaves[5], policy: try trust()).proof)
        #expect(verified.index == 5)
        #expect(verified.checkpoint.checkpoint.size == 8)
        #expect(verified.cosigned.map(\.description) == ["w1"])
    }

    @Test func `every altered byte of a receipt is refused`() throws {
        let bytes = Array(Self.text.utf8)
        let trust = try trust()
        for position in bytes.indices {
            for mask: UInt8 in [0x01, 0x20] {
                var wrong = bytes
                wrong[position] ^= mask
                let proof = try? LogProof(parsing: wrong)
                #expect(proof?.verify(leafHash: Canonical.leaves[5], policy: trust).proof == nil)
            }
            let cut = try? LogProof(parsing: Array(bytes.prefix(position)))
            #expect(cut?.verify(leafHash: Canonical.leaves[5], policy: trust).proof == nil)
        }
    }

    @Test func `a receipt for something else is refused with every reason`() throws {
        let proof = try receipt()
        let wrongLeaf = proof.verify(leafHash: Canonical.leaves[4], policy: try trust())
        guard case .refused(let reasons) = wrongLeaf, reasons.count == 1,
            case .inclusion(.rootMismatch) = reasons[0]
        else {
            Issue.record("\(wrongLeaf)")
            return
        }
        let other = try Example.cosigner("example.com/w2", seed: 2).verifierKey.text
        let both = proof.verify(
            leafHash: Canonical.leaves[4],
            policy: try policy(
                "log \(Example.logKey)", "witness w2 \(other)", "quorum w2"))
        #expect(both.reasons.count == 2)
        #expect(both.reasons.contains(.witnesses(reason: "witness w2 has not cosigned")))
        let strange = try policy(
            "log \(try VerifierKey(Example.logKey).renamed("other").text)", "quorum none")
        #expect(
            proof.verify(leafHash: Canonical.leaves[5], policy: strange)
                == .refused([.unknownLog(origin: "example.com/audit")]))
        #expect(
            proof.verify(
                leafHash: Canonical.leaves[5], origin: "example.com/audit",
                logKeys: [try VerifierKey(Example.logKey)], policy: .noWitnesses
            ).proof != nil)
    }

    @Test func `extra data is carried but nothing believes it`() throws {
        let plain = try receipt()
        let proof = try LogProof(
            index: 5, hashes: plain.hashes, checkpoint: plain.checkpoint, extra: [1, 2, 3])
        #expect(String(decoding: proof.bytes, as: UTF8.self).contains("\nextra AQID\nindex 5\n"))
        #expect(try LogProof(parsing: proof.bytes) == proof)
        #expect(proof.verify(leafHash: Canonical.leaves[5], policy: try trust()).proof != nil)
        #expect(throws: LogProofError.self) {
            try LogProof(index: 5, hashes: [], checkpoint: plain.checkpoint, extra: [])
        }
    }

    @Test func `a tree of one entry has a receipt without hashes`() throws {
        let checkpoint = try Checkpoint(
            origin: "example.com/audit", size: 1, root: Canonical.leaves[0])
        let note = try checkpoint.signed(by: [Example.logSigner()])
        let proof = try LogProof(index: 0, hashes: [], checkpoint: note)
        let read = try LogProof(parsing: proof.bytes)
        #expect(read == proof)
        let trust = try policy("log \(Example.logKey)", "quorum none")
        #expect(read.verify(leafHash: Canonical.leaves[0], policy: trust).proof != nil)
    }

    @Test(arguments: [
        ("c2sp.org/tlog-proof@v1", "c2sp.org/tlog-proof@v2"), ("index 5", "index 05"),
        ("index 5", "index -5"), ("index 5", "index 5 "), ("index 5", "Index 5"),
        ("index 5", "extra\nindex 5"), ("index 5", "extra \nindex 5"),
        ("index 5", "extra !\nindex 5"), ("index 5", "index 5\nextra AQID"),
        ("index 5", "extra AQID\nextra AQID\nindex 5"), ("index 5\n", ""),
        (
            "vBoGQ7EuTS18d5GPROD095qDi2z57FtcKD4fTYhZnms=",
            "vBoGQ7EuTS18d5GPROD095qDi2z57FtcKD4fTYhZnm=="
        ),
        ("vBoGQ7EuTS18d5GPROD095qDi2z57FtcKD4fTYhZnms=", "AAAA"),
        (
            "vBoGQ7EuTS18d5GPROD095qDi2z57FtcKD4fTYhZnms=",
            "vBoGQ7EuTS18d5GPROD095qDi2z57FtcKD4fTYhZnmt="
        ),
        ("FLc=\n\n", "FLc=\n"), ("FLc=\n\n", "FLc=\r\n\n"),
    ])
    func `receipts of a wrong form are refused`(text: String, wrong: String) throws {
        let altered = Self.text.replacing(text, with: wrong, maxReplacements: 1)
        #expect(altered != Self.text)
        #expect(throws: LogProofError.self) { try LogProof(parsing: Array(altered.utf8)) }
    }

    @Test func `limits hold`() throws {
        let hashes = [SHA256Digest](repeating: .zero, count: 65)
        let note = try SignedNote(parsing: Example.note)
        #expect(throws: LogProofError.self) {
            try LogProof(index: 0, hashes: hashes, checkpoint: note)
        }
        #expect(throws: LogProofError.self) {
            try LogProof(index: -1, hashes: [], checkpoint: note)
        }
        let many = Self.text.replacing(
            "index 5\n",
            with: "index 5\n"
                + String(repeating: Base64.encode(SHA256Digest.zero.bytes) + "\n", count: 62))
        #expect(throws: LogProofError.self) { try LogProof(parsing: Array(many.utf8)) }
        #expect(throws: LogProofError.tooLarge(bytes: LogLimits.receiptBytes + 1)) {
            try LogProof(parsing: [UInt8](repeating: 0x41, count: LogLimits.receiptBytes + 1))
        }
    }
}

extension VerifierKey {
    /// The same public key under another name.
    fileprivate func renamed(_ name: String) throws -> VerifierKey {
        try VerifierKey(name: keyName(name), kind: kind, keyBytes: keyBytes)
    }
}

@Suite struct WitnessPolicyTests {
    /// Six witnesses x1 … x3, y1 … y3 in the groups of the specification's example.
    private func example() throws -> (WitnessPolicy, [String: Cosigner]) {
        var cosigners: [String: Cosigner] = [:]
        var lines = ["# the example of tlog-policy.md", "", "log \(Example.logKey) https://log"]
        for (number, name) in ["x1", "x2", "x3", "y1", "y2", "y3"].enumerated() {
            let cosigner = try Example.cosigner("\(name).example", seed: UInt8(number + 1))
            cosigners[name] = cosigner
            lines.append(" witness\t\(name) \(cosigner.verifierKey) https://\(name).example/ ")
        }
        lines += [
            "group X-witnesses 2 x1 x2 x3", "group Y-witnesses any y1 y2 y3",
            "  # indented", "group X-and-Y all X-witnesses Y-witnesses", "quorum X-and-Y",
        ]
        let policy = try WitnessPolicy(parsing: Array((lines.joined(separator: "\n") + "\n").utf8))
        return (policy, cosigners)
    }

    private func opened(_ policy: WitnessPolicy, _ cosigners: [Cosigner]) throws -> VerifiedNote {
        var note = try SignedNote(parsing: Array((Example.text + "\n" + Example.logLine).utf8))
        for cosigner in cosigners {
            try note.append(cosigner.cosign(note.text, timestampSeconds: 1_700_000_000))
        }
        return try #require(note.open(with: policy.logKeys + policy.witnessKeys).note)
    }

    @Test(
        arguments: [
            ([], false), (["x1", "x2"], false), (["x1", "y1"], false), (["y1", "y2", "y3"], false),
            (["x1", "x2", "y1"], true), (["x2", "x3", "y3"], true),
            (["x1", "x2", "x3", "y1", "y2", "y3"], true),
        ] as [([String], Bool)])
    func `the quorum of the specification's example`(names: [String], holds: Bool) throws {
        let (policy, cosigners) = try example()
        #expect(policy.witnesses.count == 6 && policy.groups.count == 3)
        #expect(policy.logs.first?.url == "https://log")
        let note = try opened(policy, names.compactMap { cosigners[$0] })
        let verdict = policy.evaluate(note)
        #expect(verdict.isSatisfied == holds)
        #expect(verdict.cosigned.map(\.description) == names)
        #expect(policy.isSatisfied(by: note) == holds)
    }

    @Test func `what is missing is named, outermost first`() throws {
        let (policy, cosigners) = try example()
        let note = try opened(policy, ["x1", "y1"].compactMap { cosigners[$0] })
        #expect(
            policy.evaluate(note).reasons == [
                "group X-and-Y has 1 of the 2 members it needs",
                "group X-witnesses has 1 of the 2 members it needs",
                "witness x2 has not cosigned", "witness x3 has not cosigned",
            ])
    }

    @Test func `no witness is needed where the quorum is none`() throws {
        let none = try policy("quorum none")
        #expect(none == .noWitnesses)
        let key = try VerifierKey(Example.logKey)
        let note = try #require(SignedNote.open(Example.note, with: [key]).note)
        #expect(none.isSatisfied(by: note))
    }

    @Test func `a cosignature at time zero does not count`() throws {
        let key = try PrivateKey(ed25519Seed: Example.seed(0))
        let witness = try VerifierKey(Example.witnessKey)
        let text = Array(Example.text.utf8)
        var note = try SignedNote(text: text)
        try note.append(
            NoteSignature(
                name: witness.name, keyID: witness.keyID,
                bytes: [UInt8](repeating: 0, count: 8)
                    + key.sign(Cosignature.message(text, timestampSeconds: 0))))
        let opened = try #require(note.open(with: [witness]).note)
        #expect(opened.verified.map(\.timestampSeconds) == [0])
        let one = try policy("witness w1 \(Example.witnessKey)", "quorum w1")
        #expect(!one.isSatisfied(by: opened))
    }

    @Test func `a key that cannot be checked never satisfies`() throws {
        let pq = try VerifierKey(
            name: keyName("pq.example"), kind: .init(rawValue: 6), keyBytes: [1, 2, 3])
        let one = try policy("witness pq \(pq)", "quorum pq")
        let note = try #require(
            SignedNote.open(Example.note, with: [try VerifierKey(Example.logKey)]).note)
        #expect(
            one.evaluate(note).reasons == [
                "witness pq has a key of a type that cannot be checked"
            ])
    }

    @Test func `names are opaque octets`() throws {
        var bytes = Array("witness ".utf8) + [0xff, 0xfe]
        bytes += Array(" \(Example.witnessKey)\nquorum ".utf8) + [0xff, 0xfe, 0x0a]
        let policy = try WitnessPolicy(parsing: bytes)
        #expect(policy.quorum?.octets == [0xff, 0xfe])
    }

    @Test(arguments: [
        ["no quorum line"], ["quorum"], ["quorum none", "quorum none"], ["quorum w9"],
        ["quorum none x"], ["LOG", "quorum none"], ["log", "quorum none"],
        ["log WITNESS", "quorum none"],
        ["log LOG", "log LOG", "quorum none"], ["log LOG u v", "quorum none"],
        ["log LOG", "log RENAMED", "quorum none"],
        ["witness w1 LOG", "quorum none"], ["witness w1", "quorum none"],
        ["witness none WITNESS", "quorum none"],
        ["witness w1 WITNESS", "witness w1 OTHER", "quorum none"],
        ["witness w1 WITNESS", "witness w2 WITNESS", "quorum none"],
        ["group g any w1", "witness w1 WITNESS", "quorum g"],
        ["witness w1 WITNESS", "group g any", "quorum none"],
        ["witness w1 WITNESS", "group g 0 w1", "quorum g"],
        ["witness w1 WITNESS", "group g 2 w1", "quorum g"],
        ["witness w1 WITNESS", "group g 01 w1", "quorum g"],
        ["witness w1 WITNESS", "group g some w1", "quorum g"],
        ["witness w1 WITNESS", "group g any w1 w1", "quorum g"],
        ["witness w1 WITNESS", "group g any none", "quorum none"],
        ["witness w1 WITNESS", "group g any g", "quorum none"],
        ["witness w1 WITNESS", "group w1 any w1", "quorum none"],
        ["witness w1 WITNESS", "group g any w1", "group h any w1", "quorum h"],
        ["witness w1 WITNESS", "quorum g", "group g any w1"],
        ["quorum none\r"], ["quorum\u{b}none"], ["quorum none \u{7f}"],
    ])
    func `a wrong policy is refused`(lines: [String]) throws {
        let other = try Example.cosigner("other.example", seed: 5).verifierKey.text
        let renamed = try VerifierKey(Example.logKey).renamed("renamed").text
        let text = lines.joined(separator: "\n").replacing("OTHER", with: other)
            .replacing("RENAMED", with: renamed).replacing("WITNESS", with: Example.witnessKey)
            .replacing("LOG", with: Example.logKey)
        #expect(throws: WitnessPolicyError.self) {
            try WitnessPolicy(parsing: Array((text + "\n").utf8))
        }
    }

    @Test func `every wrong line is named`() throws {
        let error = try #require(throws: WitnessPolicyError.self) {
            try WitnessPolicy(parsing: Array("nonsense\nlog x\n\nquorum y".utf8))
        }
        #expect(error.findings.map(\.line) == [4, 1, 2, 4])
    }
}
