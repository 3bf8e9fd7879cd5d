// Counters and gauges of this process, for a monitoring system that asks for them.
//
// The text is the Prometheus exposition format 0.0.4. There is no maintained backend of swift-metrics
// among the packages that this project builds with; this is the least of one: counters, gauges, and for
// everything that is timed or recorded in numbers its count and sum.

package import CoreMetrics
internal import Synchronization

/// Collects what swift-metrics is told.
package final class MetricsCollector: MetricsFactory, Sendable {
    /// The collector of this process; `install` makes it the one that is told.
    package static let shared = MetricsCollector()

    private let state = Mutex<[Series: Double]>([:])

    /// Series beyond these are not kept: a name that a caller chooses must not fill the memory.
    static let mostSeries = 2_000

    /// Makes the shared collector the process's metrics system; to be called once.
    package static func install() {
        MetricsSystem.bootstrap(shared)
    }

    package init() {}

    /// One line of the answer, without its value.
    fileprivate struct Series: Hashable, Sendable {
        let name: String
        let labels: [Label]
        let isCounter: Bool

        struct Label: Hashable, Sendable {
            let name: String
            let value: String
        }

        init(_ name: String, _ dimensions: [(String, String)], isCounter: Bool, suffix: String = "")
        {
            self.name = Self.plain(name) + suffix
            labels = dimensions.map { Label(name: Self.plain($0.0), value: $0.1) }
                .sorted { $0.name < $1.name }
            self.isCounter = isCounter
        }

        /// Letters, digits and underscores, as the format's names have.
        private static func plain(_ text: String) -> String {
            String(text.map { $0.isASCII && ($0.isLetter || $0.isNumber) ? $0 : "_" })
        }

        var line: String {
            guard !labels.isEmpty else { return name }
            let parts = labels.map { label in
                let value = label.value.replacing("\\", with: "\\\\")
                    .replacing("\"", with: "\\\"").replacing("\n", with: "\\n")
                return "\(label.name)=\"\(value)\""
            }
            return "\(name){\(parts.joined(separator: ","))}"
        }
    }

    fileprivate func change(_ series: Series, _ body: (inout Double) -> Void) {
        state.withLock { values in
            guard values[series] != nil || values.count < Self.mostSeries else { return }
            body(&values[series, default: 0])
        }
    }

    /// Everything, each family with its type, in order of the names.
    package var text: String {
        let families = Dictionary(grouping: state.withLock { $0 }, by: \.key.name)
        return families.keys.sorted().map { name in
            let series = families[name, default: []]
            let type = series.first?.key.isCounter == true ? "counter" : "gauge"
            let lines = series.map { "\($0.key.line) \($0.value)\n" }.sorted()
            return "# TYPE \(name) \(type)\n" + lines.joined()
        }.joined()
    }

    // MARK: swift-metrics

    package func makeCounter(
        label: String, dimensions: [(String, String)]
    ) -> any CounterHandler {
        Handler(self, Series(label, dimensions, isCounter: true, suffix: "_total"))
    }

    package func makeMeter(label: String, dimensions: [(String, String)]) -> any MeterHandler {
        Handler(self, Series(label, dimensions, isCounter: false))
    }

    package func makeRecorder(
        label: String, dimensions: [(String, String)], aggregate: Bool
    ) -> any RecorderHandler {
        guard aggregate else { return Handler(self, Series(label, dimensions, isCounter: false)) }
        return Summary(self, label, dimensions)
    }

    package func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
        Summary(self, label + "_seconds", dimensions)
    }

    package func destroyCounter(_ handler: any CounterHandler) {}
    package func destroyMeter(_ handler: any MeterHandler) {}
    package func destroyRecorder(_ handler: any RecorderHandler) {}
    package func destroyTimer(_ handler: any TimerHandler) {}
}

/// A number that is set, or counted.
private final class Handler: CounterHandler, MeterHandler, RecorderHandler, Sendable {
    private let collector: MetricsCollector
    private let series: MetricsCollector.Series

    init(_ collector: MetricsCollector, _ series: MetricsCollector.Series) {
        self.collector = collector
        self.series = series
    }

    func increment(by amount: Int64) { increment(by: Double(amount)) }
    func reset() { set(0.0) }
    func set(_ value: Int64) { set(Double(value)) }
    func set(_ value: Double) { collector.change(series) { $0 = value } }
    func increment(by amount: Double) { collector.change(series) { $0 += amount } }
    func decrement(by amount: Double) { increment(by: -amount) }
    func record(_ value: Int64) { set(value) }
    func record(_ value: Double) { set(value) }
}

/// How many values there were, and their sum.
private final class Summary: RecorderHandler, TimerHandler, Sendable {
    private let collector: MetricsCollector
    private let count: MetricsCollector.Series
    private let sum: MetricsCollector.Series

    init(_ collector: MetricsCollector, _ label: String, _ dimensions: [(String, String)]) {
        self.collector = collector
        count = .init(label, dimensions, isCounter: true, suffix: "_count")
        sum = .init(label, dimensions, isCounter: true, suffix: "_sum")
    }

    func record(_ value: Int64) { record(Double(value)) }

    func record(_ value: Double) {
        collector.change(count) { $0 += 1 }
        collector.change(sum) { $0 += value }
    }

    func recordNanoseconds(_ duration: Int64) { record(Double(duration) / 1e9) }
}
