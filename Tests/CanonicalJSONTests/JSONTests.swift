import CanonicalJSON
import Testing

@Suite struct `JSON values` {
    @Test func `literals make every kind of value`() {
        let name = "Ada"
        let json: JSON = ["text": "hello \(name)", "n": 3, "yes": true, "list": [1, .null]]
        #expect(json["text"]?.string == "hello Ada")
        #expect(json["n"]?.integer == 3)
        #expect(json["n"]?.double == 3)
        #expect(json["yes"]?.bool == true)
        #expect(json["list"]?[1] == .null)
        #expect(json["list"]?[2] == nil)
        #expect(json["list"]?.array?.count == 2)
    }

    @Test func `accessors answer nil for other kinds`() {
        let json: JSON = ["n": 3]
        #expect(json.string == nil)
        #expect(json.integer == nil)
        #expect(json.bool == nil)
        #expect(json.array == nil)
        #expect(json["n"]?.object == nil)
        #expect(json["n"]?["x"] == nil)
        #expect(JSON.double(1.5).integer == nil)
    }

    @Test func `strings that only look alike differ`() {
        let composed: JSON = "\u{E9}"
        let decomposed: JSON = "e\u{301}"
        #expect(composed != decomposed)
        #expect(["k": composed] as JSON != ["k": decomposed])
        #expect(["\u{E9}": 1] as JSON != ["e\u{301}": 1])
    }

    @Test(arguments: [
        (JSON.number(3), JSON.integer(3)), (.number(-0.0), .integer(0)),
        (.number(0.5), .double(0.5)), (.number(9_007_199_254_740_992), .double(0x1p53)),
    ])
    func `a number is an integer when it safely is one`(made: JSON, expected: JSON) {
        #expect(made == expected)
    }

    @Test func `the pretty form is sorted, indented and ends in a newline`() {
        let json: JSON = ["b": [1, [:]], "a": [], "c": ["d": "e"]]
        #expect(
            String(decoding: json.prettyBytes, as: UTF8.self) == """
                {
                  "a": [],
                  "b": [
                    1,
                    {}
                  ],
                  "c": {
                    "d": "e"
                  }
                }

                """)
    }
}

@Suite struct `JSON pointers` {
    static let document: JSON = [
        "foo": ["bar", "baz"], "": 0, "a/b": 1, "c%d": 2, "e^f": 3, "g|h": 4, "i\\j": 5,
        "k\"l": 6, " ": 7, "m~n": 8,
    ]

    /// The table of RFC 6901 section 5.
    @Test(
        arguments: [
            ("/foo/0", "bar"), ("/", 0), ("/a~1b", 1), ("/c%d", 2), ("/e^f", 3), ("/g|h", 4),
            ("/i\\j", 5), ("/k\"l", 6), ("/ ", 7), ("/m~0n", 8),
        ] as [(String, JSON)])
    func `the examples of RFC 6901 are found`(text: String, expected: JSON) throws {
        let pointer = try JSONPointer(parsing: text)
        #expect(Self.document[pointer] == expected)
        #expect(pointer.description == text)
    }

    @Test func `the empty pointer is the whole document`() throws {
        #expect(Self.document.value(at: try JSONPointer(parsing: "")) == Self.document)
        #expect(JSONPointer.root.appending("foo").appending(1).description == "/foo/1")
    }

    @Test(arguments: ["/foo/2", "/foo/00", "/foo/-", "/foo/+1", "/foo/0/x", "/nothing", "//"])
    func `what is not there is nil`(text: String) throws {
        #expect(Self.document[try JSONPointer(parsing: text)] == nil)
    }

    @Test(arguments: ["foo", "/a~", "/a~2b", "#/foo"])
    func `other texts are refused`(text: String) {
        #expect(throws: JSONError.self) { try JSONPointer(parsing: text) }
    }
}
