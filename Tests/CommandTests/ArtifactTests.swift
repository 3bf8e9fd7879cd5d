// Signing and verifying bytes, alone and together with `model-signing` from PyPI.

import CanonicalJSON
import Foundation
import TestSupport
import Testing

/// A program's folder with a small model and a key.
func modelScene(algorithm: String = "ecdsa-p256") throws -> Program {
    let program = try Program()
    try program.write("model/config.json", #"{"arch":"tiny"}"#)
    try program.write("model/weights/a.bin", "weights\n")
    try program.write("model/模型.bin", "1")
    try program.run("key", "new", "k.pem", "--algorithm", algorithm, "--public-key", "k.pub")
    return program
}

@Suite struct `A signed artifact` {
    static let verify = ["artifact", "verify", "model", "--bundle", "model.sig", "--public-key"]

    @Test func `verifies with the key that signed, wherever its signature lies`() throws {
        let program = try modelScene()
        for bundle in ["model.sig", "model/inside.sig"] {
            let signed = try program.run(
                "artifact", "sign", "model", "--key", "k.pem", "--bundle", bundle)
            let ran = try program.run(
                "artifact", "verify", "model", "--bundle", bundle, "--public-key", "k.pub")
            #expect(signed.code == 0 && ran.code == 0, "\(signed) \(ran)")
            #expect(ran.output.contains("valid: 3 files signed by"))
            let digest = try program.run("artifact", "digest", "model", "--signature", bundle)
            #expect(digest.line == signed.line)
            if bundle != "model.sig" { return }
        }
    }

    @Test func `by shards verifies without its digest, which is there for the asking`() throws {
        let program = try modelScene()
        let signed = try program.run(
            "artifact", "sign", "model", "--key", "k.pem", "--bundle", "model.sig",
            "--shard-size", "4")
        let verify = Self.verify + ["k.pub"]
        let plain = try program.run(verify)
        #expect(plain.code == 0 && plain.output.contains("valid: 3 files signed by"), "\(plain)")
        #expect(!plain.output.contains(signed.line))
        let asked = try program.run(verify + ["--artifact-digest"])
        #expect(asked.code == 0 && asked.output.contains("artifact \(signed.line)"), "\(asked)")
        let json = try program.run(verify + ["--json"])
        #expect(try JSON(parsing: json.output)["artifact"] == .null)
        try program.write("model/weights/a.bin", "weightS\n")
        for more in [[], ["--artifact-digest"]] {
            #expect(try program.run(verify + more).code == 1)
        }
    }

    struct Damage: CustomStringConvertible, Sendable {
        let description: String
        let code: String
        let apply: @Sendable (Program) throws -> Void
    }

    static let damages = [
        Damage(description: "a byte changed", code: "file-altered") {
            try $0.write("model/weights/a.bin", "weightS\n")
        },
        Damage(description: "a file added", code: "file-extra") {
            try $0.write("model/extra", "")
        },
        Damage(description: "a file removed", code: "file-missing") {
            try FileManager.default.removeItem(atPath: $0.folder + "/model/config.json")
        },
        Damage(description: "another signature", code: "signature-invalid") {
            try $0.run("key", "new", "other.pem")
            try $0.run("artifact", "sign", "model", "--key", "other.pem", "--bundle", "model.sig")
        },
        Damage(description: "no bundle at all", code: "malformed") {
            try $0.write("model.sig", "{}")
        },
    ]

    @Test(arguments: damages)
    func `does not verify after`(_ damage: Damage) throws {
        let program = try modelScene()
        try program.run("artifact", "sign", "model", "--key", "k.pem", "--bundle", "model.sig")
        try damage.apply(program)
        let ran = try program.run(Self.verify + ["k.pub", "--json"])
        #expect(ran.code == 1, "\(ran)")
        let json = try JSON(parsing: ran.output)
        #expect(json["valid"] == false)
        let codes = json["findings"]?.array?.compactMap { $0["code"]?.string } ?? []
        #expect(codes.contains(damage.code), "\(codes)")
        let told = try program.run(Self.verify + ["k.pub"])
        #expect(
            told.code == 1 && told.output.isEmpty && told.errors.hasPrefix("error: "), "\(told)")
    }

    @Test func `leaves ignored paths out, and says so`() throws {
        let program = try modelScene()
        try program.run(
            "artifact", "sign", "model", "--key", "k.pem", "--bundle", "model.sig", "--ignore",
            "weights")
        try program.write("model/weights/a.bin", "changed")
        let ran = try program.run(Self.verify + ["k.pub"])
        #expect(ran.code == 0, "\(ran)")
        #expect(ran.errors.contains("warning: weights/a.bin is not covered"), "\(ran)")
    }

    @Test func `can be inspected with all that its signature leaves open`() throws {
        let program = try modelScene()
        try program.write("model/.git/hooks/x", "#!/bin/sh\n")
        try program.write("model/notes/a", "n")
        let signed = try program.run(
            "artifact", "sign", "model", "--key", "k.pem", "--signature", "model/m.sig",
            "--ignore", "notes")
        #expect(signed.code == 0, "\(signed)")
        try program.write("model/late.py", "print()")
        try FileManager.default.createSymbolicLink(
            atPath: program.folder + "/model/link", withDestinationPath: "/etc/passwd")
        let ran = try program.run(
            "artifact", "inspect", "model", "--signature", "model/m.sig", "--json")
        #expect(ran.code == 0, "\(ran)")
        let json = try JSON(parsing: ran.output)
        let gaps = json["coverage"]?["uncovered"]?.array?.compactMap { gap in
            "\(gap["path"]?.string ?? "") \(gap["reason"]?.string ?? "")"
        }
        #expect(
            gaps == [
                ".git/hooks/x always-ignored", "late.py unsigned", "link symbolic-link",
                "m.sig signature", "notes/a ignored-by-signer",
            ])
        let code = json["coverage"]?["code"]?.array?.compactMap { $0["kind"]?.string }
        #expect(code == ["script", "python"])
        #expect(json["claims"]?["method"] == "key")
    }

    @Test func `shows headers, hidden pickles and faults without any signature`() throws {
        let program = try Program()
        for (name, source) in [
            ("w.safetensors", "tiny.safetensors"), ("w.onnx", "tiny.onnx"),
            ("readme.txt", "protocol-0.pickle"), ("data.bin", "nested.zip"),
        ] {
            try program.write("model/\(name)", corpus(source))
        }
        let ran = try program.run("artifact", "inspect", "model", "--json")
        #expect(ran.code == 0, "\(ran)")
        let json = try JSON(parsing: ran.output)
        #expect(json["claims"] == .null && json["faults"] == [])
        let headers = json["headers"]?.array?.compactMap { $0["parameters"]?.string }
        #expect(headers == ["6", "13"])
        let code = json["coverage"]?["code"]?.array ?? []
        #expect(code.compactMap { $0["path"]?.string } == ["data.bin", "readme.txt"])
        #expect(code.first?["inside"] == "inner.zip!/archive/data.pkl")
        #expect(code.last?["imports"]?.array?.contains("posix.getcwd") == true)
        try program.write("model/w.safetensors", corpus("tiny.safetensors") + [0])
        let broken = try program.run("artifact", "inspect", "model")
        #expect(broken.code == 1 && broken.errors.contains("(hole, byte"), "\(broken)")
    }

    @Test func `shows a card that says something else than its headers`() throws {
        let program = try Program()
        try program.write("model/w.safetensors", corpus("tiny.safetensors"))
        let example = try String(contentsOfFile: Program.example + "/card.yaml", encoding: .utf8)
        func check(_ count: Int) throws -> Ran {
            let digest = String(repeating: "a", count: 64)
            let model =
                "\nmodel:\n  parameter_count: \(count)\n"
                + "  base_models: [{ref: acme/base, digest: \(digest)}]"
            try program.write(
                "card.yaml", example.replacingOccurrences(of: "\nmodel:", with: model))
            return try program.run("card", "check", "card.yaml", "--artifact", "model", "--json")
        }
        let honest = try check(13)
        #expect(honest.code == 0, "\(honest)")
        let lying = try check(7_000_000_000)
        #expect(lying.code == 1, "\(lying)")
        let findings = try JSON(parsing: lying.output)["findings"]?.array ?? []
        #expect(findings.map { $0["pointer"]?.string } == ["/model/parameter_count"])
        #expect(findings.first?["code"] == "contradiction")
    }

    private func corpus(_ name: String) throws -> [UInt8] {
        Array(
            try Data(
                contentsOf: URL(
                    fileURLWithPath: "\(Program.repository)/Tests/Corpus/formats/\(name)")))
    }

    @Test func `by certificate verifies for the identity asked for, and for no other`() throws {
        let program = try modelScene()
        let workshop = try CertificateWorkshop()
        try workshop.issue("root", CertificateWorkshop.authority)
        try workshop.issue("signer", by: "root", CertificateWorkshop.signer)
        for file in ["root.crt", "signer.crt", "signer.key"] {
            try program.write(file, String(decoding: workshop.bytes(file), as: UTF8.self))
        }
        let signed = try program.run(
            "artifact", "sign", "model", "--key", "signer.key", "--certificate", "signer.crt",
            "--signature", "model.sig")
        #expect(signed.code == 0, "\(signed)")
        let verify = [
            "artifact", "verify", "model", "--signature", "model.sig", "--trust-root", "root.crt",
            "--json", "--identity",
        ]
        let ran = try program.run(verify + ["release@example.org"])
        #expect(ran.code == 0, "\(ran)")
        #expect(try JSON(parsing: ran.output)["signer"]?["revocation"] == "unknown")
        let other = try program.run(verify + ["other@example.org"])
        #expect(other.code == 1)
        #expect(other.output.contains("identity-mismatch"))
    }

    @Test func `cannot be judged when a link lies in it`() throws {
        let program = try modelScene()
        try program.run("artifact", "sign", "model", "--key", "k.pem", "--bundle", "model.sig")
        try FileManager.default.createSymbolicLink(
            atPath: program.folder + "/model/link", withDestinationPath: "/etc/passwd")
        let ran = try program.run(Self.verify + ["k.pub"])
        #expect(ran.code == 2, "\(ran)")
    }
}

@Suite(.enabled(if: Peers.has("model_signing", "OpenSSL"), Peers.hint))
struct `Beside model-signing from PyPI` {
    @Test(arguments: ["ecdsa-p256", "ecdsa-p384", "ecdsa-p521"])
    func `each program verifies what the other signs, and not what was altered`(
        algorithm: String
    ) throws {
        let program = try modelScene(algorithm: algorithm)
        let theirs = { (arguments: [String]) in
            try Peers.modelSigning(arguments + ["--signature", "model.sig"], in: program.folder)
        }
        let ours = [
            "artifact", "verify", "model", "--bundle", "model.sig", "--public-key", "k.pub",
        ]
        try program.run("artifact", "sign", "model", "--key", "k.pem", "--bundle", "model.sig")
        let verified = try theirs(["verify", "key", "model", "--public_key", "k.pub"])
        #expect(verified.code == 0, "\(verified)")
        let signed = try theirs(["sign", "key", "model", "--private_key", "k.pem"])
        #expect(signed.code == 0, "\(signed)")
        let accepted = try program.run(ours)
        #expect(accepted.code == 0, "\(accepted)")
        try program.write("model/config.json", #"{"arch":"tinY"}"#)
        #expect(try program.run(ours).code == 1)
        #expect(try theirs(["verify", "key", "model", "--public_key", "k.pub"]).code != 0)
    }
}
