// The schema evaluator: every keyword with a value that passes and one that does not.

import CanonicalJSON
import TestSupport
import Testing

@testable import Schema

@Suite struct JSONSchemaTests {
    /// schema, accepted, refused, code and pointer of the finding.
    static let keywords: [(String, String, String, String, String)] = [
        (#"{"type":"null"}"#, "null", "0", "type", ""),
        (#"{"type":"boolean"}"#, "true", #""true""#, "type", ""),
        (#"{"type":"integer"}"#, "1.0", "1.5", "type", ""),
        (#"{"type":"number"}"#, "1.5", #""1.5""#, "type", ""),
        (#"{"type":"string"}"#, #""a""#, "1", "type", ""),
        (#"{"type":"array"}"#, "[1]", "{}", "type", ""),
        (#"{"type":"object"}"#, #"{"a":1}"#, "[]", "type", ""),
        (#"{"type":["string","null"]}"#, "null", "1", "type", ""),
        (#"{"type":"string","minLength":2}"#, #""éé""#, #""é""#, "length", ""),
        (#"{"type":"string","maxLength":2}"#, #""🎈🎈""#, #""🎈🎈🎈""#, "length", ""),
        (#"{"type":"string","pattern":"^[a-z]{2}$"}"#, #""ab""#, #""aB""#, "format", ""),
        (#"{"type":"integer","minimum":2}"#, "2", "1", "range", ""),
        (#"{"type":"integer","maximum":2}"#, "2", "3", "range", ""),
        (#"{"type":"array","minItems":1}"#, "[1]", "[]", "length", ""),
        (#"{"type":"array","maxItems":1}"#, "[1]", "[1,2]", "length", ""),
        (#"{"type":"array","uniqueItems":true}"#, "[1,2]", "[1,2,1]", "duplicate", "/2"),
        (#"{"type":"array","items":{"type":"integer"}}"#, "[1]", #"[1,"a"]"#, "type", "/1"),
        (#"{"type":"object","minProperties":1}"#, #"{"a":1}"#, "{}", "length", ""),
        (#"{"type":"object","maxProperties":1}"#, #"{"a":1}"#, #"{"a":1,"b":1}"#, "length", ""),
        (#"{"type":"object","required":["a"]}"#, #"{"a":1}"#, #"{"b":1}"#, "missing", "/a"),
        (
            #"{"type":"object","properties":{"a":{"type":"null"}}}"#, #"{"a":null,"b":1}"#,
            #"{"a":1}"#, "type", "/a"
        ),
        (
            #"{"type":"object","properties":{"a":{"type":"null"}},"additionalProperties":false}"#,
            #"{"a":null}"#, #"{"a":null,"b":1}"#, "unknown", "/b"
        ),
        (
            #"{"type":"object","additionalProperties":{"type":"integer"}}"#, #"{"b":1}"#,
            #"{"b":"1"}"#, "type", "/b"
        ),
        (
            #"{"type":"object","propertyNames":{"type":"string","maxLength":1}}"#, #"{"b":1}"#,
            #"{"bb":1}"#, "length", "/bb"
        ),
        (#"{"enum":[1,"a",null]}"#, #""a""#, #""b""#, "value", ""),
        (#"{"const":"a"}"#, #""a""#, #""b""#, "value", ""),
        (
            ##"{"$ref":"#/$defs/n","$defs":{"n":{"type":"integer","maximum":3}}}"##, "3", "4",
            "range", ""
        ),
    ]

    @Test(arguments: keywords.indices)
    func `a keyword accepts and refuses`(_ index: Int) throws {
        let (text, good, bad, code, place) = Self.keywords[index]
        let schema = try JSONSchema(loading: Array(text.utf8))
        #expect(schema.findings(in: try JSON(parsing: Array(good.utf8))).isEmpty)
        let findings = schema.findings(in: try JSON(parsing: Array(bad.utf8)))
        #expect(findings.map(\.code) == [code])
        #expect(findings.map(\.pointer.description) == [place])
    }

    @Test func `a keyword says nothing about values of other types`() throws {
        let schema = try JSONSchema(
            loading: Array(
                """
                {"type":["null","boolean","integer","string","array","object"],"minLength":2,
                 "minItems":1,"minProperties":1,"minimum":5,"required":["a"],"pattern":"^[a-z]+$"}
                """.utf8))
        for text in ["null", "true", "5", #""ab""#, "[0]", #"{"a":0}"#] {
            #expect(schema.findings(in: try JSON(parsing: Array(text.utf8))).isEmpty, "\(text)")
        }
    }

    @Test func `all findings come at once, in order of place`() throws {
        let schema = try JSONSchema(
            loading: Array(
                """
                {"type":"object","required":["name"],"properties":{"name":{"type":"string",
                 "description":"What it is called.","maxLength":3}},"additionalProperties":false}
                """.utf8))
        let findings = schema.findings(in: ["nam": "x"])
        #expect(
            findings.map(\.description) == [
                "/nam: nam is not a field of the format.",
                "/name: name is missing: What it is called.",
            ])
    }

    @Test(arguments: [
        #"{"type":"string","format":"date"}"#, #"{"type":"string","minlength":1}"#,
        #"{"anyOf":[{"type":"string"}]}"#, #"{"type":"text"}"#,
        #"{"type":"object","properties":[]}"#,
        #"{"type":"string","pattern":"a.*"}"#, #"{"type":"string","maxLength":"3"}"#,
        #"{"type":"object","required":"a"}"#, #"{"enum":[]}"#, #"{"$ref":"other.json"}"#,
        ##"{"$ref":"#/$defs/none"}"##,
        ##"{"$ref":"#/$defs/a","$defs":{"a":{"$ref":"#/$defs/a"}}}"##,
        #"{}"#, "true", "[]", "{", #"{"type":"array","items":true}"#,
        #"{"type":"object","properties":{"a":{"typ":"string"}}}"#,
        #"{"type":"object","properties":{"a":{"type":"string","$defs":{}}}}"#,
    ])
    func `a schema with anything that is not implemented is refused`(_ text: String) {
        #expect(throws: JSONSchemaError.self) { try JSONSchema(loading: Array(text.utf8)) }
    }

    @Test func `the published schema loads and describes every field`() throws {
        let schema = try JSONSchema(
            loading: Fixtures.ours("docs/reference/model-card.schema.json"))
        #expect(schema.identifier == "https://imprimatur.dev/schemas/model-card/v1")
        for index in schema.nodes.indices.dropFirst() {
            #expect(!schema.resolved(index).summary.isEmpty)
        }
    }

    @Test func `every text and list of the published schema has a limit`() throws {
        let schema = try JSONSchema(
            loading: Fixtures.ours("docs/reference/model-card.schema.json"))
        for index in schema.nodes.indices {
            let node = schema.resolved(index)
            if node.types?.contains(.string) == true {
                #expect(node.counts[.maxLength] != nil, "\(node.summary)")
            }
            if node.types?.contains(.array) == true {
                #expect(node.counts[.maxItems] != nil, "\(node.summary)")
            }
            if node.types?.contains(.object) == true {
                var isClosed = node.counts[.maxProperties] != nil
                if case .refused = node.additional { isClosed = true }
                #expect(isClosed, "\(node.summary)")
            }
        }
    }
}

@Suite struct ModelCardReferenceTests {
    @Test func `the reference page names every field of the schema`() throws {
        let page = String(
            decoding: try Fixtures.ours("docs/reference/model-card.md"), as: UTF8.self)
        let schema = try JSON(parsing: Fixtures.ours("docs/reference/model-card.schema.json"))
        var names: [String] = []
        func visit(_ schema: JSON, _ path: String) {
            for (name, member) in schema["properties"]?.object ?? [:] {
                let inner = path.isEmpty ? name : "\(path).\(name)"
                names.append(inner)
                if member["x-personal"] != .bool(true) { visit(member, inner) }
            }
            if let items = schema["items"] { visit(items, path + "[]") }
        }
        visit(schema, "")
        #expect(names.count > 200)
        for name in names { #expect(page.contains("`\(name)`"), "\(name)") }
    }
}
