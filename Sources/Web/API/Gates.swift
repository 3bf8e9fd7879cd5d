// The two gates, and what runs. A denial is an answer: 200 with a decision.

internal import Attestation
internal import CanonicalJSON
internal import Cryptography
internal import Governance
internal import HTTPTypes
internal import Hummingbird
internal import Registry

/// The operations of the gates and on deployments.
struct GateRoutes {
    let registry: Registry

    private static let version = "/api/v1/namespaces/{ns}/models/{name}/versions/{n}"

    var routes: [Route] {
        [
            .write(Self.version + "/deployments", deploy),
            .write(Self.version + "/retirement", retire),
            .write("/api/v1/deployments/{id}/run-permits", permitRun),
            .read(Self.version + "/validity", validity),
            .read("/api/v1/status-list", statusList),
            .write("/api/v1/deployments/{id}/confirmation", confirm),
            .write("/api/v1/deployments/{id}/end", end),
            .write(
                "/api/v1/namespaces/{ns}/environments/{environment}/snapshots",
                limit: WebLimits.snapshotBytes, reconcile),
            .write("/api/v1/legacy-imports", importLegacy),
        ]
    }

    // MARK: gates

    @Sendable private func deploy(_ write: Write) async throws -> Response {
        let version = try write.parameters.version()
        let question = try write.decode { reader -> Registry.DeployQuestion? in
            let environment = reader.parsed("environment", as: "the name of an environment") {
                EnvironmentName($0)
            }
            let target = reader.optionalText("target", length: WebLimits.target) ?? ""
            let use = reader.optional("use") { use in
                use.parsed(as: "the name of a use") { UseName($0) }
            }
            let dryRun = reader.optional("dryRun") { $0.bool() } ?? false
            let artifact = reader.digest("artifact")
            let uncovered = reader.optional("uncovered") { list in
                list.array(count: 0...1_000) { gap in
                    gap.object { gap in
                        UncoveredFact(
                            path: gap.string("path", length: 1...4_096),
                            reason: gap.string("reason", length: 1...64))
                    }
                }
            }
            let contradictions = reader.optional("contradictions") { list in
                list.array(count: 0...1_000) { element in
                    element.object { element in
                        ContradictionFact(
                            field: element.string("field", length: 1...64),
                            card: element.string("card", length: 1...2_000),
                            header: element.string("header", length: 1...2_000),
                            path: element.string("path", length: 1...2_000))
                    }
                }
            }
            guard let environment, let artifact else { return nil }
            return Registry.DeployQuestion(
                version: version, environment: environment, target: target, artifact: artifact,
                use: use, uncovered: uncovered, contradictions: contradictions, dryRun: dryRun)
        }
        do {
            let answer = try await registry.deploy(question, write.request())
            return Answering.response(
                answer.outcome,
                members: [
                    "decision": answer.decision,
                    "permit": Answering.permitBundle(answer, registry)?.json ?? .null,
                    "deployment": Self.deployment(answer.outcome),
                ], status: .ok, isWhole: question.dryRun)
        } catch let refusal as Refusal where refusal.kind == .halted {
            return Response(json: Self.haltedAnswer(version, refusal, registry.halt.reason))
        }
    }

    /// The id of a permitted deployment.
    private static func deployment(_ outcome: Registry.Outcome) -> JSON {
        guard case .deploymentDecided(let event) = outcome.recorded.entry.event,
            !event.deployment.isEmpty
        else { return .null }
        return .string(event.deployment)
    }

    /// The gate of a halted service: it denies, says why, and records nothing, because it cannot.
    private static func haltedAnswer(
        _ version: VersionReference, _ refusal: Refusal, _ reason: HaltReason?
    ) -> JSON {
        let rule: JSON = [
            "id": "LOG-HALTED", "title": "The log agrees with what is pinned", "mode": "enforce",
            "result": "fail",
            "values": [
                "code": .string(reason?.code.rawValue ?? ""),
                "evidence": .string(reason?.evidence ?? ""),
            ],
            "reason": .string(refusal.message),
        ]
        return [
            "decision": [
                "gate": "deploy", "subject": .string(version.description), "verdict": "deny",
                "rules": [rule], "missing": [], "recorded": false,
            ],
            "permit": .null, "deployment": .null, "entry": .null, "receipt": .null,
        ]
    }

    @Sendable private func retire(_ write: Write) async throws -> Response {
        let version = try write.parameters.version()
        let (reason, successor) = try write.decode { reader in
            (
                reader.text("reason", length: WebLimits.reason),
                reader.optional("successor") { successor in
                    successor.parsed(as: "a version, as ns/name@n") { VersionReference($0) }
                }
            )
        }
        let answer = try await registry.retire(
            version, reason: reason, successor: successor, write.request())
        // Like a permit, a certificate is released only with its receipt.
        let certificate = answer.outcome.receipt == nil ? nil : answer.document
        return Answering.response(
            answer.outcome,
            members: ["decision": answer.decision, "certificate": certificate?.json ?? .null],
            status: .ok)
    }

    // MARK: what runs

    @Sendable private func permitRun(_ write: Write) async throws -> Response {
        let id = try write.parameters.id("deployment-unknown", "There is no such deployment.")
        let artifact = try write.decode { $0.digest("artifact") }
        let answer = try await registry.permitRun(id, artifact: artifact, write.request())
        return Answering.response(
            answer.outcome,
            members: [
                "decision": answer.decision,
                "permit": Answering.permitBundle(answer, registry)?.json ?? .null,
                "deployment": .string(id),
            ], status: .ok)
    }

    @Sendable private func importLegacy(_ write: Write) async throws -> Response {
        let envelope = try write.decode { $0.envelope("statement") }
        let outcome = try await registry.importLegacy(envelope, write.request())
        return Answering.response(
            outcome, result: ["statement": .string(envelope.payloadDigest.hex)])
    }

    @Sendable private func reconcile(_ write: Write) async throws -> Response {
        let (namespace, environment) = try write.parameters.place()
        let envelope = try write.decode { $0.envelope("statement") }
        let answer = try await registry.reconcile(
            envelope, at: Registry.SnapshotAddress(namespace: namespace, environment: environment),
            write.request())
        return Answering.response(
            answer.outcome,
            result: [
                "statement": .string(envelope.payloadDigest.hex), "comparison": answer.comparison,
            ])
    }

    @Sendable private func validity(
        _ request: WebRequest, _ context: Authenticated
    ) async throws -> Response {
        let version = try PathParameters(context.parameters).version()
        let query = try Query(request, allowing: ["at", "environment"])
        let environment = try query.value("environment") { EnvironmentName($0) }
        guard let time = try query.value("at", { Timestamp($0) }) else {
            throw Problem(
                .badRequest, "query-missing", "The parameter at is missing: the time asked about.")
        }
        return Conditional.response(
            to: request,
            json: try await registry.validity(of: version, at: time, in: environment))
    }

    @Sendable private func statusList(
        _ request: WebRequest, _ context: Authenticated
    ) async throws -> Response {
        guard let list = try await registry.statusList(),
            let bundle = Answering.bundle(list.envelope, list.entry, list.receipt, registry)
        else {
            var response = Response(status: .accepted, json: ["status": "pending"])
            response.headers[.retryAfter] = String(WebLimits.retryAfterSeconds)
            return response
        }
        return Conditional.response(to: request, json: bundle.json)
    }

    @Sendable private func confirm(_ write: Write) async throws -> Response {
        let id = try write.parameters.id("deployment-unknown", "There is no such deployment.")
        try write.decode { $0.object { _ in () } }
        let outcome = try await registry.confirmDeployment(id, write.request())
        return Answering.response(outcome, result: ["deployment": .string(id)])
    }

    @Sendable private func end(_ write: Write) async throws -> Response {
        let id = try write.parameters.id("deployment-unknown", "There is no such deployment.")
        let reason = try write.decode { $0.reason() }
        let outcome = try await registry.endDeployment(id, reason: reason, write.request())
        return Answering.response(outcome, result: ["deployment": .string(id)])
    }
}
