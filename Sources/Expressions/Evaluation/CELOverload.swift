// The functions: for each its forms, the types it takes, and what it does.
//
// Specification: cel-spec, doc/langdef.md, "List of Standard Definitions". Time-zone arguments are
// UTC and fixed offsets.

/// One form of a function.
struct CELOverload: Sendable {
    /// How a function is called.
    enum Style: Sendable {
        case global
        case receiver
        case either

        func allows(receiver: Bool) -> Bool {
            switch self {
            case .global: !receiver
            case .receiver: receiver
            case .either: true
            }
        }
    }

    let name: String
    let style: Style
    let parameters: [CELType]
    let result: CELType
    /// Whether a call with constants only is computed when the expression is checked.
    let isFolded: Bool
    /// How much more a call costs than looking at its arguments.
    let weight: Int
    let apply: @Sendable ([CELValue]) throws(CELProblem) -> CELValue

    init(
        _ name: String, _ style: Style = .global, _ parameters: [CELType], _ result: CELType,
        isFolded: Bool = false, weight: Int = 1,
        _ apply: @escaping @Sendable ([CELValue]) throws(CELProblem) -> CELValue
    ) {
        self.name = name
        self.style = style
        self.parameters = parameters
        self.result = result
        self.isFolded = isFolded
        self.weight = weight
        self.apply = apply
    }

    /// Whether arguments of these types fit.
    func takes(_ types: [CELType]) -> Bool {
        types.count == parameters.count
            && zip(types, parameters).allSatisfy { type, parameter in
                type != .null && type.present.joined(with: parameter) == parameter
                    || Self.isAggregate(parameter) && type.present.joined(with: parameter) != nil
                        && type != .null
            }
    }

    private static func isAggregate(_ type: CELType) -> Bool {
        switch type {
        case .list, .map: true
        default: false
        }
    }

    /// Every function by name.
    static let all: [String: [CELOverload]] = Dictionary(
        grouping: texts + sizes + conversions + clocks + spans, by: \.name)

    /// Functions of CEL that are not here, and why.
    static let leftOut: [String: String] = [
        "double": "There are no binary floating-point numbers: write decimal(x).",
        "uint": "Unsigned integers are left out: write int(x).",
        "bytes": "Bytes are left out: facts have none.",
        "dyn": "Every value has one type: dyn is left out.",
        "type": "Types are known when the pack is loaded: type is left out.",
    ]

    private static let sizes: [CELOverload] = [
        CELOverload("size", .either, [.string], .int) { values throws(CELProblem) in
            guard case .string(let text) = values[0] else { throw .mismatch }
            return .int(Int64(text.string.unicodeScalars.count))
        },
        CELOverload("size", .either, [.list(.nothing)], .int) { values throws(CELProblem) in
            guard case .list(let elements) = values[0] else { throw .mismatch }
            return .int(Int64(elements.count))
        },
        CELOverload("size", .either, [.map(.nothing, .nothing)], .int) {
            values throws(CELProblem) in
            guard case .map(let entries) = values[0] else { throw .mismatch }
            return .int(Int64(entries.count))
        },
    ]

    private static let texts: [CELOverload] = [
        text("contains") { $0.contains($1) },
        text("startsWith") { $0.starts(with: $1) },
        text("endsWith") { $0.ends(with: $1) },
    ]

    /// `matches` with the pattern compiled: what remains to be given is the text.
    static func matches(_ pattern: CELPattern) -> CELOverload {
        CELOverload("matches", .receiver, [.string], .bool, weight: pattern.program.count) {
            values throws(CELProblem) in
            guard case .string(let text) = values[0] else { throw .mismatch }
            return .bool(pattern.matches(text.string))
        }
    }

    private static func text(
        _ name: String, _ test: @escaping @Sendable (CELText, CELText) -> Bool
    ) -> CELOverload {
        CELOverload(name, .receiver, [.string, .string], .bool) { values throws(CELProblem) in
            guard case .string(let text) = values[0], case .string(let part) = values[1] else {
                throw .mismatch
            }
            return .bool(test(text, part))
        }
    }

    // MARK: Times

    private static let clocks: [CELOverload] = [
        ("getFullYear", \.year), ("getMonth", \.monthIndex), ("getDate", \.day),
        ("getDayOfMonth", \.dayIndex), ("getDayOfWeek", \.dayOfWeek),
        ("getDayOfYear", \.dayOfYear), ("getHours", \.hour), ("getMinutes", \.minute),
        ("getSeconds", \.second), ("getMilliseconds", \.millisecond),
    ].flatMap { (name: String, part: any KeyPath<CELMoment.Parts, Int64> & Sendable) in
        clock(name) { $0[keyPath: part] }
    }

    private static func clock(
        _ name: String, _ part: @escaping @Sendable (CELMoment.Parts) -> Int64
    ) -> [CELOverload] {
        [
            CELOverload(name, .receiver, [.timestamp], .int) { values throws(CELProblem) in
                guard case .timestamp(let moment) = values[0] else { throw .mismatch }
                return .int(part(moment.parts(offset: 0)))
            },
            CELOverload(name, .receiver, [.timestamp, .string], .int) {
                values throws(CELProblem) in
                guard case .timestamp(let moment) = values[0], case .string(let zone) = values[1]
                else { throw .mismatch }
                guard let offset = CELMoment.offset(ofZone: zone.string) else {
                    throw CELProblem(
                        .invalidArgument, "A time zone is UTC or an offset such as +01:00.")
                }
                return .int(part(moment.parts(offset: offset)))
            },
        ]
    }

    private static let spans: [CELOverload] = [
        span("getHours") { $0 / 3_600_000_000_000 },
        span("getMinutes") { $0 / 60_000_000_000 },
        span("getSeconds") { $0 / 1_000_000_000 },
        span("getMilliseconds") { $0 / 1_000_000 % 1_000 },
    ]

    private static func span(
        _ name: String, _ part: @escaping @Sendable (Int64) -> Int64
    ) -> CELOverload {
        CELOverload(name, .receiver, [.duration], .int) { values throws(CELProblem) in
            guard case .duration(let span) = values[0] else { throw .mismatch }
            return .int(part(span.nanoseconds))
        }
    }
}

extension CELMoment.Parts {
    /// The month, January being nought.
    var monthIndex: Int64 { month - 1 }
    /// The day of the month, the first being nought.
    var dayIndex: Int64 { day - 1 }
}
