// The life of a model, as the people of a test live it.

import Attestation
import CanonicalJSON
import Cryptography
import Fairness
import Foundation
import Governance
import Registry
import TestSupport

/// The people who together bring a model into production.
struct TestTeam: Sendable {
    let owner: TestPerson
    let validator: TestPerson
    let reviewer: TestPerson
    let officer: TestPerson
    let deployer: TestPerson
}

/// A submitted version with what was submitted.
struct TestVersion: Sendable {
    let reference: VersionReference
    let files: [FileRecord]
    let artifact: SHA256Digest
}

extension TestService {
    static let production = EnvironmentName("production")

    /// Everybody that a tier 3 model needs.
    func makeTeam(in namespace: String = "credit") async throws -> TestTeam {
        try await TestTeam(
            owner: enrol([.owner], in: namespace),
            validator: enrol([.validator], in: namespace),
            reviewer: enrol([.fairnessReviewer], in: namespace),
            officer: enrol([.complianceOfficer], in: namespace),
            deployer: enrol([.deployer], in: namespace, kind: .service))
    }

    /// The top of the checkout that this file is in.
    static let repository = String(
        #filePath.prefix(upTo: #filePath.range(of: "/Tests/")?.lowerBound ?? "".endIndex))

    /// The example card, for a model.
    static func exampleCard(model: ModelName, edit: (inout JSON) -> Void = { _ in }) throws -> JSON
    {
        let yaml = try File.read(
            repository + "/docs/examples/scorecard/card.yaml", limit: 1 << 20)
        var json = try StrictYAML.json(yaml)
        if var members = json.object, var described = members["model"]?.object {
            described["name"] = .string(model.description)
            members["model"] = .object(described)
            json = .object(members)
        }
        edit(&json)
        return json
    }

    /// Files of an artifact that exists only here: the service sees digests, never bytes.
    static func files(_ seed: String) -> [FileRecord] {
        ["config.json", "weights.bin"].map { name in
            let bytes = Array("\(seed)/\(name)".utf8)
            return FileRecord(path: name, size: Int64(bytes.count), sha256: SHA256.hash(bytes))
        }
    }

    func submission(
        by owner: TestPerson, _ name: String = "credit/scorecard", seed: String = "one",
        signedWith key: PrivateKey? = nil, edit: (inout JSON) -> Void = { _ in }
    ) throws -> Registry.Submission {
        let files = Self.files(seed)
        let bundle = try ModelSignature.sign(
            ModelSignature.statement(name: "scorecard", files: files), with: key ?? owner.key)
        return try submission(by: owner, name, files: files, bundle: bundle, edit: edit)
    }

    /// A submission of files that somebody else hashed and signed.
    func submission(
        by owner: TestPerson, _ name: String, files: [FileRecord], bundle: [UInt8],
        edit: (inout JSON) -> Void = { _ in }
    ) throws -> Registry.Submission {
        guard let model = ModelName(name) else { throw TestFailure("name") }
        let manifest = try ArtifactManifest(files: files)
        let clear = try ModelCard(
            parsing: Self.exampleCard(model: model, edit: edit), schema: registry.schema)
        let places = PersonalFields.exposed(in: clear, schema: registry.schema)
        let (card, disclosures) = try PersonalFields.commit(
            clear, schema: registry.schema, salts: places.map { _ in Random.bytes(32) })
        let statement = CardStatement(
            origin: origin, model: model, artifact: manifest.digest, card: card
        ).statement
        return Registry.Submission(
            model: model, card: try statement.sign(with: [owner.key]), disclosures: disclosures,
            files: files, signature: bundle)
    }

    @discardableResult
    func submit(
        by owner: TestPerson, _ name: String = "credit/scorecard", seed: String = "one",
        key: String? = nil
    ) async throws -> TestVersion {
        try await submit(submission(by: owner, name, seed: seed), by: owner, key: key)
    }

    @discardableResult
    func submit(
        _ submission: Registry.Submission, by owner: TestPerson, key: String? = nil
    ) async throws -> TestVersion {
        let outcome = try await registry.submit(submission, request(owner, key: key))
        guard case .versionSubmitted(let event) = outcome.recorded.entry.event else {
            throw TestFailure("not a submission")
        }
        return TestVersion(
            reference: event.version, files: submission.files, artifact: event.artifact)
    }

    /// The data set that the example card declares for tests.
    static func declaredDataset() throws -> SHA256Digest {
        guard let model = ModelName("credit/scorecard"),
            let set = DeclaredFairness(try exampleCard(model: model)).dataSets.first
        else { throw TestFailure("the example card declares no data set") }
        return set.sha256
    }

    /// An evaluation of invented predictions; `fair` decides whether the thresholds hold.
    func evaluationStatement(
        of version: TestVersion, by person: TestPerson, fair: Bool = true,
        dataset: SHA256Digest? = nil
    ) throws -> Envelope {
        let selected: Int64 = fair ? 48 : 20
        func cell(_ age: String, _ sex: String, _ positives: Int64) -> FairnessCell {
            FairnessCell(
                values: [age, sex],
                counts: ConfusionCounts(
                    truePositives: positives, falsePositives: 10, falseNegatives: 50 - positives,
                    trueNegatives: 40))
        }
        let evaluation = FairnessEvaluation(
            FairnessCounts(
                columns: ["age", "sex"],
                cells: ["old", "young"].flatMap {
                    [cell($0, "a", 50), cell($0, "b", selected)]
                }),
            FairnessParameters(minimumGroupSize: 30, minimumDenominator: 1))
        let columns = PredictionColumns(
            label: "label", prediction: "prediction", groups: ["age", "sex"], positive: "1")
        return try evaluationStatement(
            of: version, by: person, dataset: try dataset ?? Self.declaredDataset(),
            columns: columns, evaluation)
    }

    /// An evaluation of predictions.
    func evaluationStatement(
        of version: TestVersion, by person: TestPerson, dataset: SHA256Digest,
        columns: PredictionColumns, _ evaluation: FairnessEvaluation
    ) throws -> Envelope {
        let predicate = FairnessPredicate(
            origin: origin, dataset: dataset, datasetName: "predictions.csv", columns: columns,
            toolName: "imprimatur", toolVersion: "test", evaluation: evaluation,
            evaluatedAt: clock.now)
        return try Statement(
            subjects: [.init(name: version.reference.model.description, sha256: version.artifact)],
            predicateType: FairnessPredicate.type, predicate: predicate.json
        ).sign(with: [person.key])
    }

    func evaluate(_ version: TestVersion, by person: TestPerson, fair: Bool = true) async throws {
        let statement = try evaluationStatement(of: version, by: person, fair: fair)
        _ = try await registry.recordEvaluation(statement, of: version.reference, request(person))
    }

    /// An approval over what the status document shows now.
    func approvalStatement(
        of version: TestVersion, by person: TestPerson, as role: Role,
        meaning: ApprovalMeaning = .approve, environments: [String] = ["production"],
        edit: (inout ApprovalStatement) -> Void = { _ in }
    ) async throws -> Envelope {
        let status = try await registry.status(of: version.reference)
        func digest(_ name: String) throws -> SHA256Digest {
            guard let digest = status["digests"]?[name]?.string.flatMap({ SHA256Digest(hex: $0) })
            else { throw TestFailure("no digest \(name)") }
            return digest
        }
        let now = clock.now
        var statement = ApprovalStatement(
            origin: origin,
            request: .init(
                id: status["request"]?["id"]?.string ?? "",
                nonce: status["request"]?["nonce"]?.string ?? ""),
            version: version.reference,
            environments: environments.compactMap { EnvironmentName($0) },
            uses: [],
            digests: SignedDigests(
                card: try digest("card"), artifact: try digest("artifact"),
                evidence: try digest("evidence"), policy: try digest("policy")),
            signer: .init(
                principal: person.principal, role: role,
                assignment: person.assignments[role] ?? .zero),
            meaning: meaning, comment: meaning == .requestChanges ? "say how it was trained" : "",
            signedAt: now,
            expiresAt: now.adding(seconds: 30 * 86_400))
        edit(&statement)
        return try statement.statement.sign(with: [person.key])
    }

    @discardableResult
    func approve(
        _ version: TestVersion, by person: TestPerson, as role: Role,
        meaning: ApprovalMeaning = .approve
    ) async throws -> Registry.Outcome {
        let statement = try await approvalStatement(
            of: version, by: person, as: role, meaning: meaning)
        return try await registry.recordApproval(statement, request(person))
    }

    /// Submits, evaluates and approves: what remains is to deploy.
    func makeApproved(
        _ team: TestTeam, _ name: String = "credit/scorecard", seed: String = "one"
    ) async throws -> TestVersion {
        let version = try await submit(by: team.owner, name, seed: seed)
        try await evaluate(version, by: team.reviewer)
        try await approve(version, by: team.validator, as: .validator)
        try await approve(version, by: team.officer, as: .complianceOfficer)
        return version
    }

    func deploy(
        _ version: TestVersion, by person: TestPerson, artifact: SHA256Digest? = nil,
        environment: String = "production", uncovered: [UncoveredFact]? = nil,
        dryRun: Bool = false, key: String? = nil
    ) async throws -> Registry.GateAnswer {
        guard let environment = EnvironmentName(environment) else {
            throw TestFailure("environment")
        }
        return try await registry.deploy(
            .init(
                version: version.reference, environment: environment, target: "test",
                artifact: artifact ?? version.artifact, use: nil, uncovered: uncovered,
                dryRun: dryRun),
            request(person, key: key))
    }
}

extension Registry.GateAnswer {
    /// The verdict's word.
    var verdict: String { decision["verdict"]?.string ?? "none" }

    /// Ids of the rules that deny.
    var denials: [String] {
        (decision["rules"]?.array ?? []).filter {
            ["fail", "error"].contains($0["result"]?.string)
        }.compactMap { $0["id"]?.string }
    }

    /// The deployment's id.
    var deployment: String {
        guard case .deploymentDecided(let event) = outcome.recorded.entry.event else { return "" }
        return event.deployment
    }
}
