// From one type to another. A text that is no number, truth or time is an error.

extension CELOverload {
    static let conversions: [CELOverload] =
        [
            convert("int", .int, .int) { $0 },
            convert("int", .decimal, .int) { value throws(CELProblem) in
                guard case .decimal(let number) = value else { throw .mismatch }
                guard let integer = number.truncated else { throw .overflow }
                return .int(integer)
            },
            convert("int", .string, .int) { value throws(CELProblem) in
                guard case .string(let text) = value else { throw .mismatch }
                guard let integer = Int64(text.string) else { throw malformed("an integer") }
                return .int(integer)
            },
            convert("int", .timestamp, .int) { value throws(CELProblem) in
                guard case .timestamp(let moment) = value else { throw .mismatch }
                return .int(moment.seconds)
            },
            convert("decimal", .decimal, .decimal) { $0 },
            convert("decimal", .int, .decimal) { value throws(CELProblem) in
                guard case .int(let integer) = value else { throw .mismatch }
                return .decimal(CELDecimal(integer))
            },
            convert("decimal", .string, .decimal, isFolded: true) { value throws(CELProblem) in
                guard case .string(let text) = value else { throw .mismatch }
                guard let number = CELDecimal(text.string) else { throw malformed("a decimal") }
                return .decimal(number)
            },
            convert("bool", .bool, .bool) { $0 },
            convert("bool", .string, .bool) { value throws(CELProblem) in
                guard case .string(let text) = value else { throw .mismatch }
                switch text.string {
                case "true", "True", "TRUE", "t", "1": return .bool(true)
                case "false", "False", "FALSE", "f", "0": return .bool(false)
                default: throw malformed("true or false")
                }
            },
            convert("timestamp", .timestamp, .timestamp) { $0 },
            convert("timestamp", .int, .timestamp) { value throws(CELProblem) in
                guard case .int(let seconds) = value else { throw .mismatch }
                guard let moment = CELMoment(nanoseconds: Int128(seconds) * 1_000_000_000) else {
                    throw .overflow
                }
                return .timestamp(moment)
            },
            convert("timestamp", .string, .timestamp, isFolded: true) { value throws(CELProblem) in
                guard case .string(let text) = value else { throw .mismatch }
                guard let moment = CELMoment(text.string) else {
                    throw malformed("a time such as 2026-02-01T12:00:00Z in the years 1 to 9999")
                }
                return .timestamp(moment)
            },
            convert("duration", .duration, .duration) { $0 },
            convert("duration", .string, .duration, isFolded: true) { value throws(CELProblem) in
                guard case .string(let text) = value else { throw .mismatch }
                guard let span = CELSpan(text.string) else {
                    throw malformed("a span such as 2160h or 1h30m of at most 292 years")
                }
                return .duration(span)
            },
        ]
        + [CELType.string, .bool, .int, .decimal, .timestamp, .duration].map { type in
            convert("string", type, .string) { value throws(CELProblem) in
                guard value != .null else { throw .mismatch }
                return .string(CELText(value.words))
            }
        }

    private static func convert(
        _ name: String, _ from: CELType, _ to: CELType, isFolded: Bool = false,
        _ convert: @escaping @Sendable (CELValue) throws(CELProblem) -> CELValue
    ) -> CELOverload {
        CELOverload(name, .global, [from], to, isFolded: isFolded) { values throws(CELProblem) in
            guard values[0] != .null else { throw .mismatch }
            return try convert(values[0])
        }
    }

    private static func malformed(_ wanted: String) -> CELProblem {
        CELProblem(.invalidArgument, "The text is not \(wanted).")
    }
}
