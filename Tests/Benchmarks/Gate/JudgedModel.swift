// A version that many have judged: what a gate has to read and check before it answers.

import Attestation
import CanonicalJSON
import Cryptography
import Fairness
import Governance
import Registry

/// A version with 50 evaluations and 20 approvals, and somebody who may deploy it.
struct JudgedModel: Sendable {
    let submitted: Submitted
    let deployer: Enrolled

    static let evaluations = 50
    static let approvals = 20

    /// Brings everybody and everything in through the public API.
    init(_ service: ServiceUnderTest, _ options: Options) throws {
        let office = try Office(service, options)
        // Behind the people of `Population`.
        var number = 1_000
        func enrol(_ role: Role) throws -> Enrolled {
            number += 1
            return try office.enrol(
                Population.principal(number), PrivateKey.generate(.ecdsaP256), as: role)
        }
        let owner = try enrol(.owner)
        let reviewer = try enrol(.fairnessReviewer)
        deployer = try enrol(.deployer)
        let approvers = try (0..<Self.approvals).map {
            try enrol($0.isMultiple(of: 2) ? .validator : .complianceOfficer)
        }
        submitted = try office.submit(Population.model(number), by: owner)
        for _ in 0..<Self.evaluations { try office.evaluate(submitted, by: reviewer) }
        for approver in approvers { try office.approve(submitted, by: approver) }
    }

    /// Asks whether it may be deployed.
    func question(isDry: Bool) -> [UInt8] { submitted.deployment(by: deployer, isDry: isDry) }
}

extension Submitted {
    /// Where the API has it.
    fileprivate var path: String {
        "/api/v1/namespaces/\(version.model.namespace)/models/\(version.model.name)/versions/"
            + "\(version.number)"
    }

    /// Asks whether it may be deployed.
    func deployment(by deployer: Enrolled, isDry: Bool) -> [UInt8] {
        Wire.request(
            "POST", path + "/deployments", token: deployer.token,
            body: JSON.object([
                "artifact": .string(artifact.hex), "dryRun": .bool(isDry),
                "environment": "production", "target": "bench",
            ]).canonicalBytes)
    }
}

extension Office {
    /// One more evaluation of invented predictions, all fair.
    func evaluate(_ submitted: Submitted, by reviewer: Enrolled) throws {
        let counts = ConfusionCounts(
            truePositives: 50, falsePositives: 10, falseNegatives: 0, trueNegatives: 40)
        let cells = ["old", "young"].flatMap { age in
            ["a", "b"].map { FairnessCell(values: [age, $0], counts: counts) }
        }
        let evaluation = FairnessEvaluation(
            FairnessCounts(columns: ["age", "sex"], cells: cells),
            FairnessParameters(minimumGroupSize: 30, minimumDenominator: 1))
        let dataset = DeclaredFairness(try card(for: submitted.version.model)).dataSets.first
        guard let dataset else { throw Failure("the example card declares no data set") }
        let predicate = FairnessPredicate(
            origin: origin, dataset: dataset.sha256, datasetName: "predictions.csv",
            columns: PredictionColumns(
                label: "label", prediction: "prediction", groups: ["age", "sex"], positive: "1"),
            toolName: "imprimatur", toolVersion: "bench", evaluation: evaluation,
            evaluatedAt: Timestamp(milliseconds: Clock.milliseconds))
        let envelope = try Statement(
            subjects: [
                .init(name: submitted.version.model.description, sha256: submitted.artifact)
            ],
            predicateType: FairnessPredicate.type, predicate: predicate.json
        ).sign(with: [reviewer.key])
        _ = try post(
            submitted.path + "/evaluations", ["statement": envelope.json], as: reviewer.token)
    }

    /// An approval of what the status shows now.
    func approve(_ submitted: Submitted, by approver: Enrolled) throws {
        let status = try get(submitted.path, as: approver.token)
        func digest(_ name: String) throws -> SHA256Digest {
            let text = status["digests"]?[name]?.string
            guard let digest = text.flatMap({ SHA256Digest(hex: $0) }) else {
                throw Failure("the status shows no digest of the \(name)")
            }
            return digest
        }
        let now = Timestamp(milliseconds: Clock.milliseconds)
        let statement = ApprovalStatement(
            origin: origin,
            request: .init(
                id: status["request"]?["id"]?.string ?? "",
                nonce: status["request"]?["nonce"]?.string ?? ""),
            version: submitted.version,
            environments: [EnvironmentName("production")].compactMap(\.self), uses: [],
            digests: SignedDigests(
                card: try digest("card"), artifact: try digest("artifact"),
                evidence: try digest("evidence"), policy: try digest("policy")),
            signer: .init(
                principal: approver.principal, role: approver.role,
                assignment: approver.assignment),
            meaning: .approve, comment: "", signedAt: now,
            expiresAt: now.adding(seconds: 30 * 86_400))
        _ = try post(
            submitted.path + "/approvals",
            ["statement": try statement.statement.sign(with: [approver.key]).json],
            as: approver.token)
    }
}
