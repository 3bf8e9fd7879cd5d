// Models and people for a benchmark, brought in through the public API like anybody's.

import Cryptography
import Governance

/// People with tokens, each the owner of a model with one submitted version.
struct Population: Sendable {
    /// One of each for every number below this.
    static let count = 64

    /// By person.
    private(set) var principals: [PrincipalID] = []
    private(set) var tokens: [String] = []
    /// By model; version 1 of each.
    private(set) var versions: [VersionReference] = []

    /// The id of a person; numbered, so that pgbench can name the same rows.
    static func principal(_ number: Int) throws -> PrincipalID {
        let text = "p-" + String(number).padded(to: 16, with: "0", leading: true)
        guard let id = PrincipalID(text) else { throw Failure("\(text) is no principal's id") }
        return id
    }

    /// The name of a model.
    static func model(_ number: Int) throws -> ModelName {
        let text = "bench/model-\(number)"
        guard let name = ModelName(text) else { throw Failure("\(text) is no model's name") }
        return name
    }

    /// Registers everybody and submits everything.
    init(_ service: ServiceUnderTest, _ options: Options) throws {
        let office = try Office(service, options)
        for number in 0..<Self.count {
            let principal = try Self.principal(number)
            let key = try PrivateKey.generate(.ecdsaP256)
            let owner = try office.enrol(principal, key, as: .owner)
            principals.append(principal)
            tokens.append(owner.token)
            versions.append(try office.submit(Self.model(number), by: owner).version)
        }
    }
}
