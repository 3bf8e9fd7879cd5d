// The admission webhook of Kubernetes: every answer is an AdmissionReview, and comes in time.

internal import CanonicalJSON
internal import Governance
internal import HTTPTypes
internal import Hummingbird
internal import Logging
internal import Registry

/// The operations that a cluster's API server calls.
struct AdmissionRoutes {
    let registry: Registry

    var routes: [Route] {
        [
            .ask("/k8s/admission", limit: WebLimits.admissionBytes, admit),
            .ask("/k8s/admission/{environment}", limit: WebLimits.admissionBytes, admit),
            .ask("/k8s/admission/{environment}/{target}", limit: WebLimits.admissionBytes, admit),
        ]
    }

    @Sendable private func admit(
        _ json: JSON, _ request: WebRequest, _ context: Authenticated
    ) async throws -> Response {
        let budget = Self.budget(
            try Query(request, allowing: ["timeout"]).value("timeout") { $0 })
        let parameters = PathParameters(context.parameters)
        let review = AdmissionReview(
            json,
            at: .init(environment: try parameters.environment(), target: try parameters.target()))
        switch review.demand {
        case .harmless(let why): return Response(json: review.allowing(why))
        case .unclear(let why): return Response(json: review.denying([why]))
        case .question(let question):
            let admission = await answer(question, within: budget, context.logger)
            return Response(
                json: admission.isAllowed
                    ? review.allowing(admission.grounds.joined(separator: ", "))
                    : review.denying(admission.reasons))
        }
    }

    /// The answer, or the denial that there is none in time: whichever comes first.
    private func answer(
        _ question: Registry.AdmissionQuestion, within budget: Duration, _ logger: Logger
    ) async -> Registry.Admission {
        let (answers, line) = AsyncStream.makeStream(
            of: Registry.Admission.self, bufferingPolicy: .bufferingOldest(1))
        let work = Task {
            do {
                line.yield(try await registry.admission(question))
            } catch {
                logger.error("admission: \(error)")
                line.yield(.init(reasons: ["the record could not be asked"]))
            }
        }
        let timer = Task {
            // Cancelled when the answer was faster, and then not listened to.
            try? await Task.sleep(for: budget)
            line.yield(.init(reasons: ["there was no answer within \(budget)"]))
        }
        defer {
            work.cancel()
            timer.cancel()
        }
        var iterator = answers.makeAsyncIterator()
        return await iterator.next() ?? .init(reasons: ["the question was given up"])
    }

    /// Four fifths of the time that the API server says it waits (`timeout=10s`); else five seconds.
    static func budget(_ timeout: String?) -> Duration {
        let usual = Duration.seconds(5)
        guard let timeout, timeout.hasSuffix("s") else { return usual }
        let isMilliseconds = timeout.hasSuffix("ms")
        guard let number = Int64(timeout.dropLast(isMilliseconds ? 2 : 1)), number > 0,
            number <= 60_000
        else { return usual }
        let milliseconds = isMilliseconds ? number : min(number, 30) * 1_000
        return .milliseconds(milliseconds * 4 / 5)
    }
}
