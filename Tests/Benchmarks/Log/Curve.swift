// A curve over sizes of a log, as SVG: the horizontal axis is logarithmic, the vertical one begins at 0.

import Glibc
/// Draws one curve.
enum Curve {
    /// One measured point.
    struct Point {
        let size: Int64
        let microseconds: Double
    }

    private static let width = 720.0
    private static let height = 360.0
    private static let left = 64.0
    private static let right = 24.0
    private static let top = 40.0
    private static let bottom = 56.0

    /// The picture.
    static func picture(_ points: [Point]) -> String {
        guard let first = points.first, let last = points.last, first.size < last.size else {
            return ""
        }
        let most = points.map(\.microseconds).max() ?? 1
        let step = [10.0, 20, 50, 100, 200, 500, 1_000].first { most / $0 <= 6 } ?? most
        let ceiling = step * (most / step).rounded(.up)
        let (low, high) = (logarithm(first.size), logarithm(last.size))
        func x(_ size: Int64) -> String {
            (left + (logarithm(size) - low) / (high - low) * (width - left - right)).fixed(1)
        }
        func y(_ value: Double) -> String {
            (height - bottom - value / ceiling * (height - top - bottom)).fixed(1)
        }
        var lines = [
            """
            <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 \(width.fixed(0)) \
            \(height.fixed(0))" font-family="sans-serif" font-size="13" role="img">
            """,
            "<title>Time for one inclusion proof by the size of the log</title>",
            "<rect width=\"100%\" height=\"100%\" fill=\"white\"/>",
            """
            <text x="\(left.fixed(0))" y="22" font-size="15">One inclusion proof from stored \
            tiles, microseconds</text>
            """,
        ]
        var value = 0.0
        while value <= ceiling {
            lines.append(
                """
                <line x1="\(left.fixed(0))" x2="\((width - right).fixed(0))" y1="\(y(value))" \
                y2="\(y(value))" stroke="#ddd"/><text x="\((left - 8).fixed(0))" y="\(y(value))" \
                dy="4" text-anchor="end">\(value.fixed(0))</text>
                """)
            value += step
        }
        var size: Int64 = 1
        while size <= last.size {
            if size >= first.size {
                let exponent = String(size).count - 1
                lines.append(
                    """
                    <line x1="\(x(size))" x2="\(x(size))" y1="\(top.fixed(0))" \
                    y2="\((height - bottom).fixed(0))" stroke="#eee"/><text x="\(x(size))" \
                    y="\((height - bottom + 20).fixed(0))" text-anchor="middle">10<tspan \
                    dy="-5" font-size="10">\(exponent)</tspan></text>
                    """)
            }
            size *= 10
        }
        lines.append(
            """
            <text x="\((width / 2).fixed(0))" y="\((height - 12).fixed(0))" \
            text-anchor="middle">leaves in the log</text>
            """)
        let path = points.map { "\(x($0.size)),\(y($0.microseconds))" }.joined(separator: " ")
        lines.append(
            "<polyline points=\"\(path)\" fill=\"none\" stroke=\"#1a5fb4\" stroke-width=\"2\"/>")
        for point in points {
            lines.append(
                """
                <circle cx="\(x(point.size))" cy="\(y(point.microseconds))" r="3.5" \
                fill="#1a5fb4"><title>\(point.size): \(point.microseconds.fixed(1)) µs</title></circle>
                """)
        }
        return (lines + ["</svg>", ""]).joined(separator: "\n")
    }

    private static func logarithm(_ size: Int64) -> Double { log10(Double(size)) }
}
