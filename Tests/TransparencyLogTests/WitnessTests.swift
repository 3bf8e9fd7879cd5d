// The witness protocol without network or disk: the form of requests, the decision, the log's side.

import Cryptography
import Testing

@testable import TransparencyLog

@Suite struct WitnessRequestTests {
    @Test func `the worked example reads back as it was written`() throws {
        let request = try Witnessing.request(from: 6, to: 8)
        let lines = String(decoding: request.bytes, as: UTF8.self)
            .split(separator: "\n", omittingEmptySubsequences: false)
        #expect(lines[0] == "old 6")
        #expect(
            try lines[1...3].map { try #require(Base64.decode(String($0))) }.map(Hex.encode) == [
                "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
                "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
                "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
            ])
        #expect(lines[4].isEmpty && lines[5] == "example.com/audit")
        #expect(try AddCheckpointRequest(parsing: request.bytes) == request)
    }

    static let malformed: [(String, String)] = [
        ("", "no line at all"),
        ("old 6", "no line end"),
        ("old 6\n", "no empty line"),
        ("\nNOTE", "no old line"),
        ("Old 6\n\nNOTE", "another word"),
        ("old  6\n\nNOTE", "two spaces"),
        ("old 06\n\nNOTE", "a leading zero"),
        ("old -1\n\nNOTE", "a negative size"),
        ("old +1\n\nNOTE", "a sign"),
        ("old 6 \n\nNOTE", "a space after the size"),
        ("old 6\r\n\r\nNOTE", "carriage returns"),
        ("old 9223372036854775808\n\nNOTE", "2^63"),
        ("old 4611686018427387905\n\nNOTE", "more than a tree can have"),
        ("old 6\nAAAA\n\nNOTE", "a hash of 3 bytes"),
        ("old 6\nXcnaeacGWamtVZy3Ad7ZoqudgjqtL0lgz-Nw7_RgQyg=\n\nNOTE", "url-safe base64"),
        ("old 6\nXcnaeacGWamtVZy3Ad7ZoqudgjqtL0lgz+Nw7/RgQyg\n\nNOTE", "base64 without padding"),
        ("old 6\nXcnaeacGWamtVZy3Ad7ZoqudgjqtL0lgz+Nw7/RgQyh=\n\nNOTE", "stray bits in base64"),
        ("old 6\n\n", "no note"),
        ("old 6\n\nexample.com/audit\n8\n", "a note without signatures"),
        ("old 6\n\n\nNOTE", "an empty line too many"),
    ]

    @Test(arguments: malformed)
    func `a malformed request is refused`(_ body: String, _ why: String) throws {
        let note = String(decoding: Example.note, as: UTF8.self)
        let bytes = Array(body.replacing("NOTE", with: note).utf8)
        #expect(throws: AddCheckpointError.self, "\(why)") {
            try AddCheckpointRequest(parsing: bytes)
        }
    }

    @Test func `63 hashes are read, 64 are not`() throws {
        let line = Base64.encode(MerkleTree.emptyRoot.bytes) + "\n"
        func body(_ count: Int) -> [UInt8] {
            Array(("old 1\n" + String(repeating: line, count: count) + "\n").utf8) + Example.note
        }
        #expect(try AddCheckpointRequest(parsing: body(63)).proof.count == 63)
        #expect(throws: AddCheckpointError.self) { try AddCheckpointRequest(parsing: body(64)) }
    }

    @Test func `a request beyond the limit is not even parsed`() throws {
        var body = try Witnessing.request(from: 6, to: 8).bytes
        body += [UInt8](repeating: UInt8(ascii: "\n"), count: LogLimits.witnessRequestBytes)
        #expect(throws: AddCheckpointError.tooLarge(bytes: body.count)) {
            try AddCheckpointRequest(parsing: body)
        }
    }
}

@Suite struct WitnessDecisionTests {
    @Test func `every pair of sizes with its proof is cosigned`() throws {
        for old in 0...8 {
            for new in max(old, 1)...8 {
                let decision = WitnessDecision.decide(
                    try Witnessing.request(from: old, to: new), log: try Witnessing.log(),
                    latest: try Witnessing.state(old))
                guard case .cosign(let verified) = decision else {
                    Issue.record("\(old) to \(new): \(decision)")
                    continue
                }
                #expect(WitnessState(verified.checkpoint) == (try Witnessing.state(new)))
            }
        }
    }

    /// What is refused, with status and media type.
    struct Refused: Sendable, CustomTestStringConvertible {
        let why: String
        let status: Int
        var type = "text/plain; charset=utf-8"
        var body: String?
        var latest = 6
        var edition = WitnessAnswer.Edition.release
        let request: @Sendable () throws -> AddCheckpointRequest
        var log: @Sendable () throws -> WitnessedLog? = { try Witnessing.log() }

        var testDescription: String { why }
    }

    static let refused: [Refused] = [
        Refused(
            why: "an unknown log", status: 404, request: { try Witnessing.request(from: 6, to: 8) },
            log: { nil }),
        Refused(
            why: "a log of another origin", status: 404,
            request: { try Witnessing.request(from: 6, to: 8) },
            log: {
                WitnessedLog(origin: "example.com/other", keys: [try VerifierKey(Example.logKey)])
            }),
        Refused(
            why: "a signature of a stranger's key alone", status: 403,
            request: {
                try Witnessing.request(from: 6, to: 8, signer: Witnessing.stranger())
            }),
        Refused(
            why: "a false signature of a known key", status: 403,
            request: {
                let good = try Witnessing.request(from: 6, to: 8)
                var note = try SignedNote(text: good.note.text)
                var bytes = good.note.signatures[0].bytes
                bytes[5] ^= 1
                try note.append(
                    NoteSignature(
                        name: good.note.signatures[0].name, keyID: good.note.signatures[0].keyID,
                        bytes: bytes))
                return try AddCheckpointRequest(oldSize: 6, proof: good.proof, note: note)
            }),
        Refused(
            why: "an old size beyond the checkpoint", status: 400,
            request: {
                let good = try Witnessing.request(from: 6, to: 8)
                return try AddCheckpointRequest(oldSize: 9, proof: [], note: good.note)
            }),
        Refused(
            why: "an old size that is not the last", status: 409, type: "text/x.tlog.size",
            body: "6\n", request: { try Witnessing.request(from: 5, to: 8) }),
        Refused(
            why: "an old size of 0 when something was cosigned", status: 409,
            type: "text/x.tlog.size", body: "6\n",
            request: { try Witnessing.request(from: 0, to: 8) }),
        Refused(
            why: "a tree smaller than the last", status: 409, type: "text/x.tlog.size",
            body: "6\n", request: { try Witnessing.request(from: 5, to: 5) }),
        Refused(
            why: "any old size when nothing was cosigned", status: 409, type: "text/x.tlog.size",
            body: "0\n", latest: 0, request: { try Witnessing.request(from: 6, to: 8) }),
        Refused(
            why: "another root of the same size, release 1.0.0", status: 409,
            request: { try Witnessing.request(from: 6, to: 6, root: Canonical.leaves[0]) }),
        Refused(
            why: "another root of the same size, draft", status: 422, edition: .draft,
            request: { try Witnessing.request(from: 6, to: 6, root: Canonical.leaves[0]) }),
        Refused(
            why: "a root that the proof does not lead to", status: 422,
            request: { try Witnessing.request(from: 6, to: 8, root: Canonical.leaves[0]) }),
        Refused(
            why: "a proof with a hash changed", status: 422,
            request: {
                let good = try Witnessing.request(from: 6, to: 8)
                return try AddCheckpointRequest(
                    oldSize: 6, proof: [Canonical.leaves[0]] + good.proof.dropFirst(),
                    note: good.note)
            }),
        Refused(
            why: "a proof with a hash missing", status: 422,
            request: {
                let good = try Witnessing.request(from: 6, to: 8)
                return try AddCheckpointRequest(
                    oldSize: 6, proof: Array(good.proof.dropLast()), note: good.note)
            }),
        Refused(
            why: "a proof with a hash too many", status: 422,
            request: {
                let good = try Witnessing.request(from: 6, to: 8)
                return try AddCheckpointRequest(
                    oldSize: 6, proof: good.proof + [Canonical.leaves[0]], note: good.note)
            }),
        Refused(
            why: "a proof to the same size", status: 422,
            request: {
                let good = try Witnessing.request(from: 6, to: 6)
                return try AddCheckpointRequest(
                    oldSize: 6, proof: [Canonical.leaves[0]], note: good.note)
            }),
        Refused(
            why: "a proof from size 0", status: 422, latest: 0,
            request: {
                let good = try Witnessing.request(from: 6, to: 8)
                return try AddCheckpointRequest(oldSize: 0, proof: good.proof, note: good.note)
            }),
    ]

    @Test(arguments: refused)
    func `a witness does not cosign`(_ refused: Refused) throws {
        let decision = WitnessDecision.decide(
            try refused.request(), log: try refused.log(),
            latest: try Witnessing.state(refused.latest), edition: refused.edition)
        guard case .answer(let answer) = decision else {
            Issue.record("it would cosign")
            return
        }
        #expect(answer.status == refused.status)
        #expect(answer.mediaType == refused.type)
        #expect(answer.body.last == UInt8(ascii: "\n"))
        if let body = refused.body { #expect(answer.body == Array(body.utf8)) }
    }

    @Test func `an empty tree with another root is not consistent, a malformed body is malformed`()
        throws
    {
        let text = "example.com/audit\n0\n\(Base64.encode(Canonical.leaves[0].bytes))\n"
        let note = try Example.logSigner().note(Array(text.utf8))
        let error = #expect(throws: AddCheckpointError.note(.emptyTreeRoot)) {
            try AddCheckpointRequest(parsing: Array("old 0\n\n".utf8) + note.bytes)
        }
        #expect(WitnessAnswer(try #require(error)).status == 422)
        #expect(WitnessAnswer(.oldSize).status == 400)
    }

    @Test func `whatever comes in whatever order, what is cosigned is one history`() throws {
        // Two histories that share three leaves, and requests between all their sizes.
        let fork = Array(Canonical.leaves[..<3]) + testLeaves(6)
        let stores = try [TileStore(Canonical.leaves), TileStore(fork)]
        var random = SplitMix(seed: 7)
        for _ in 0..<200 {
            var state = WitnessState.initial
            var cosigned: [WitnessState] = []
            for _ in 0..<40 {
                let store = stores[Int.random(in: 0...1, using: &random)]
                let new = Int64.random(in: 1...8, using: &random)
                let old =
                    Bool.random(using: &random)
                    ? min(state.size, new) : Int64.random(in: 0...new, using: &random)
                let request = try Witnessing.request(from: old, to: new, in: store)
                let decision = WitnessDecision.decide(
                    request, log: try Witnessing.log(), latest: state)
                guard case .cosign(let verified) = decision else { continue }
                let next = WitnessState(verified.checkpoint)
                #expect(next.size >= state.size)
                state = next
                cosigned.append(next)
            }
            let roots = try stores.map { store in
                try cosigned.allSatisfy { state in
                    try MerkleTree.root(treeSize: state.size, readTiles: store.read) == state.root
                }
            }
            #expect(roots.contains(true), "two histories were cosigned: \(cosigned)")
        }
    }
}

@Suite struct WitnessSubmissionTests {
    let submission: WitnessSubmission

    init() throws {
        submission = try WitnessSubmission(
            note: Witnessing.request(from: 0, to: 8).note,
            witnessKeys: [VerifierKey(Example.witnessKey)])
    }

    private func outcome(
        _ status: Int, _ body: String, type: String = "text/plain", old: Int64 = 6
    ) -> WitnessSubmission.Outcome {
        submission.interpret(
            status: status, mediaType: type, body: Array(body.utf8), oldSize: old)
    }

    @Test func `a cosignature of the known key counts`() throws {
        guard case .cosigned(let signatures) = outcome(200, Example.witnessLine) else {
            Issue.record("not taken")
            return
        }
        #expect(signatures.map(\.timestampSeconds) == [1_700_000_000])
    }

    @Test func `a cosignature does not count unless the known key made it over this checkpoint`()
        throws
    {
        let stranger = try Example.cosigner("example.com/w2", seed: 9)
        let other = try stranger.cosign(submission.note.text, timestampSeconds: 5).line
        let elsewhere = try Example.cosigner().cosign(
            Witnessing.request(from: 0, to: 7).note.text, timestampSeconds: 5
        ).line
        var timeless: [UInt8] = HashBytes.bigEndian(Int64(0))
        timeless += try PrivateKey(ed25519Seed: Example.seed(0)).sign(
            Cosignature.message(submission.note.text, timestampSeconds: 0))
        let key = try VerifierKey(Example.witnessKey)
        let zero = NoteSignature(name: key.name, keyID: key.keyID, bytes: timeless).line
        for line in [other, elsewhere, zero, "", "hello\n", Example.logLine] {
            guard case .failed = outcome(200, line) else {
                Issue.record("taken: \(line)")
                continue
            }
        }
        // Beside the known key's line another's is ignored.
        guard case .cosigned(let signatures) = outcome(200, other + Example.witnessLine) else {
            Issue.record("not taken beside another")
            return
        }
        #expect(signatures.map(\.key) == [key])
    }

    @Test func `every status has its meaning`() {
        let size = WitnessAnswer.sizeMediaType
        #expect(outcome(409, "5\n", type: size) == .proveFrom(size: 5))
        #expect(outcome(409, "8\n", type: size + "; charset=utf-8") == .proveFrom(size: 8))
        #expect(outcome(409, "9\n", type: size) == .ahead(size: 9))
        for wrong in ["6\n", "5", "05\n", "-1\n", "", "5\n\n", "4611686018427387905\n"] {
            guard case .failed = outcome(409, wrong, type: size) else {
                Issue.record("taken for a size: \(wrong)")
                continue
            }
        }
        #expect(outcome(409, "no\n") == .contradicted(reason: "status 409: no"))
        #expect(outcome(422, "") == .contradicted(reason: "status 422"))
        for status in [400, 403, 404] {
            #expect(
                outcome(status, "why\u{1b}[2J\nmore")
                    == .refused(status: status, reason: "status \(status): why[2J"))
        }
        for status in [201, 301, 429, 500, 503] {
            guard case .failed = outcome(status, "") else {
                Issue.record("status \(status) is an answer")
                continue
            }
        }
    }

    @Test func `our witness's answers are understood by our log`() throws {
        func meaning(_ answer: WitnessAnswer) -> WitnessSubmission.Outcome {
            submission.interpret(
                status: answer.status, mediaType: answer.mediaType, body: answer.body, oldSize: 6)
        }
        let signature = try Example.cosigner().cosign(submission.note.text, timestampSeconds: 9)
        guard case .cosigned = meaning(.cosigned([signature])) else {
            Issue.record("cosignature not understood")
            return
        }
        #expect(meaning(.stale(size: 7)) == .proveFrom(size: 7))
        for edition in WitnessAnswer.Edition.allCases {
            guard case .contradicted = meaning(.forked(edition)) else {
                Issue.record("fork not understood")
                return
            }
        }
        guard case .refused(403, _) = meaning(.unwilling(reason: "no")),
            case .refused(404, _) = meaning(.unknownLog)
        else {
            Issue.record("refusal not understood")
            return
        }
    }
}

/// Requests over the canonical leaves, signed by the example's log.
private enum Witnessing {
    static func log() throws -> WitnessedLog {
        WitnessedLog(origin: "example.com/audit", keys: [try VerifierKey(Example.logKey)])
    }

    static func stranger() throws -> NoteSigner {
        try NoteSigner(
            name: keyName("example.com/audit"), key: PrivateKey(ed25519Seed: Example.seed(3)))
    }

    static func state(_ size: Int) throws -> WitnessState {
        WitnessState(size: Int64(size), root: try hex(Canonical.roots[size]))
    }

    static func request(
        from old: Int64, to new: Int64, in store: TileStore? = nil, root: SHA256Digest? = nil,
        signer: NoteSigner? = nil
    ) throws -> AddCheckpointRequest {
        let store = try store ?? TileStore(Canonical.leaves)
        let computed = try MerkleTree.root(treeSize: new, readTiles: store.read)
        let checkpoint = try Checkpoint(
            origin: "example.com/audit", size: new, root: root ?? computed)
        let proof = try ConsistencyProof.make(
            oldSize: old, newSize: new, readTiles: store.read)
        return try AddCheckpointRequest(
            oldSize: old, proof: proof.hashes,
            note: checkpoint.signed(by: [signer ?? Example.logSigner()]))
    }

    static func request(
        from old: Int, to new: Int, root: SHA256Digest? = nil, signer: NoteSigner? = nil
    ) throws -> AddCheckpointRequest {
        try request(from: Int64(old), to: Int64(new), in: nil, root: root, signer: signer)
    }
}

/// The same numbers in every run (Steele, Lea, Flood 2014).
private struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }
}
