import Cryptography
import Testing

@testable import TransparencyLog

@Suite struct CheckpointTests {
    @Test func `our checkpoint is signed byte for byte as the vectors say`() throws {
        let root = try hex(Canonical.roots[8])
        let checkpoint = try Checkpoint(origin: "example.com/audit", size: 8, root: root)
        #expect(String(decoding: checkpoint.text, as: UTF8.self) == Example.text)
        #expect(try Checkpoint(parsing: checkpoint.text) == checkpoint)
        let signer = try Example.logSigner()
        #expect(signer.verifierKey.text == Example.logKey)
        var note = try checkpoint.signed(by: [signer])
        let cosigner = try Example.cosigner()
        #expect(cosigner.verifierKey.text == Example.witnessKey)
        try note.append(cosigner.cosign(note.text, timestampSeconds: 1_700_000_000))
        #expect(note.bytes == Example.note)
    }

    @Test func `our checkpoint opens with the log's key and shows its cosignature`() throws {
        let opened = try #require(
            Checkpoint.open(
                Example.note, origin: "example.com/audit", logKeys: [VerifierKey(Example.logKey)],
                cosigners: [VerifierKey(Example.witnessKey)]
            ).checkpoint)
        #expect(opened.checkpoint.size == 8)
        #expect(opened.cosignatures.map(\.timestampSeconds) == [1_700_000_000])
        #expect(opened.cosignatures.map(\.key.text) == [Example.witnessKey])
    }

    @Test func `an independent witness's cosignature holds`() throws {
        // PyPI witness-log 0.6.1, seed 32 × 07, over the size-3 checkpoint of the same log.
        let checkpoint = try Checkpoint(
            origin: "example.com/audit", size: 3, root: hex(Canonical.roots[3]))
        var note = try checkpoint.signed(by: [Example.logSigner()])
        try note.append(
            lines: Array(
                ("— example.com/w1 bf+yYAAAAABlU/EA0I6Ep8XVylvlHCF8I/4/XfFZ/hqfhqHMDSbUQjMWK+sH4NeEeK"
                    + "YHRlzvMmSC/FEck+aibQdSrg3DY2j4in22Bw==\n").utf8))
        let witness = try VerifierKey(
            "example.com/w1+6dffb260+BOpKbGPinFIKvvVQexMuxfmVR3auvr57kkIe6mkURtIs")
        let verdict = Checkpoint.open(
            note.bytes, origin: "example.com/audit", logKeys: [try VerifierKey(Example.logKey)],
            cosigners: [witness])
        #expect(verdict.checkpoint?.cosignatures.map(\.key) == [witness])
    }

    @Test func `Tessera's test log: tile, root and signature`() throws {
        let entries = [
            "one", "two", "three", "four", "five", "six", "seven", "eit", "nain", "ten", "ileven",
            "twelf", "threeten", "fourten", "fivten",
        ].map { Array($0.utf8) }
        let store = try TileStore(entries.map { MerkleTree.leafHash(of: $0) })
        let note =
            "example.com/log/testdata\n15\nrKbDipCvhuX1GZ7g5BBe8sA6BbJ7ja/1nk427v383cs=\n\n"
            + "— example.com/log/testdata M9e0luh4jTG+UMBqOUo9/q+yAEvx1ilBEniMvjf1zfcBOhg+CKubMt53MvIt/u"
            + "EWP6zdkdIQzd/fmwlM/dlPWF74ewI=\n"
        let key = try VerifierKey(
            "example.com/log/testdata+33d7b496+AeHTu4Q3hEIMHNqc6fASMsq3rKNx280NI+oO5xCFkkSx")
        let opened = try #require(
            Checkpoint.open(
                Array(note.utf8), origin: "example.com/log/testdata", logKeys: [key]
            ).checkpoint)
        #expect(opened.checkpoint.size == 15)
        #expect(opened.checkpoint.root == store.range.root)
        #expect(
            try EntryBundle.decode(EntryBundle.encode(entries)).map { MerkleTree.leafHash(of: $0) }
                == HashBytes.digests(
                    in: store.read([try #require(TileID(path: "tile/0/000.p/15"))])[0]))
    }

    @Test func `every altered byte of a checkpoint is refused`() throws {
        let log = try VerifierKey(Example.logKey)
        let witness = try VerifierKey(Example.witnessKey)
        let note = Example.note
        // Alterations inside the witness line may leave a valid checkpoint without its cosignature.
        let logPart = Array((Example.text + "\n" + Example.logLine).utf8).count
        for position in note.indices {
            var wrong = note
            wrong[position] ^= 0x01
            let opened = Checkpoint.open(
                wrong, origin: "example.com/audit", logKeys: [log], cosigners: [witness])
            if position < logPart { #expect(opened.checkpoint == nil) }
            #expect(opened.checkpoint?.cosignatures.isEmpty != false)
        }
    }

    @Test func `a note signed only by cosigners is no checkpoint of the log`() throws {
        let note = Array((Example.text + "\n" + Example.witnessLine).utf8)
        let log = try VerifierKey(Example.logKey)
        let witness = try VerifierKey(Example.witnessKey)
        func open(_ keys: [VerifierKey], _ cosigners: [VerifierKey]) -> CheckpointVerdict {
            Checkpoint.open(note, origin: "example.com/audit", logKeys: keys, cosigners: cosigners)
        }
        #expect(open([log], [witness]) == .refused([.notSignedByLog]))
        #expect(open([witness], []) == .refused([.notSignedByLog]))
        #expect(open([log], []) == .refused([.noKnownSignature]))
    }

    @Test func `a checkpoint of another log is refused`() throws {
        let log = try VerifierKey(Example.logKey)
        for origin in ["example.com/other", "example.com/audi", "", "example.com/audit "] {
            let verdict = Checkpoint.open(Example.note, origin: origin, logKeys: [log])
            #expect(
                verdict.reasons == [.originMismatch(expected: origin, found: "example.com/audit")])
        }
    }

    @Test func `origins with spaces and extension lines of others are tolerated`() throws {
        let root = Base64.encode(MerkleTree.emptyRoot.bytes)
        let text = "go.sum database tree\n0\n\(root)\nextension one\nmore\n"
        let checkpoint = try Checkpoint(parsing: Array(text.utf8))
        #expect(checkpoint.origin == "go.sum database tree")
        #expect(checkpoint.extensions == ["extension one", "more"])
        #expect(checkpoint.text == Array(text.utf8))
    }

    @Test(arguments: [
        "", "\n", "o\n", "o\n1\n", "o\n1\nROOT", "\n1\nROOT\n", "o\n01\nROOT\n", "o\n-1\nROOT\n",
        "o\n+1\nROOT\n", "o\n1 \nROOT\n", "o\n\nROOT\n", "o\n0x1\nROOT\n", "o\n1\nAAAA\n",
        "o\n1\nROOT=\n", "o\n1\nROOT\n\n", "o\n1\nROOT\n\nx\n", "o\n9223372036854775807\nROOT\n",
        "o\n18446744073709551616\nROOT\n", "o\n0\nOTHER\n", "o\n1\n ROOT\n",
    ])
    func `texts of a wrong form are refused`(template: String) {
        let text =
            template.replacing("ROOT", with: Base64.encode(MerkleTree.emptyRoot.bytes))
            .replacing("OTHER", with: Base64.encode(Canonical.leaves[0].bytes))
        #expect(throws: NoteError.self) { try Checkpoint(parsing: Array(text.utf8)) }
    }

    @Test func `impossible heads are not made`() {
        let root = MerkleTree.emptyRoot
        for origin in ["", "two\nlines", "tab\there", String(repeating: "o", count: 256)] {
            #expect(throws: NoteError.self) {
                try Checkpoint(origin: origin, size: 1, root: root)
            }
        }
        #expect(throws: NoteError.self) { try Checkpoint(origin: "o", size: -1, root: root) }
        #expect(throws: NoteError.self) { try Checkpoint(origin: "o", size: .max, root: root) }
    }
}

@Suite struct CosignatureTests {
    @Test func `the message has two lines before the text`() {
        let message = Cosignature.message(Array("text\n".utf8), timestampSeconds: 1_679_315_147)
        #expect(
            String(decoding: message, as: UTF8.self) == "cosignature/v1\ntime 1679315147\ntext\n")
    }

    @Test func `a time beyond 2^63 − 1 or another length is no cosignature`() {
        let signature = [UInt8](repeating: 1, count: 64)
        #expect(Cosignature.split([0x7f] + [UInt8](repeating: 0xff, count: 7) + signature) != nil)
        #expect(Cosignature.split([0x80] + [UInt8](repeating: 0, count: 7) + signature) == nil)
        #expect(Cosignature.split(signature) == nil)
        #expect(Cosignature.split(signature + signature) == nil)
    }

    @Test func `only checkpoints are cosigned, and only at a time`() throws {
        let cosigner = try Example.cosigner()
        #expect(throws: NoteError.self) {
            try cosigner.cosign(Array("not a checkpoint\n".utf8), timestampSeconds: 1)
        }
        #expect(throws: NoteError.self) {
            try cosigner.cosign(Array(Example.text.utf8), timestampSeconds: 0)
        }
    }

    @Test func `a plain signature does not pass as a cosignature`() throws {
        let cosigner = try Example.cosigner()
        let plain = try Example.logSigner().sign(Array(Example.text.utf8))
        var note = try SignedNote(text: Array(Example.text.utf8))
        try note.append(
            NoteSignature(
                name: cosigner.verifierKey.name, keyID: cosigner.verifierKey.keyID,
                bytes: [UInt8](repeating: 0, count: 8) + plain.bytes))
        #expect(note.open(with: [cosigner.verifierKey]).note == nil)
    }
}
