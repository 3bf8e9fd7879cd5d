// Models in every state that gates are asked about: approved and running, or submitted and no more.

import CanonicalJSON
import Cryptography
import Governance

/// Versions of 64 models, every second one approved and running, and those who ask about them.
struct JudgedFleet: Sendable {
    /// What each client asks again and again: the run permit of a version that runs, and the deployment of
    /// one that nobody has approved.
    let questions: [[[UInt8]]]

    static let clients = AppendBenchmark.clients

    /// Brings everybody and everything in through the public API.
    init(_ service: ServiceUnderTest, _ options: Options) throws {
        let office = try Office(service, options)
        // Behind the people of `Population`.
        var number = 2_000
        func enrol(_ role: Role) throws -> Enrolled {
            number += 1
            return try office.enrol(
                Population.principal(number), PrivateKey.generate(.ecdsaP256), as: role)
        }
        let reviewer = try enrol(.fairnessReviewer)
        let approvers = [try enrol(.validator), try enrol(.complianceOfficer)]
        questions = try (0..<Self.clients).map { client in
            let (owner, deployer) = (try enrol(.owner), try enrol(.deployer))
            let running = try office.submit(Population.model(2 * client), by: owner)
            try office.evaluate(running, by: reviewer)
            for approver in approvers { try office.approve(running, by: approver) }
            let waiting = try office.submit(Population.model(2 * client + 1), by: owner)
            let id = try office.deploy(running, by: deployer)
            return [
                Wire.request(
                    "POST", "/api/v1/deployments/\(id)/run-permits", token: deployer.token,
                    body: JSON.object(["artifact": .string(running.artifact.hex)]).canonicalBytes),
                waiting.deployment(by: deployer, isDry: false),
            ]
        }
    }
}

extension Office {
    /// Deploys a version and says that it runs; the deployment's id.
    fileprivate func deploy(_ submitted: Submitted, by deployer: Enrolled) throws -> String {
        let answer = try wire.exchange(submitted.deployment(by: deployer, isDry: false))
        let text = String(decoding: answer.body.prefix(2_000), as: UTF8.self)
        guard let id = try JSON(parsing: answer.body)["deployment"]?.string else {
            throw Failure("\(submitted.version) was not permitted: \(text)")
        }
        _ = try post("/api/v1/deployments/\(id)/confirmation", [:], as: deployer.token)
        return id
    }
}
