import CanonicalJSON
import Testing

@Suite struct `The JSON reader` {
    struct Owner: Equatable {
        let name: String
        let since: Int64?
        let teams: [String]
    }

    func owner(_ json: JSON) throws(JSONFindings) -> Owner {
        try JSONReader.decode(json) { reader in
            Owner(
                name: reader.string("name", length: 1...80),
                since: reader.optional("since") { $0.integer(in: 1900...2200) },
                teams: reader.array("teams", count: 1...10) { $0.string() })
        }
    }

    /// The findings as "pointer code", in order.
    func findings<T>(_ json: JSON, _ body: (JSONReader) -> T?) -> [String] {
        do throws(JSONFindings) {
            _ = try JSONReader.decode(json, body)
            return []
        } catch {
            return error.findings.map { "\($0.pointer) \($0.code)" }
        }
    }

    @Test func `the worked example is read`() throws {
        let value = try owner(["name": "Ada", "teams": ["risk"]])
        #expect(value == Owner(name: "Ada", since: nil, teams: ["risk"]))
        #expect(try owner(["name": "Ada", "since": 1990, "teams": ["a"]]).since == 1990)
    }

    @Test func `all faults are told at once, in order of place`() {
        let error = #expect(throws: JSONFindings.self) { try owner(["name": "", "team": []]) }
        #expect(
            error?.findings.map { "\($0.pointer) \($0.code)" }
                == ["/name length", "/team unknown", "/teams missing"])
    }

    @Test(
        arguments: [
            (["x": 1], "/x type"), (["x": .null], "/x type"), ([:], "/x missing"),
            (["x": ""], "/x length"), (["x": "abcd"], "/x length"),
            (["x": "ab", "y": 1], "/y unknown"),
            ([1], " type"), ("x", " type"), (.null, " type"),
        ] as [(JSON, String)])
    func `a string has to be one, of the right length`(json: JSON, finding: String) {
        #expect(findings(json) { $0.string("x", length: 1...3) } == [finding])
        #expect(findings(["x": "äöü"]) { $0.string("x", length: 1...3) } == [])
    }

    @Test func `nested places are named`() {
        let json: JSON = ["a": ["b": [["c": 1], ["c": "x", "d": 2], 3]]]
        let found = findings(json) { reader in
            reader.object("a") { a in
                a.array("b") { b in b.object { $0.integer("c", in: 5...9) } }
            }
        }
        #expect(found == ["/a/b/0/c range", "/a/b/1/c type", "/a/b/1/d unknown", "/a/b/2 type"])
    }

    @Test func `a missing object is one finding, not one for each of its members`() {
        let found = findings([:]) { reader in
            reader.object("a") { ($0.string("b"), $0.integer("c"), $0.bool("d")) }
        }
        #expect(found == ["/a missing"])
    }

    @Test func `an object of which nothing is asked must be empty`() {
        #expect(findings(["a": ["b": 1]]) { $0.object("a") { _ in true } } == ["/a/b unknown"])
        #expect(findings(["a": [:]]) { $0.object("a") { _ in true } } == [])
    }

    @Test func `optional is absent but not null, nullable is null but not absent`() {
        func read(_ json: JSON) -> [String] {
            findings(json) { reader in
                (reader.optionalString("o"), reader.nullable("n") { $0.string() })
            }
        }
        #expect(read(["n": .null]) == [])
        #expect(read(["n": "x", "o": "y"]) == [])
        #expect(read(["n": "x", "o": .null]) == ["/o type"])
        #expect(read(["o": "y"]) == ["/n missing"])
    }

    enum Role: String, CaseIterable { case owner, auditor }

    @Test func `choices, constants and parsed strings tell what is expected`() throws {
        func read(_ json: JSON) -> [String] {
            findings(json) { reader in
                reader.constant("v", "1")
                let number = reader.parsed("p", as: "a hexadecimal number") { Int($0, radix: 16) }
                guard let role = reader.choice("r", of: Role.self), let number else {
                    return (Role, Int)?.none
                }
                return (role, number)
            }
        }
        #expect(read(["v": "1", "p": "ff", "r": "owner"]) == [])
        #expect(
            read(["v": "2", "p": "xx", "r": "Owner"]) == ["/p format", "/r value", "/v value"])
    }

    @Test func `lists are bounded, and sets have no element twice`() {
        for list: JSON in [[1, 2, 3], []] {
            let found = findings(["a": list]) { $0.array("a", count: 1...2) { $0.integer() } }
            #expect(found == ["/a length"])
        }
        #expect(findings(["a": [1, 2, 1]]) { $0.set("a") { $0.integer() } } == ["/a/2 duplicate"])
    }

    @Test func `objects whose names are data are read as maps`() throws {
        let json: JSON = ["sizes": ["a": 1, "b": 2]]
        let map = try JSONReader.decode(json) { $0.map("sizes") { $1.integer() } }
        #expect(map == ["a": 1, "b": 2])
        let found = findings(["sizes": ["a": "x"]]) { $0.map("sizes") { $1.integer() } }
        #expect(found == ["/sizes/a type"])
    }

    @Test func `formats of others may have more members`() {
        let found = findings(["a": 1, "b": 2]) { reader in
            reader.ignoreUnknownMembers()
            return reader.integer("a")
        }
        #expect(found == [])
    }

    @Test func `rules add findings of their own`() {
        let found = findings(["from": 2, "until": 1]) { reader in
            if reader.integer("from") > reader.integer("until") {
                reader.refuse("until", "order", "The end lies before the beginning.")
            }
            return true
        }
        #expect(found == ["/until order"])
    }

    @Test func `doubles are no integers`() {
        #expect(findings(["x": .double(1.5)]) { $0.integer("x") } == ["/x type"])
    }

    @Test func `a finding is a member of a problem document`() {
        let finding = JSONFinding(.root.appending("a/b"), "missing", "This member is missing.")
        #expect(
            finding.json.canonicalText
                == #"{"code":"missing","message":"This member is missing.","pointer":"/a~1b"}"#)
        #expect(finding.description == "/a~1b: This member is missing.")
    }
}
