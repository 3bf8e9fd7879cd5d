import CanonicalJSON
import Testing

@Suite struct `JSON values` {
    @Test func `the worked example of the canonical form holds`() throws {
        let json = try JSON(parsing: #"{"b":[1.0,"\u00e9"],"a":null}"#)
        #expect(json == ["b": [1, "é"], "a": .null])
        #expect(json.canonicalText == #"{"a":null,"b":[1,"é"]}"#)
    }
}
