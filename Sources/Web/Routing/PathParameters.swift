// Names in paths, as the types they stand for. A name that cannot exist is one that does not: 404.

internal import Cryptography
internal import Governance
internal import Hummingbird
internal import Registry

/// The parameters of a path.
struct PathParameters: Sendable {
    private let parameters: Parameters

    init(_ parameters: Parameters) {
        self.parameters = parameters
    }

    /// The parameters of a path, given the parts of its template; nil when it is not one of those.
    init?(_ path: [Substring], template: [Substring]) {
        guard path.count == template.count else { return nil }
        var found: [(Substring, Substring)] = []
        for (part, wanted) in zip(path, template) {
            if wanted.hasPrefix("{") {
                found.append((wanted.dropFirst().dropLast(), part))
            } else if part != wanted {
                return nil
            }
        }
        var parameters = Parameters()
        for (name, value) in found { parameters[name] = value }
        self.parameters = parameters
    }

    /// `{id}` of a principal.
    func principal() throws(Refusal) -> PrincipalID {
        try value("id", "principal-unknown", "There is no such principal.") { PrincipalID($0) }
    }

    /// `{ns}` and `{name}`.
    func model() throws(Refusal) -> ModelName {
        try value("ns", "model-unknown", "There is no such model.") { namespace in
            Namespace(namespace).flatMap { namespace in
                parameters.get("name").flatMap { ModelName(namespace: namespace, name: $0) }
            }
        }
    }

    /// `{ns}` and `{environment}`.
    func place() throws(Refusal) -> (Namespace, EnvironmentName) {
        let namespace = try value("ns", "namespace-unknown", "There is no such namespace.") {
            Namespace($0)
        }
        let environment = try value(
            "environment", "environment-unknown", "There is no such environment."
        ) { EnvironmentName($0) }
        return (namespace, environment)
    }

    /// `{ns}`, `{name}` and `{n}`.
    func version() throws(Refusal) -> VersionReference {
        let model = try model()
        return try value("n", "version-unknown", "There is no such version.") {
            VersionReference("\(model)@\($0)")
        }
    }

    /// `{key}`, a key id in hex.
    func key() throws(Refusal) -> KeyID {
        try value("key", "key-unknown", "There is no such key.") { KeyID(hex: $0) }
    }

    /// A SHA-256 in hex.
    func digest(_ name: String, _ code: String, _ message: String) throws(Refusal) -> SHA256Digest {
        try value(name, code, message) { SHA256Digest(hex: $0) }
    }

    /// `{environment}`; nil where the path has none.
    func environment() throws(Refusal) -> EnvironmentName? {
        guard parameters.get("environment") != nil else { return nil }
        return try value("environment", "environment-unknown", "This is no name of an environment.")
        { EnvironmentName($0) }
    }

    /// `{target}`, of harmless characters; nil where the path has none.
    func target() throws(Refusal) -> String? {
        guard parameters.get("target") != nil else { return nil }
        return try value("target", "target-unknown", "This is no name of a target.") {
            NameSegment.isValid($0) ? $0 : nil
        }
    }

    /// An id that the registry made: short, and of harmless characters.
    func id(_ code: String, _ message: String) throws(Refusal) -> String {
        try value("id", code, message) { NameSegment.isValid($0) ? $0 : nil }
    }

    private func value<T>(
        _ name: String, _ code: String, _ message: String, _ parse: (String) -> T?
    ) throws(Refusal) -> T {
        guard let value = parameters.get(name).flatMap(parse) else {
            throw Refusal(.notFound, code, message)
        }
        return value
    }
}
