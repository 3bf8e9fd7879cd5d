// gzip (RFC 1952) for answers that are large and asked for often: bundles of entries.
//
// The header carries no time and no name, so equal bytes give equal members, and an entity tag that
// was made of the plain bytes stays true of the compressed ones.

internal import CZlib
internal import HTTPTypes
internal import Hummingbird

/// Compresses answers.
enum Gzip {
    /// One gzip member of these bytes; nil when zlib has no memory for it.
    static func compress(_ bytes: [UInt8]) -> [UInt8]? {
        var stream = z_stream()
        guard shim_gzip_start(&stream) == Z_OK else { return nil }
        defer { deflateEnd(&stream) }
        let limit = Int(deflateBound(&stream, UInt(bytes.count)))
        var input = bytes
        return input.withUnsafeMutableBufferPointer { input -> [UInt8]? in
            var isWhole = false
            let output = [UInt8](unsafeUninitializedCapacity: limit) { output, count in
                stream.next_in = input.baseAddress
                stream.avail_in = UInt32(input.count)
                stream.next_out = output.baseAddress
                stream.avail_out = UInt32(limit)
                isWhole = deflate(&stream, Z_FINISH) == Z_STREAM_END
                count = limit - Int(stream.avail_out)
            }
            return isWhole ? output : nil
        }
    }

    /// Whether an answer may be compressed (RFC 9110 section 12.5.3): `gzip`, `x-gzip` or `*` with
    /// a weight above zero; a weight of its own outranks that of `*`.
    static func isAccepted(by request: WebRequest) -> Bool {
        var named: Bool?
        var others: Bool?
        for value in request.headers[values: .acceptEncoding] {
            for element in value.split(separator: ",") {
                let parts = element.split(separator: ";").map { part in
                    part.filter { $0 != " " && $0 != "\t" }.lowercased()
                }
                guard let coding = parts.first else { continue }
                let weight = parts.dropFirst().first { $0.hasPrefix("q=") }?.dropFirst(2)
                let isWanted = weight.map { (Double($0) ?? 0) > 0 } ?? true
                switch coding {
                case "gzip", "x-gzip": named = (named ?? false) || isWanted
                case "*": others = isWanted
                default: break
                }
            }
        }
        return named ?? others ?? false
    }
}
