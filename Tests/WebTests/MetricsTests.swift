import HTTPTypes
import Metrics
import Testing

@testable import Web

@Suite struct `Metrics` {
    @Test func `are told in the Prometheus text format`() {
        let collector = MetricsCollector()
        let visits = Counter(
            label: "imprimatur_witness_visits", dimensions: [("witness", "a\"b\\c\nd")],
            factory: collector)
        visits.increment(by: 2)
        visits.increment()
        Gauge(label: "imprimatur_witness_satisfied", factory: collector).record(1)
        Gauge(label: "imprimatur_witness_satisfied", factory: collector).record(0)
        let timer = Timer(label: "http.request.duration", factory: collector)
        timer.recordNanoseconds(500_000_000)
        timer.recordNanoseconds(250_000_000)
        #expect(
            collector.text == """
                # TYPE http_request_duration_seconds_count counter
                http_request_duration_seconds_count 2.0
                # TYPE http_request_duration_seconds_sum counter
                http_request_duration_seconds_sum 0.75
                # TYPE imprimatur_witness_satisfied gauge
                imprimatur_witness_satisfied 0.0
                # TYPE imprimatur_witness_visits_total counter
                imprimatur_witness_visits_total{witness="a\\"b\\\\c\\nd"} 3.0

                """)
    }

    @Test func `are bounded, whatever names callers make up`() {
        let collector = MetricsCollector()
        for number in 0..<MetricsCollector.mostSeries + 50 {
            Counter(label: "c", dimensions: [("path", "\(number)")], factory: collector).increment()
        }
        let lines = collector.text.split(separator: "\n").filter { !$0.hasPrefix("#") }
        #expect(lines.count == MetricsCollector.mostSeries)
    }

    @Test func `are for those who have a token`() async throws {
        try await WebService.with { service in
            let refused = try await service.client.send(.get, "/metrics")
            #expect(refused.status == 401)
            let told = try await service.client.get("/metrics", token: service.owner.token)
            #expect(told.status == 200)
            #expect(told.headers[.contentType] == "text/plain; version=0.0.4")
        }
    }
}
