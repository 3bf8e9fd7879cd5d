// How answers are written: canonical JSON, entity tags, and conditional requests.

internal import CanonicalJSON
internal import Cryptography
internal import HTTPTypes
internal import Hummingbird
internal import NIOCore

extension Response {
    /// An answer of bytes.
    init(status: HTTPResponse.Status = .ok, bytes: [UInt8], mediaType: String) {
        self.init(
            status: status, headers: [.contentType: mediaType],
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: bytes)))
    }

    /// An answer in JSON.
    init(
        status: HTTPResponse.Status = .ok, json: JSON, mediaType: String = "application/json"
    ) {
        self.init(status: status, bytes: json.canonicalBytes, mediaType: mediaType)
    }
}

/// Answers that a client may already have (RFC 9110 sections 8.8.3 and 13.1.2).
enum Conditional {
    /// The answer with an entity tag of its bytes, or 304 when the client has these bytes.
    ///
    /// A compressible answer goes out as gzip to who accepts it, under a tag of its own: the tag
    /// names the bytes on the wire (RFC 9110 section 8.8.3.3).
    static func response(
        to request: WebRequest, bytes: [UInt8], mediaType: String, cacheControl: String,
        isCompressible: Bool = false
    ) -> Response {
        let isCompressed = isCompressible && Gzip.isAccepted(by: request)
        let tag = "\"" + SHA256.hash(bytes).hex.prefix(32) + (isCompressed ? "-gzip\"" : "\"")
        var response: Response
        if isKnown(tag, to: request) {
            response = Response(status: .notModified)
        } else if isCompressed, let compressed = Gzip.compress(bytes) {
            response = Response(bytes: compressed, mediaType: mediaType)
            response.headers[.contentEncoding] = "gzip"
        } else {
            response = Response(bytes: bytes, mediaType: mediaType)
        }
        response.headers[.eTag] = tag
        response.headers[.cacheControl] = cacheControl
        if isCompressible { response.headers[.vary] = "Accept-Encoding" }
        return response
    }

    /// The JSON with an entity tag: may be kept, must be asked for again.
    static func response(to request: WebRequest, json: JSON) -> Response {
        response(
            to: request, bytes: json.canonicalBytes, mediaType: "application/json",
            cacheControl: "private, no-cache")
    }

    /// If-None-Match compares weakly: `W/` is ignored.
    private static func isKnown(_ tag: String, to request: WebRequest) -> Bool {
        for value in request.headers[values: .ifNoneMatch] {
            for candidate in value.split(separator: ",") {
                let text = candidate.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed()
                let bare = String(text)
                if bare == "*" || bare == tag || bare == "W/" + tag { return true }
            }
        }
        return false
    }
}
