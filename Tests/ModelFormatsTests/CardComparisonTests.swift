// A card beside the headers of the files that it describes.

import CanonicalJSON
import Testing

@testable import ModelFormats

@Suite struct `A card beside its model's headers` {
    static func file(_ name: String, _ path: String? = nil) throws -> CardComparison.File {
        let header = try #require(try Samples.examine(Samples.corpus(name), name).header)
        return .init(path: path ?? name, header: header)
    }

    static func places(_ model: JSON, _ files: [CardComparison.File]) -> [String] {
        CardComparison.contradictions(card: ["model": model], files: files)
            .map(\.field)
    }

    @Test func `agrees where both say the same in other words`() throws {
        let model: JSON = [
            "parameter_count": 13, "weight_types": ["float32", "F16", "I64"],
            "licences": [["spdx": "Apache-2.0"]],
            "base_models": [["ref": "https://huggingface.co/Acme/Base"]],
        ]
        #expect(Self.places(model, [try Self.file("tiny.safetensors")]) == [])
        #expect(Self.places([:], [try Self.file("tiny.safetensors")]) == ["base_models"])
        #expect(Self.places(model, []) == [])
    }

    static let lies: [(JSON, [String])] = [
        (["parameter_count": 7_000_000_000], ["parameter_count"]),
        (["weight_types": ["F32"]], ["weight_types", "weight_types"]),
        (["weight_types": ["F32", "F16", "I64", "BF16"]], ["weight_types"]),
        (["licences": [["spdx": "MIT"]]], ["licences"]),
        (["base_models": [["ref": "acme/other"]]], ["base_models"]),
        (["base_models": [["ref": "other/base"]]], ["base_models"]),
    ]

    @Test(arguments: lies)
    func `is contradicted, and the place named`(model: JSON, places: [String]) throws {
        var members = model.object ?? [:]
        if members["base_models"] == nil { members["base_models"] = [["ref": "acme/base"]] }
        #expect(Self.places(.object(members), [try Self.file("tiny.safetensors")]) == places)
    }

    @Test func `counts shards together, and other files by themselves`() throws {
        let files = try [
            Self.file("tiny.safetensors", "model-00001-of-00002.safetensors"),
            Self.file("tiny.safetensors", "model-00002-of-00002.safetensors"),
            Self.file("tiny.safetensors", "adapter.safetensors"),
        ]
        let base: JSON = [["ref": "acme/base"]]
        for (count, agrees) in [(26, true), (13, true), (39, true), (14, false)] {
            let found = Self.places(
                ["parameter_count": .integer(Int64(count)), "base_models": base], files)
            #expect(found.isEmpty == agrees, "\(count)")
        }
    }

    @Test func `is not contradicted by a licence that says nothing`() throws {
        var header = try Self.file("tiny.safetensors").header
        header.licences = ["other"]
        header.baseModels = []
        let file = CardComparison.File(path: "a", header: header)
        #expect(Self.places(["licences": [["spdx": "MIT"]]], [file]) == [])
        header.licences = ["llama3"]
        let named = CardComparison.File(path: "a", header: header)
        #expect(Self.places(["licences": [["spdx": "LicenseRef-Llama3"]]], [named]) == [])
    }

    static let model: JSON = [
        "licences": [["spdx": "MIT"]], "base_models": [["ref": "acme/base"]],
    ]

    @Test func `contradicts by field, both words and file`() throws {
        let found = CardComparison.contradictions(
            card: ["model": Self.model],
            files: [try Self.file("tiny.safetensors", "a/w.safetensors")])
        #expect(found.count == 1)
        #expect(
            found.first?.line
                == "model.licences: the card says “MIT”; “a/w.safetensors” says “apache-2.0”.")
        #expect(found.first?.json["path"] == "“a/w.safetensors”")
        #expect(found.first?.finding.pointer == JSONPointer(["model", "licences"]))
    }

    /// What a header may say of licences and origins, and whether a card of MIT and acme/base is refused
    /// for it (true), warned about it (false), or neither.
    static let words: [(licences: [String], bases: [String], verdict: Bool?)] = [
        (["mit"], ["acme/base"], nil),
        (["Apache-2.0"], [], true), (["GPL-3.0-or-later"], [], true),
        (["MIT OR Apache-2.0"], [], true), (["(MIT)"], [], nil),
        (["llama3"], [], false), (["see the website"], [], false),
        (["Apache-2.0 WITH my own exception"], [], false),
        (["apache-2.0", "Apache License"], [], true),
        ([], ["acme/other"], true), ([], ["https://hub.example/acme/other"], true),
        ([], ["acme/base", "other/base"], true), ([], ["acme/base", "Base 7B"], nil),
        ([], ["Base 7B"], false), ([], ["/home/me/other"], false), ([], ["./other/base2"], false),
        ([], ["file:///data/other"], false), ([], ["C:\\models\\other"], false),
        ([], ["a/b/c"], false),
    ]

    @Test(arguments: words)
    func `is refused only for words with one meaning`(
        licences: [String], bases: [String], verdict: Bool?
    ) throws {
        var header = try Self.file("tiny.safetensors").header
        header.licences = licences
        header.baseModels = bases
        let found = CardComparison.contradictions(
            card: ["model": Self.model],
            files: [.init(path: "w", header: header)])
        #expect(found.map(\.isCertain) == (verdict.map { [$0] } ?? []))
    }

    @Test func `shows hostile words of a header without their tricks`() throws {
        var header = try Self.file("tiny.safetensors").header
        header.licences = ["mit\n\u{202E}error: forged" + String(repeating: "x", count: 5_000)]
        header.baseModels = []
        let found = CardComparison.contradictions(
            card: ["model": ["licences": [["spdx": "Zlib"]]]],
            files: [.init(path: "w\n", header: header)])
        let line = try #require(found.first?.line)
        #expect(!line.contains("\n") && !line.contains("\u{202E}") && line.utf8.count < 1_000)
    }
}
