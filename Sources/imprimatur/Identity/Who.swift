// Who the caller is, as the service sees it.

internal import CanonicalJSON
internal import Cryptography
internal import Governance
internal import OfflineCommands

/// The answer of `whoami`, read.
struct Who {
    let json: JSON
    let principal: PrincipalID
    /// The origin of the service's log.
    let origin: String

    /// Asks the service.
    init(asking client: ServiceClient) async throws {
        json = try await client.get("/api/v1/whoami").json()
        guard let principal = json["principal"]?.string.flatMap({ PrincipalID($0) }),
            let origin = json["origin"]?.string
        else { throw CommandError("The service's answer is not that to “who am I”.") }
        self.principal = principal
        self.origin = origin
    }

    /// The digest of an assignment by which the caller holds a role for a model.
    func assignment(of role: Role, for model: ModelName) throws -> SHA256Digest {
        for held in json["roles"]?.array ?? [] {
            guard held["role"]?.string == role.rawValue,
                let pattern = held["namespace"]?.string.flatMap({ NamespacePattern($0) }),
                pattern.matches(model),
                let digest = held["assignment"]?.string.flatMap({ SHA256Digest(hex: $0) })
            else { continue }
            return digest
        }
        throw CommandError(
            "\(principal) does not hold the role \(role) for \(model).",
            hint: "`imprimatur whoami` lists the roles held.", code: .no)
    }
}

extension ServiceOptions {
    /// The log's origin: as given, or as the service says.
    func origin(given: String?) async throws -> String {
        if let given { return given }
        return try await Who(asking: client()).origin
    }
}
