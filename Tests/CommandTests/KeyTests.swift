// Keys in files.

import CanonicalJSON
import Cryptography
import Foundation
import Testing

@Suite struct `A key file` {
    @Test(arguments: ["ecdsa-p256", "ecdsa-p384", "ecdsa-p521", "ed25519"])
    func `is made for its owner alone, and shown by its public half`(algorithm: String) throws {
        let program = try Program()
        let made = try program.run(
            "key", "new", "k.pem", "--algorithm", algorithm, "--public-key", "k.pub")
        #expect(made.code == 0, "\(made)")
        let attributes = try FileManager.default.attributesOfItem(atPath: program.folder + "/k.pem")
        #expect((attributes[.posixPermissions] as? Int) == 0o600)
        for file in ["k.pem", "k.pub"] {
            let shown = try program.run("key", "show", file, "--json")
            let json = try JSON(parsing: shown.output)
            #expect(json["id"]?.string == made.line)
            #expect(json["algorithm"]?.string == algorithm)
            #expect(!shown.output.contains("PRIVATE"))
        }
        let pem = try program.read("k.pub")
        #expect(try PublicKey(pem: pem).id.hex == made.line)
    }

    @Test func `is never overwritten`() throws {
        let program = try Program()
        try program.run("key", "new", "k.pem")
        let before = try program.read("k.pem")
        let again = try program.run("key", "new", "k.pem")
        #expect(again.code == 2, "\(again)")
        #expect(again.errors.contains("hint: Nothing is ever overwritten"))
        #expect(try program.read("k.pem") == before)
    }

    @Test func `with a passphrase opens with it, and not without`() throws {
        let program = try Program()
        try program.write("right", "correct horse\n")
        try program.write("wrong", "wrong horse\n")
        #expect(try program.run("key", "new", "k.pem", "--passphrase-file", "right").code == 0)
        #expect(
            String(decoding: try program.read("k.pem"), as: UTF8.self).contains("ENCRYPTED"))
        #expect(try program.run("key", "show", "k.pem", "--passphrase-file", "right").code == 0)
        for arguments in [[], ["--passphrase-file", "wrong"]] {
            let ran = try program.run(["key", "show", "k.pem"] + arguments)
            #expect(ran.code == 2 && ran.output.isEmpty, "\(ran)")
        }
    }
}
