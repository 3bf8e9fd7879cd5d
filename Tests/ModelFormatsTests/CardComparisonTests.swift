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
            .map { $0.pointer.tokens.last ?? "" }
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
}
