// What runs on a host by command line: hashed there, signed, compared.

import CanonicalJSON
import Foundation
import Registry
import Testing

@Suite(.enabled(if: Postgres.isThere, "skipped: there is no PostgreSQL server"))
struct `Reconciling by command line` {
    @Test func `hashes what lies there, and exits by what the service answers`() throws {
        let served = try Served(Program())
        let program = served.program
        let administrator = "service/credentials/administrator.token"
        func ask(_ token: String, _ arguments: String...) throws -> Ran {
            try program.run(
                arguments + ["--server", served.url, "--token-file", token])
        }
        func done(_ ran: Ran) throws -> Ran {
            guard ran.code == 0 else { throw ProgramError("\(ran)") }
            return ran
        }
        _ = try done(program.run("key", "new", "agent.pem", "--public-key", "agent.pub"))
        let signer = "service/credentials/administrator.pem"
        let agent = try done(
            ask(
                administrator, "principal", "add", "--kind", "service", "--name", "Agent", "--key",
                "agent.pem", "--signer", signer)
        ).line
        func reconcile(_ more: String...) throws -> Ran {
            try program.run(
                ["reconcile", "--environment", "production", "--key", "agent.pem"] + more
                    + ["--server", served.url, "--token-file", "agent.token"])
        }
        _ = try done(
            ask(administrator, "token", "issue", "--principal", agent, "-o", "agent.token"))
        try FileManager.default.createDirectory(
            atPath: program.folder + "/running", withIntermediateDirectories: true)
        // Who is no agent is told so before anything is signed.
        let early = try reconcile("--inventory", "running")
        #expect(early.code == 1 && early.errors.contains("role agent"), "\(early)")
        _ = try done(
            ask(
                administrator, "role", "grant", "--principal", agent, "--role", "agent",
                "--namespace", "credit", "--signer", signer))
        let empty = try reconcile("--inventory", "running")
        #expect(empty.code == 0 && empty.output.contains("nothing differs"), "\(empty)")

        try FileManager.default.createDirectory(
            atPath: program.folder + "/running/scorer", withIntermediateDirectories: true)
        try program.write("running/scorer/weights.bin", "weights")
        try program.write("running/notes.txt", "no artifact")
        let stray = try reconcile("--inventory", "running")
        #expect(stray.code == 1, "\(stray)")
        #expect(stray.output.contains("running-not-permitted"), "\(stray)")
        #expect(stray.output.contains("scorer") && stray.output.contains("(recomputed)"))
        // What is no artifact is in no snapshot, and somebody is told.
        #expect(!stray.output.contains("notes.txt"), "\(stray)")
        #expect(
            stray.errors.contains("no folders of running: notes.txt"), "\(stray)")
        let json = try reconcile("--inventory", "running", "--json")
        let document = try JSON(
            parsing: Array(json.output.utf8), limits: JSON.Limits(bytes: 1 << 20, depth: 64))
        #expect(json.code == 1)
        #expect(document["result"]?["comparison"]?["differences"]?.array?.count == 1)

        // A dot hides nothing, and a link is not passed over.
        try FileManager.default.createDirectory(
            atPath: program.folder + "/hidden/.scorer", withIntermediateDirectories: true)
        try program.write("hidden/.scorer/weights.bin", "weights")
        let hidden = try reconcile("--inventory", "hidden")
        #expect(hidden.code == 1 && hidden.output.contains("running-not-permitted"), "\(hidden)")
        try FileManager.default.createDirectory(
            atPath: program.folder + "/linked", withIntermediateDirectories: true)
        try FileManager.default.createSymbolicLink(
            atPath: program.folder + "/linked/current",
            withDestinationPath: program.folder + "/running/scorer")
        let linked = try reconcile("--inventory", "linked")
        #expect(linked.code == 2 && linked.errors.contains("current is a link"), "\(linked)")

        // A list, in which one thing only lies there.
        try program.write(
            "list.json", #"{"items":[{"path":"running/scorer","state":"present"}]}"#)
        #expect(try reconcile("--inventory", "list.json").code == 0)
        try program.write("pods.json", #"{"items":[{"metadata":{"name":"p"},"status":{}}]}"#)
        // A pod that says it is of another environment is in no snapshot, and nobody may overlook that.
        try program.write(
            "moved.json",
            #"""
            {"items":[{"metadata":{"name":"p","annotations":{"imprimatur.dev/environment":"x"}},
            "status":{"phase":"Running"}}]}
            """#)
        let moved = try reconcile("--kubernetes", "moved.json")
        #expect(moved.code == 1 && moved.errors.contains("another environment"), "\(moved)")
        let meant = try reconcile("--kubernetes", "moved.json", "--allow-elsewhere")
        #expect(meant.code == 0 && meant.output.contains("nothing differs"), "\(meant)")
        // One with an annotation that cannot be read does not stop the others from being looked at.
        let image = "r@sha256:" + String(repeating: "ab", count: 32)
        try program.write(
            "odd.json",
            #"""
            {"items":[{"metadata":{"name":"odd","annotations":{"imprimatur.dev/model":"x"}},
            "status":{"phase":"Running","containerStatuses":[{"imageID":"\#(image)"}]}}]}
            """#)
        let odd = try reconcile("--kubernetes", "odd.json")
        #expect(odd.code == 1 && odd.output.contains("running-not-permitted"), "\(odd)")
        #expect(odd.errors.contains("by their images alone"), "\(odd)")
        for (arguments, code) in [
            (["--inventory", "nowhere"], Int32(2)), (["--kubernetes", "pods.json"], 2), ([], 64),
            (["--inventory", "running", "--kubernetes", "pods.json"], 64),
        ] {
            let wrong = try program.run(
                ["reconcile", "--environment", "production", "--key", "agent.pem"] + arguments
                    + ["--server", served.url, "--token-file", "agent.token"])
            #expect(wrong.code == code, "\(wrong)")
        }
        #expect(served.stop() == 0)
        let verified = try program.run("audit", "verify", "--replay", "--data-dir", "service")
        #expect(verified.code == 0, "\(verified)")
    }
}
