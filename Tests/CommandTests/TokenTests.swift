// A service whose keys are in a PKCS #11 token, as the how-to takes them there.

import CanonicalJSON
import Foundation
import Glibc
import HTTPClient
import Registry
import TestSupport
import Testing

@Suite(
    .enabled(if: SoftToken.isThere, SoftToken.hint),
    .enabled(if: Postgres.isThere, "skipped: there is no PostgreSQL server"))
struct `A service with its keys in a token` {
    private let program: Program
    private let token: SoftToken
    private let environment: [String: String]
    private static let keys = ["log": "the%20log", "service": "the%20service", "permit": "permits"]

    init() throws {
        program = try Program()
        token = try SoftToken(in: program.folder + "/token")
        environment = ["SOFTHSM2_CONF": token.configuration]
    }

    @discardableResult
    private func run(_ line: String, gives code: Int32 = 0) throws -> Ran {
        let ran = try program.run(line.split(separator: " ").map(String.init), environment)
        #expect(ran.code == code, "\(ran)")
        #expect(!ran.description.contains(SoftToken.pin))
        return ran
    }

    private func writeAddresses(in folder: String, pin: String = "pin") throws {
        for (name, object) in Self.keys {
            let address = token.address(object: object, pin: pin)
            let path = "\(program.folder)/\(folder)/\(name).pem"
            try File.replace(path, with: Array((address + "\n").utf8), mode: 0o600)
        }
    }

    private func write(_ served: Served, _ principal: String) async throws -> (Int, String) {
        let secret = String(
            decoding: try program.read("service/credentials/administrator.token"), as: UTF8.self
        ).filter { $0 != "\n" }
        let answer = try await ask(
            "POST", served.url + "/api/v1/principals/\(principal)/tokens",
            headers: [
                ("Authorization", "Bearer \(secret)"), ("Content-Type", "application/json"),
                ("Idempotency-Key", UUID().uuidString),
            ], body: Array(#"{"days":1}"#.utf8))
        let problem = try JSON(parsing: answer.body)["code"]?.string
        return (answer.status, problem ?? "")
    }

    private func served() throws -> Served { try Served(program, environment: environment) }

    private var log: String {
        get throws { String(decoding: try program.read("serve.log"), as: UTF8.self) }
    }

    @Test func `goes there under a new root, and says so when the token is pulled out`()
        async throws
    {
        try File.makeFolder(program.folder + "/new")
        try writeAddresses(in: "new")
        let first = try served()
        let who = try first.whoami(["--json"])
        let principal = try #require(try JSON(parsing: who.output)["principal"]?.string)
        try run(
            "root renew service/root.json --add-log-key new/log.pem --add-service-key "
                + "new/service.pem --add-permit-key new/permit.pem -o root-2.json")
        try run(
            "root sign root-2.json --previous service/root.json "
                + "--key service/credentials/custodian.pem")
        try run("root install root-2.json --data-dir service")
        // What has its receipt is behind the root in the log.
        #expect(try await write(first, principal).0 == 201)
        #expect(first.stop() == 0)
        try writeAddresses(in: "service/keys")

        let second = try served()
        #expect(try await write(second, principal).0 == 201)
        let ready = try await ask("GET", second.url + "/readyz")
        #expect(ready.status == 200)

        // The token alone, and then everything that the library knows.
        for place in [try token.files(of: "bank"), token.tokens] {
            let away = token.folder + "/pulled-out"
            try FileManager.default.moveItem(atPath: place, toPath: away)
            for _ in 0..<5 {
                #expect(try await write(second, principal) == (503, "key-unavailable"))
            }
            // What needs no key goes on.
            #expect(try second.whoami().code == 0)
            try FileManager.default.moveItem(atPath: away, toPath: place)
            var status = 0
            for _ in 0..<200 where status != 201 {
                try await Task.sleep(for: .milliseconds(50))
                status = try await write(second, principal).0
            }
            #expect(status == 201)
        }
        #expect(try log.contains("There is no token “bank”"))
        #expect(second.stop() == 0)
        #expect(try !log.contains(SoftToken.pin))

        try run("audit verify --data-dir service")
        try run("audit replay --data-dir service")
        try run("doctor --data-dir service")
        // Without the token the service does not come up half.
        let bank = try token.files(of: "bank")
        try FileManager.default.moveItem(atPath: bank, toPath: token.folder + "/out")
        let ran = try run(
            "serve --data-dir service --listen 127.0.0.1:0 --development", gives: 2)
        #expect(ran.errors.contains("keys/log.pem: There is no token “bank”."), "\(ran)")
        #expect(!ran.errors.contains("listening"), "\(ran)")
        #expect(!File.exists(program.folder + "/service/postgres/data/postmaster.pid"))
    }

    @Test func `is created with keys that were born there`() throws {
        try run("key new custodian.pem --public-key custodian.pub")
        try File.makeFolder(program.folder + "/keys")
        try writeAddresses(in: "keys")
        let command =
            "root new --keys keys --custodian custodian.pub --threshold 1 "
            + "--origin example.com/log -o root.json"
        try run(command, gives: 2)
        try run(command + " --existing")
        try run("root sign root.json --key custodian.pem")
        try run("policy sign - --origin example.com/log --key custodian.pem -o pack.json")
        try run("init --data-dir service --root root.json --keys keys --pack-statement pack.json")
        #expect(try program.read("service/keys/log.pem") == program.read("keys/log.pem"))
        try run("audit replay --data-dir service")
        let served = try served()
        #expect(served.stop() == 0)
        try run("audit verify --data-dir service")
    }

    @Test func `does not start on a PIN that is wrong, that others may read, or that is missing`()
        throws
    {
        try run("init --data-dir service --development")
        try token.write("wrong", Array("97531\n".utf8))
        try token.write("empty", Array("\n".utf8))
        try token.write("open", Array((SoftToken.pin + "\n").utf8))
        chmod(token.folder + "/open", 0o644)
        for (pin, message) in [
            ("wrong", "PIN incorrect"), ("empty", "holds none"), ("open", "others may read it"),
            ("absent", "No such file"),
        ] {
            try writeAddresses(in: "service/keys", pin: pin)
            let ran = try run(
                "serve --data-dir service --listen 127.0.0.1:0 --development", gives: 2)
            #expect(ran.errors.contains(message) && !ran.errors.contains("97531"), "\(ran)")
        }
        // An address in a file that others may read, or that is a stranger's, loads no library.
        try writeAddresses(in: "service/keys")
        chmod(program.folder + "/service/keys/log.pem", 0o644)
        let open = try run("key show service/keys/log.pem", gives: 2)
        #expect(open.errors.contains("others may read it"), "\(open)")
        if geteuid() == 0 {
            chmod(program.folder + "/service/keys/log.pem", 0o600)
            chown(program.folder + "/service/keys/log.pem", 65_534, 65_534)
            let foreign = try run("key show service/keys/log.pem", gives: 2)
            #expect(foreign.errors.contains("it belongs to somebody else"), "\(foreign)")
        }
    }
}
