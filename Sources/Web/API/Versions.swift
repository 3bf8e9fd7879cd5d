// Models and their versions: submitting, evaluating, approving, restricting, and reading how they stand.

internal import Attestation
internal import CanonicalJSON
internal import Cryptography
internal import Governance
internal import HTTPTypes
internal import Hummingbird
internal import Registry

/// The operations on models and versions.
struct VersionRoutes {
    let registry: Registry

    private static let version = "/api/v1/namespaces/{ns}/models/{name}/versions/{n}"

    var routes: [Route] {
        [
            .read("/api/v1/models", models),
            .read("/api/v1/namespaces/{ns}/models/{name}", model),
            .read("/api/v1/namespaces/{ns}/models/{name}/report", report),
            .write(
                "/api/v1/namespaces/{ns}/models/{name}/versions", limit: WebLimits.submissionBytes,
                submit),
            .read(Self.version, status),
            .read(Self.version + "/card", card),
            .write(Self.version + "/evaluations", evaluate),
            .write(Self.version + "/approvals", approve),
            .write(Self.version + "/suspension", suspend),
            .write(Self.version + "/lift", lift),
            .write(Self.version + "/alerts", alert),
            .write(Self.version + "/tier", determineTier),
            .write(Self.version + "/withdrawal", withdraw),
            .write(Self.version + "/abstentions", abstain),
            .write(Self.version + "/provenance", attest),
            .write(Self.version + "/waivers", waive),
            .write(Self.version + "/break-glass", breakGlass),
            .write(Self.version + "/break-glass/review", reviewBreakGlass),
            .write(Self.version + "/findings", raiseFinding),
            .write(Self.version + "/findings/closure", closeFinding),
        ]
    }

    // MARK: reading

    @Sendable private func models(
        _ request: WebRequest, _ context: Authenticated
    ) async throws -> Response {
        let query = try Query(request, allowing: ["cursor", "limit"])
        let limit = try query.integer("limit", in: WebLimits.page) ?? WebLimits.usualPage
        let cursor = try query.value("cursor") { Base64.urlDecodedName($0) }
        // One more than asked for tells whether there is a next page.
        let found = try await registry.models(after: cursor?.description ?? "", limit: limit + 1)
        let page = found.prefix(limit)
        let next = found.count > limit ? page.last?.name : nil
        let document: JSON = [
            "models": .array(
                page.map { ["model": .string($0.name), "versions": .integer($0.versions)] }),
            "next": next.map { .string(Base64.urlEncode(Array($0.utf8))) } ?? .null,
        ]
        return Conditional.response(to: request, json: document)
    }

    @Sendable private func model(
        _ request: WebRequest, _ context: Authenticated
    ) async throws -> Response {
        let name = try PathParameters(context.parameters).model()
        return Conditional.response(
            to: request, json: try await registry.versions(of: name))
    }

    @Sendable private func status(
        _ request: WebRequest, _ context: Authenticated
    ) async throws -> Response {
        let version = try PathParameters(context.parameters).version()
        return Conditional.response(
            to: request, json: try await registry.status(of: version))
    }

    @Sendable private func card(
        _ request: WebRequest, _ context: Authenticated
    ) async throws -> Response {
        let version = try PathParameters(context.parameters).version()
        let card = try await registry.card(of: version, for: context.caller)
        return Conditional.response(to: request, json: card.json)
    }

    @Sendable private func report(
        _ request: WebRequest, _ context: Authenticated
    ) async throws -> Response {
        let name = try PathParameters(context.parameters).model()
        let query = try Query(request, allowing: ["format"])
        let format = try query.value("format") { ReportFormat(rawValue: $0) } ?? .html
        let report = try await registry.report(model: name, for: context.caller)
        // The log knows of the read before anything of it leaves.
        try await registry.recordRead(
            report.reading, GovernedRequest(caller: context.caller, id: context.requestID))
        switch format {
        case .json:
            return Conditional.response(to: request, json: report.json)
        case .html:
            let bytes = ReportPage.render(report.json)
            var response = Conditional.response(
                to: request, bytes: bytes, mediaType: "text/html; charset=utf-8",
                cacheControl: "private, no-cache")
            response.headers[.contentSecurityPolicy] =
                ReportPage.contentSecurityPolicy(of: report.json) + "; frame-ancestors 'none'"
            return response
        }
    }

    private enum ReportFormat: String {
        case html
        case json
    }

    // MARK: writing

    @Sendable private func submit(_ write: Write) async throws -> Response {
        let model = try write.parameters.model()
        let submission = try write.decode { reader -> Registry.Submission? in
            let card = reader.envelope("card")
            let disclosures = reader.array(
                "disclosures", count: WebLimits.disclosures, PersonalDisclosure.read)
            let files = reader.array("files", count: WebLimits.files, Self.file)
            let signature = reader.parsed(
                "signature", as: "base64", length: 1...WebLimits.submissionBytes
            ) { Base64.decode($0) }
            guard let card, let signature else { return nil }
            return Registry.Submission(
                model: model, card: card, disclosures: disclosures, files: files,
                signature: signature)
        }
        let outcome = try await registry.submit(submission, write.request())
        guard case .versionSubmitted(let event) = outcome.recorded.entry.event else {
            throw Problem.internalError
        }
        let status = try await registry.status(of: event.version)
        return Answering.response(outcome, result: status)
    }

    private static func file(_ reader: JSONReader) -> FileRecord? {
        let path = reader.string("path", length: 1...4096)
        let size = reader.integer("size", in: 0...(JSON.safeIntegers.upperBound))
        return reader.digest("sha256").map { FileRecord(path: path, size: size, sha256: $0) }
    }

    @Sendable private func evaluate(_ write: Write) async throws -> Response {
        let version = try write.parameters.version()
        let envelope = try write.decode { $0.envelope("statement") }
        let outcome = try await registry.recordEvaluation(envelope, of: version, write.request())
        return Answering.response(
            outcome, result: ["statement": .string(envelope.payloadDigest.hex)])
    }

    @Sendable private func approve(_ write: Write) async throws -> Response {
        let version = try write.parameters.version()
        let envelope = try write.decode { $0.envelope("statement") }
        if let statement = try? Statement(parsing: envelope.payload),
            let approval = try? ApprovalStatement(reading: statement), approval.version != version
        {
            throw Refusal(
                .unprocessable, "version-mismatch", "The statement is about another version.",
                findings: [
                    JSONFinding(
                        JSONPointer(["statement"]), "version",
                        "It is about \(approval.version), not \(version).")
                ])
        }
        let outcome = try await registry.recordApproval(envelope, write.request())
        return Answering.response(
            outcome, result: ["statement": .string(envelope.payloadDigest.hex)])
    }

    @Sendable private func suspend(_ write: Write) async throws -> Response {
        let version = try write.parameters.version()
        let reason = try write.decode { $0.reason() }
        let outcome = try await registry.suspend(version, reason: reason, write.request())
        return Answering.response(outcome, result: ["version": .string(version.description)])
    }

    @Sendable private func alert(_ write: Write) async throws -> Response {
        let version = try write.parameters.version()
        let alert = try write.decode { reader -> Registry.Alert? in
            let cause = reader.choice("cause", of: VersionAlerted.Cause.self)
            let name = reader.string("name", length: 1...200)
            let value = reader.optionalString("value", length: 1...32)
            let threshold = reader.optionalString("threshold", length: 1...32)
            let reason = reader.reason()
            return cause.map {
                Registry.Alert(
                    cause: $0, name: name, value: value, threshold: threshold, reason: reason)
            }
        }
        let outcome = try await registry.raiseAlert(alert, about: version, write.request())
        return Answering.response(outcome, result: ["version": .string(version.description)])
    }

    @Sendable private func determineTier(_ write: Write) async throws -> Response {
        try await record(TierDetermination.self, write) {
            try await registry.determineTier($0, write.request())
        }
    }

    @Sendable private func lift(_ write: Write) async throws -> Response {
        try await record(SuspensionLift.self, write) {
            try await registry.lift($0, write.request())
        }
    }

    @Sendable private func attest(_ write: Write) async throws -> Response {
        let version = try write.parameters.version()
        let envelope = try write.decode { $0.envelope("statement") }
        let outcome = try await registry.attest(envelope, of: version, write.request())
        return Answering.response(
            outcome, result: ["statement": .string(envelope.payloadDigest.hex)])
    }

    @Sendable private func abstain(_ write: Write) async throws -> Response {
        try await record(Abstention.self, write) { try await registry.abstain($0, write.request()) }
    }

    @Sendable private func waive(_ write: Write) async throws -> Response {
        try await record(Waiver.self, write) { try await registry.waive($0, write.request()) }
    }

    @Sendable private func breakGlass(_ write: Write) async throws -> Response {
        try await record(BreakGlass.self, write) {
            try await registry.breakGlass($0, write.request())
        }
    }

    @Sendable private func reviewBreakGlass(_ write: Write) async throws -> Response {
        try await record(BreakGlassReview.self, write) {
            try await registry.reviewBreakGlass($0, write.request())
        }
    }

    @Sendable private func raiseFinding(_ write: Write) async throws -> Response {
        try await record(ValidationFinding.self, write) {
            try await registry.raiseFinding($0, write.request())
        }
    }

    @Sendable private func closeFinding(_ write: Write) async throws -> Response {
        try await record(FindingClosure.self, write) {
            try await registry.closeFinding($0, write.request())
        }
    }

    /// Hands on a statement of officers on the version of the address.
    private func record<S: OfficerStatement>(
        _ type: S.Type, _ write: Write,
        _ keep: (Envelope) async throws -> Registry.Outcome
    ) async throws -> Response {
        let version = try write.parameters.version()
        let envelope = try write.decode { $0.envelope("statement") }
        try Self.require(version, in: envelope) { try S(reading: $0).version }
        let outcome = try await keep(envelope)
        return Answering.response(
            outcome, result: ["statement": .string(envelope.payloadDigest.hex)])
    }

    /// Refuses a statement that is about another version than the address.
    private static func require(
        _ version: VersionReference, in envelope: Envelope,
        _ read: (Statement) throws -> VersionReference
    ) throws(Refusal) {
        guard let statement = try? Statement(parsing: envelope.payload),
            let stated = try? read(statement), stated != version
        else { return }
        throw Refusal(
            .unprocessable, "version-mismatch", "The statement is about another version.",
            findings: [
                JSONFinding(
                    JSONPointer(["statement"]), "version", "It is about \(stated), not \(version).")
            ])
    }

    @Sendable private func withdraw(_ write: Write) async throws -> Response {
        let version = try write.parameters.version()
        let reason = try write.decode { $0.reason() }
        let outcome = try await registry.withdraw(version, reason: reason, write.request())
        return Answering.response(outcome, result: ["version": .string(version.description)])
    }
}
