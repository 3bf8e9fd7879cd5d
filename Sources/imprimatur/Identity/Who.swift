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

    /// A delegation by which the caller may act in another's role for a model, and that role's assignment.
    func delegation(
        of role: Role, by delegator: PrincipalID, for model: ModelName
    ) throws -> (delegation: SHA256Digest, assignment: SHA256Digest) {
        for held in json["delegations"]?.array ?? [] {
            guard held["role"]?.string == role.rawValue,
                held["delegator"]?.string == delegator.description,
                held["delegate"]?.string == principal.description,
                let scope = held["scope"].flatMap({ Delegation.Scope(json: $0) }),
                scope.covers(model),
                let delegation = held["delegation"]?.string.flatMap({ SHA256Digest(hex: $0) }),
                let assignment = held["assignment"]?.string.flatMap({ SHA256Digest(hex: $0) })
            else { continue }
            return (delegation, assignment)
        }
        throw CommandError(
            "\(delegator) has not delegated the role \(role) for \(model) to \(principal).",
            hint: "`imprimatur whoami` lists what is delegated.", code: .no)
    }
}

extension ServiceOptions {
    /// The log's origin: as given, or as the service says.
    func origin(given: String?) async throws -> String {
        if let given { return given }
        return try await Who(asking: client()).origin
    }
}
