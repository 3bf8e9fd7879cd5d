// The packages that write these formats, from PyPI: their files are read, and our tables are theirs.

import Foundation
import TestSupport
import Testing

@testable import ModelFormats

@Suite(
    .enabled(if: Peers.has("safetensors", "gguf", "onnx", "joblib", "numpy"), Peers.hint))
struct `The writers from PyPI` {
    /// What a Python program wrote to the file named by its first argument.
    static func written(_ program: String) throws -> [UInt8] {
        let path = FileManager.default.temporaryDirectory
            .appendingPathComponent("imprimatur-format-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: path) }
        let ran = try Peers.python(["-W", "ignore", "-c", program, path.path])
        #expect(ran.code == 0, "\(ran)")
        return Array(try Data(contentsOf: path))
    }

    @Test func `of safetensors: every type of NumPy`() throws {
        let bytes = try Self.written(
            """
            import sys, numpy as np
            from safetensors.numpy import save
            names = ["bool","uint8","int8","uint16","int16","float16","uint32","int32","float32",
                     "uint64","int64","float64","complex64"]
            open(sys.argv[1], "wb").write(save({n: np.zeros((3, 5), n) for n in names}))
            """)
        let header = try Safetensors.header(of: ByteSource(bytes))
        #expect(header.tensors == 13 && header.parameters == 13 * 15)
        #expect(Set(header.types.values) == [15])
    }

    @Test func `of GGUF: every type's block and size`() throws {
        let ran = try Peers.python([
            "-c",
            """
            import gguf
            for kind, (block, size) in gguf.GGML_QUANT_SIZES.items():
                print(int(kind), kind.name, block, size)
            """,
        ])
        #expect(ran.code == 0, "\(ran)")
        var compared = 0
        for line in ran.output.split(separator: "\n") {
            let parts = line.split(separator: " ").map(String.init)
            // Q8_1 only ever lives in memory.
            guard parts[1] != "Q8_1" else { continue }
            let type = try #require(UInt64(parts[0]).flatMap { GGUF.types[$0] }, "\(line)")
            #expect([type.name, String(type.block), String(type.bytes)] == Array(parts[1...]))
            compared += 1
        }
        #expect(compared == GGUF.types.count)
    }

    @Test(arguments: ["<", ">"])
    func `of GGUF: a file in either order of bytes`(order: String) throws {
        let bytes = try Self.written(
            """
            import sys, numpy as np, gguf
            end = gguf.GGUFEndian.BIG if "\(order)" == ">" else gguf.GGUFEndian.LITTLE
            w = gguf.GGUFWriter(sys.argv[1], "llama", endianess=end)
            w.add_license("mit"); w.add_custom_alignment(64); w.add_array("n", [1.5, 2.5])
            w.add_tensor("a", np.zeros((7, 32), np.float32))
            w.add_tensor("b", np.zeros((4, 34), np.uint8), raw_dtype=gguf.GGMLQuantizationType.Q8_0)
            w.write_header_to_file(); w.write_kv_data_to_file(); w.write_tensors_to_file(); w.close()
            """)
        let header = try GGUF.header(of: ByteSource(bytes))
        #expect(header.types == ["F32": 224, "Q8_0": 128] && header.licences == ["mit"])
    }

    @Test func `of ONNX: every type, and data in another file`() throws {
        let bytes = try Self.written(
            """
            import sys, numpy as np, onnx, os, tempfile
            from onnx import helper, TensorProto, numpy_helper
            t = [numpy_helper.from_array(np.zeros((2, 3), n), n) for n in
                 ["float32","float64","float16","int8","uint8","int16","uint16","int32","uint32",
                  "int64","uint64","bool","complex64"]]
            big = numpy_helper.from_array(np.zeros((64, 64), np.float32), "big")
            g = helper.make_graph([helper.make_node("Identity", ["float32"], ["y"])], "g", [],
                [helper.make_tensor_value_info("y", TensorProto.FLOAT, [2, 3])], t + [big])
            m = helper.make_model(g)
            d = tempfile.mkdtemp(); p = os.path.join(d, "m.onnx")
            onnx.save_model(m, p, save_as_external_data=True, location="m.data", size_threshold=1024)
            open(sys.argv[1], "wb").write(open(p, "rb").read())
            """)
        let header = try ONNX.header(of: ByteSource(bytes))
        #expect(header.tensors == 14 && header.parameters == 13 * 6 + 64 * 64)
        #expect(header.external.map(\.location) == ["m.data"])
        #expect(header.external.first?.length == Int64(16_384))
        #expect(header.types.count == 13)
    }

    @Test func `of pickles: every wrapping of joblib and NumPy`() throws {
        for program in [
            "import joblib; joblib.dump({'a': np.arange(9), 'c': C()}, sys.argv[1])",
            "import joblib; joblib.dump(C(), sys.argv[1], compress=('gzip', 3))",
            "import joblib; joblib.dump(C(), sys.argv[1], compress=('zlib', 9))",
            "np.savez_compressed(open(sys.argv[1], 'wb'), a=np.array([C()], dtype=object))",
            "np.savez(open(sys.argv[1], 'wb'), n=np.zeros(3), a=np.array([C()], dtype=object))",
        ] {
            let bytes = try Self.written(
                "import sys, os, numpy as np\nclass C:\n    def __reduce__(self): return (os.getcwd, ())\n"
                    + program)
            let code = try Samples.examine(bytes).code
            #expect(code.count == 1, "\(program): \(code)")
            #expect(code.first?.imports.isEmpty == false, "\(program)")
        }
        let harmless = try Self.written(
            "import sys, numpy as np; np.savez(open(sys.argv[1], 'wb'), n=np.zeros(3))")
        #expect(try Samples.examine(harmless).code == [])
    }

    @Test func `of bzip2, xz and lz4: what is not looked into is named`() throws {
        for method in ["bz2", "xz", "lzma"] {
            let bytes = try Self.written(
                "import sys, joblib; joblib.dump([1] * 99, sys.argv[1], compress=('\(method)', 3))")
            #expect(try Samples.examine(bytes).code.map(\.kind) == [.opaque], "\(method)")
        }
    }
}
