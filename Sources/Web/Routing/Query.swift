// Query strings, as strictly as bodies: no unknown parameter, none twice.

internal import CanonicalJSON
internal import Cryptography
internal import Governance
internal import Hummingbird

/// The parameters after the question mark.
struct Query: Sendable {
    private var values: [String: String] = [:]

    /// Throws 400 when a parameter is unknown or there twice.
    init(_ request: WebRequest, allowing names: Set<String>) throws(Problem) {
        for (name, value) in request.uri.queryParameters {
            let name = String(name)
            guard names.contains(name) else {
                throw Problem(
                    .badRequest, "query-unknown",
                    "Known parameters are \(names.sorted().joined(separator: ", ")).")
            }
            guard values.updateValue(String(value), forKey: name) == nil else {
                throw Problem(
                    .badRequest, "query-repeated", "The parameter \(name) is there twice.")
            }
        }
    }

    /// A parameter as what it stands for; nil when absent.
    func value<T>(_ name: String, _ parse: (String) -> T?) throws(Problem) -> T? {
        guard let text = values[name] else { return nil }
        guard let value = parse(text) else {
            throw Problem(.badRequest, "query-malformed", "The parameter \(name) is malformed.")
        }
        return value
    }

    /// A number within a range; nil when absent.
    func integer(_ name: String, in range: ClosedRange<Int>) throws(Problem) -> Int? {
        try value(name) { text in
            Int(text).flatMap { range.contains($0) && String($0) == text ? $0 : nil }
        }
    }
}

extension Base64 {
    /// The model name inside a cursor.
    static func urlDecodedName(_ cursor: String) -> ModelName? {
        guard cursor.utf8.count <= 200, let bytes = decodeLenient(cursor),
            let text = String(validating: bytes, as: UTF8.self)
        else { return nil }
        return ModelName(text)
    }
}
