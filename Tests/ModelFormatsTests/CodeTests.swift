// Code in models, found by its bytes: pickles of every protocol, in every wrapping.

import TestSupport
import Testing

@testable import ModelFormats

@Suite struct `A pickle` {
    static func imports(_ bytes: [UInt8], _ name: String = "weights.safetensors.txt") throws
        -> [String]
    {
        try Samples.examine(bytes, name).code.flatMap(\.imports)
    }

    @Test(arguments: 0...5)
    func `of any protocol is found by its bytes, and what it imports is named`(
        version: Int
    ) throws {
        let bytes = try Samples.corpus("protocol-\(version).pickle")
        let code = try Samples.examine(bytes, "readme.txt").code
        #expect(code.map(\.kind) == [.pickle])
        #expect(code.first?.imports.contains("posix.getcwd") == true, "\(code)")
        #expect(code.first?.isComplete == true)
    }

    static let attacks: [(String, [String])] = [
        ("cos\nsystem\n(S'id'\ntR.", ["os.system"]),
        // It has run before the rest breaks off.
        ("cos\nsystem\n(S'id'\ntR\u{1}\u{2}", ["os.system"]),
        ("(S'id'\nios\nsystem\n.", ["os.system"]),
        ("(cbuiltins\neval\nS'1'\no.", ["builtins.eval"]),
    ]

    @Test(arguments: attacks)
    func `without a mark is found by what it does`(text: String, imports: [String]) throws {
        #expect(try Self.imports(Array(text.utf8)) == imports)
    }

    @Test func `that puts its names together on the stack is read through`() throws {
        let stacked: [UInt8] =
            [0x80, 4, 0x8C, 2] + Array("os".utf8) + [0x94, 0x8C, 6] + Array("system".utf8)
            + [0x94, 0x30, 0x30, 0x68, 0, 0x68, 1, 0x93, 0x29, 0x52, 0x2E]
        #expect(try Self.imports(stacked) == ["os.system"])
    }

    @Test func `called safetensors is a pickle, and no safetensors`() throws {
        let found = try Samples.examine(
            Samples.corpus("protocol-4.pickle"), "model.safetensors")
        #expect(found.code.map(\.kind) == [.pickle] && found.faults.count == 1)
    }

    /// Without a mark and broken off: what was imported has a name, or there is no pickle.
    static let brokenOff: [(String, Bool)] = [
        ("cos\nsystem\n(S'id'\ntR\u{1}", true), ("cos\n9\n(S'id'\ntR\u{1}", false),
        ("ca.b\nc.d\n)R\u{1}", true), ("ca..b\nc\n)R\u{1}", false), ("c.a\nb\n)R\u{1}", false),
        ("cmodül\nb\n)R\u{1}", true), ("c<a>\nb\n)R\u{1}", false), ("cos\nsystem\n", false),
        ("(ios\nsystem\n\u{1}", true), ("(i1\n2\n\u{1}", false),
        // Complete, but something else follows.
        ("cos\nsystem\n.data", true), ("c1\n2\n.data", false),
    ]

    @Test(arguments: brokenOff)
    func `that breaks off counts by what it imported`(text: String, isFound: Bool) throws {
        #expect(try Samples.examine(Array(text.utf8)).code.isEmpty != isFound)
    }

    @Test func `that breaks off counts for no name of bytes that are no text, and no extension`()
        throws
    {
        let call = Array(")R".utf8) + [1]
        #expect(try Samples.examine(Array("c\u{E9}".utf8) + [10, 0x61, 10] + call).code.count == 1)
        #expect(try Samples.examine([0x63, 0xE9, 10, 0x61, 10] + call).code == [])
        #expect(try Samples.examine([0x82, 7] + call).code == [])
        // By protocol 4, with its mark, an extension counts.
        #expect(try Samples.examine([0x80, 4, 0x82, 7] + call).code.count == 1)
    }

    @Test func `is not seen in random bytes`() throws {
        var state: UInt64 = 0x9E37_79B9_7F4A_7C15
        let pool = (0..<(1 << 20)).map { _ -> UInt8 in
            state ^= state << 13
            state ^= state >> 7
            state ^= state << 17
            return UInt8(truncatingIfNeeded: state >> 24)
        }
        var seen: [Int] = []
        // A mark is a mark, also when it stands there by accident.
        for start in 0..<12_000 where pool[start] != 0x80 {
            let code = try Samples.examine(Array(pool[start..<start + 4096]), "weights-1.bin").code
            if code.contains(where: { $0.kind == .pickle }) { seen.append(start) }
        }
        #expect(seen == [])
    }

    static let texts = [
        "", ".", "N", "I am a text.\n", "copyright\nsomebody\n", "{}", "[1, 2]", "(", "import os\n",
        "cat\ndog\n", "# Title\n\nWords.\n", "x^", "}\n", "name: value\n", ").and more",
    ]

    @Test(arguments: texts)
    func `is not seen in a text`(text: String) throws {
        #expect(try Samples.examine(Array(text.utf8)).code == [])
    }
}

@Suite struct `Code in a file` {
    static let wrapped: [(String, [String?])] = [
        ("torch.zip", ["archive/data.pkl"]), ("nested.zip", ["inner.zip!/archive/data.pkl"]),
        ("old-torch.tar", ["pickle"]), ("packed.gz", ["unpacked"]),
        ("joblib-z.bin", ["unpacked"]),
    ]

    @Test(arguments: wrapped)
    func `is found in archives and compressed files`(name: String, places: [String?]) throws {
        let code = try Samples.examine(Samples.corpus(name), "data").code
        #expect(code.map(\.inside) == places, "\(code)")
        #expect(code.allSatisfy { $0.kind == .archivedPickle })
    }

    @Test func `is found behind a NumPy header that names objects`() throws {
        let found = try Samples.examine(Samples.corpus("objects.npy"))
        #expect(found.code.map(\.kind) == [.pickle])
        #expect(found.code.first?.imports.contains("posix.getcwd") == true)
        let numbers =
            Numpy.magic + [1, 0, 46, 0]
            + Array("{'descr': '<f4', 'fortran_order': False, 'x':1".utf8) + [0, 0, 0, 0]
        #expect(try Samples.examine(numbers).code == [])
    }

    @Test func `is found where joblib puts arrays between the instructions`() throws {
        let code = try Samples.examine(Samples.corpus("joblib.bin")).code
        #expect(code.map(\.kind) == [.pickle])
        #expect(code.first?.imports.isEmpty == false)
    }

    static let marked: [([UInt8], String, FileExamination.CodeKind)] = [
        ([0x7F, 0x45, 0x4C, 0x46, 2], "a", .program), ([0x89, 0x48, 0x44, 0x46, 0x0D], "a", .hdf5),
        (Array("#!/bin/sh\n".utf8), "a", .script), (Array("print()".utf8), "a.py", .python),
        ([0, 0x61, 0x73, 0x6D, 1], "a", .program),
        ([0xCB, 0x0D, 0x0D, 0x0A] + [UInt8](repeating: 0, count: 16), "a", .bytecode),
        (Array(#"{"auto_map":{"AutoModel":"x.Y"}}"#.utf8), "config.json", .remoteCode),
        (Array("BZh91AY&SY".utf8), "a", .opaque), ([0x28, 0xB5, 0x2F, 0xFD, 0], "a", .opaque),
    ]

    @Test(arguments: marked)
    func `is named by its kind`(
        bytes: [UInt8], name: String, kind: FileExamination.CodeKind
    ) throws {
        #expect(try Samples.examine(bytes, name).code.map(\.kind) == [kind])
        #expect(try Samples.examine([0x41] + bytes, "b").code == [])
    }

    @Test func `is found in an archive behind something else, as loaders find it`() throws {
        let archive = try Samples.corpus("torch.zip")
        let code = try Samples.examine(Array("harmless\n".utf8) + archive).code
        #expect(code.map(\.inside) == ["archive/data.pkl"])
        let fault = try Samples.examine(archive + [0]).faults.first
        #expect(fault?.error.code == .ambiguous)
    }

    @Test func `hides in no archive whose directory and members disagree`() throws {
        var archive = try Samples.corpus("torch.zip")
        // The local header's name; the directory still says data.pkl.
        let place = try #require(
            archive.indices.first { archive[$0...].starts(with: Array("data.pkl".utf8)) })
        archive[place] = UInt8(ascii: "D")
        let found = try Samples.examine(archive)
        #expect(found.faults.first?.error.code == .ambiguous)
        #expect(found.code.map(\.kind) == [.opaque])
    }

    @Test func `in a template reaches for internals`() throws {
        var writer = GGUFWriter()
        writer.add(
            "tokenizer.chat_template", type: 8, GGUFWriter.text("{{ x.__class__.__base__ }}"))
        #expect(try Samples.examine(writer.bytes).code.map(\.kind) == [.template])
    }
}

@Suite struct `Unpacking` {
    static func unpack(_ bytes: [UInt8], most: Int = 1 << 20) throws -> Inflate.Unpacked {
        try Inflate.unpack(ByteSource(bytes), most: most)
    }

    @Test func `takes stored and fixed blocks`() throws {
        #expect(try Self.unpack([0x4B, 0x04, 0x00]).bytes == [0x61])
        #expect(try Self.unpack([1, 2, 0, 0xFD, 0xFF, 7, 8]).bytes == [7, 8])
    }

    @Test func `stops at its bound, and at what is broken`() throws {
        // 300 times "a", by a distance of one.
        let many: [UInt8] = [0x4B, 0x4C, 0x1C, 0x05, 0xC4, 0x02, 0x00]
        let bounded = try Self.unpack(many, most: 10)
        #expect(!bounded.isComplete && bounded.bytes.count < 10 + 259)
        for bytes: [UInt8] in [[], [7], [1, 2, 0, 0, 0], [0xFF, 0xFF, 0xFF], [0x05, 0xE0, 0x01]] {
            #expect(try !Self.unpack(bytes).isComplete)
        }
    }

    @Test(.enabled(if: Peers.has("numpy"), Peers.hint))
    func `gives what zlib packed, at every level`() throws {
        let program = """
            import zlib, random
            random.seed(7)
            words = [bytes(random.randrange(256) for _ in range(random.randrange(1, 9))) for _ in range(40)]
            for level in range(10):
                plain = b"".join(random.choice(words) for _ in range(900))
                packed = zlib.compressobj(level, zlib.DEFLATED, -15)
                print(plain.hex(), (packed.compress(plain) + packed.flush()).hex())
            """
        let ran = try Peers.python(["-c", program])
        #expect(ran.code == 0, "\(ran)")
        let lines = ran.output.split(separator: "\n")
        #expect(lines.count == 10)
        for line in lines {
            let parts = line.split(separator: " ").map(hex)
            let unpacked = try Self.unpack(parts[1])
            #expect(unpacked.bytes == parts[0] && unpacked.isComplete)
        }
    }
}

/// Bytes from hex.
func hex(_ text: some StringProtocol) -> [UInt8] {
    let digits = text.utf8.map { UInt8($0 < 0x3A ? $0 - 0x30 : $0 - 0x57) }
    return stride(from: 0, to: digits.count - 1, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
}
