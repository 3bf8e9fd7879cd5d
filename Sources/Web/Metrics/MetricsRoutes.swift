// Where a monitoring system reads counters and gauges.

internal import HTTPTypes
internal import Hummingbird

/// `/metrics`, for whoever has a token: names of witnesses and rates are nobody else's business.
struct MetricsRoutes {
    let collector: MetricsCollector

    var routes: [Route] { [.read("/metrics", metrics)] }

    @Sendable private func metrics(
        _ request: WebRequest, _ context: Authenticated
    ) async throws -> Response {
        Response(
            status: .ok,
            headers: [.contentType: "text/plain; version=0.0.4", .cacheControl: "no-store"],
            body: .init(byteBuffer: .init(string: collector.text)))
    }
}
