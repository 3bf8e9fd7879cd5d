// The request as it comes over HTTP.

internal import HTTPTypes
internal import Hummingbird

/// A request as it comes over HTTP.
typealias WebRequest = Hummingbird.Request

extension WebRequest {
    /// The only value of a header; nil when it is absent or there several times.
    func single(_ name: HTTPField.Name) -> String? {
        let values = headers[values: name]
        return values.count == 1 ? values[0] : nil
    }
}
