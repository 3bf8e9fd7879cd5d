// What can be asked of a reader: for the value here, and by name for a member.

extension JSONReader {
    /// The longest string unless the caller says otherwise, in Unicode scalars.
    package static let usualLength = 1...1_024
    /// The largest list unless the caller says otherwise.
    package static let usualCount = 0...10_000

    // MARK: The value here

    /// Any value as it is, `.null` when absent; the caller checks it.
    package func json() -> JSON {
        value ?? .null
    }

    /// A string whose length, in Unicode scalars as in JSON Schema, is within bounds.
    package func string(length: ClosedRange<Int> = usualLength) -> String {
        guard let text = expect("a string", \.string) else { return "" }
        guard length.contains(text.unicodeScalars.count) else {
            refuse(JSONFinding.Code.length, "\(Self.allowed(length)) characters are allowed.")
            return ""
        }
        return text
    }

    /// A string that a function turns into a value; `format` says what is expected, in words.
    package func parsed<T>(
        as format: String, length: ClosedRange<Int> = usualLength, _ parse: (String) -> T?
    ) -> T? {
        guard let text = expect("a string", \.string) else { return nil }
        if length.contains(text.unicodeScalars.count), let result = parse(text) { return result }
        refuse(JSONFinding.Code.format, "Expected \(format).")
        return nil
    }

    /// One of the cases of an enumeration.
    package func choice<T: RawRepresentable & CaseIterable>(
        of type: T.Type = T.self
    ) -> T? where T.RawValue == String {
        guard let text = expect("a string", \.string) else { return nil }
        if let result = T(rawValue: text) { return result }
        let names = T.allCases.map(\.rawValue).joined(separator: ", ")
        refuse(JSONFinding.Code.value, "Expected one of: \(names).")
        return nil
    }

    /// Exactly this string.
    package func constant(_ expected: String) {
        guard let text = expect("a string", \.string), text != expected else { return }
        refuse(JSONFinding.Code.value, "Expected \"\(expected)\".")
    }

    /// An integer within a range.
    package func integer(in range: ClosedRange<Int64> = JSON.safeIntegers) -> Int64 {
        guard let number = expect("an integer", \.integer) else { return 0 }
        guard range.contains(number) else {
            refuse(JSONFinding.Code.range, "\(Self.allowed(range)) is allowed.")
            return 0
        }
        return number
    }

    /// A boolean.
    package func bool() -> Bool {
        expect("a boolean", \.bool) ?? false
    }

    /// An object, read by a body with a reader of its own for strictness about its members.
    package func object<T>(_ body: (JSONReader) -> T) -> T {
        _ = expectObject()
        return reading(body)
    }

    /// The elements of an array; those for which the body gives nil are left out.
    package func array<T>(
        count: ClosedRange<Int> = usualCount, _ body: (JSONReader) -> T?
    ) -> [T] {
        elements(count).compactMap { $0.reading(body) }
    }

    /// The elements of an array in which none may occur twice.
    package func set<T: Hashable>(
        count: ClosedRange<Int> = usualCount, _ body: (JSONReader) -> T?
    ) -> Set<T> {
        var result: Set<T> = []
        for element in elements(count) {
            guard let member = element.reading(body) else { continue }
            if !result.insert(member).inserted {
                element.refuse(JSONFinding.Code.duplicate, "This element is here twice.")
            }
        }
        return result
    }

    /// The members of an object whose names are data; the body gets each name and reader.
    package func map<T>(
        count: ClosedRange<Int> = usualCount, _ body: (String, JSONReader) -> T?
    ) -> [String: T] {
        var result: [String: T] = [:]
        for (name, reader) in entries(count) {
            result[name] = reader.reading { body(name, $0) }
        }
        return result
    }

    // MARK: Members by name

    /// Any member as it is; the caller checks it.
    package func json(_ name: String) -> JSON {
        member(name).json()
    }

    /// A string member, see `string(length:)`.
    package func string(_ name: String, length: ClosedRange<Int> = usualLength) -> String {
        member(name).string(length: length)
    }

    /// A string member turned into a value, see `parsed(as:length:_:)`.
    package func parsed<T>(
        _ name: String, as format: String, length: ClosedRange<Int> = usualLength,
        _ parse: (String) -> T?
    ) -> T? {
        member(name).parsed(as: format, length: length, parse)
    }

    /// A member that is one of the cases of an enumeration.
    package func choice<T: RawRepresentable & CaseIterable>(
        _ name: String, of type: T.Type = T.self
    ) -> T? where T.RawValue == String {
        member(name).choice(of: type)
    }

    /// A member that must be exactly this string.
    package func constant(_ name: String, _ expected: String) {
        member(name).constant(expected)
    }

    /// An integer member within a range.
    package func integer(
        _ name: String, in range: ClosedRange<Int64> = JSON.safeIntegers
    ) -> Int64 {
        member(name).integer(in: range)
    }

    /// A boolean member.
    package func bool(_ name: String) -> Bool {
        member(name).bool()
    }

    /// An object member, read by a body; it runs on placeholders when the member is missing.
    package func object<T>(_ name: String, _ body: (JSONReader) -> T) -> T {
        member(name).object(body)
    }

    /// An array member, see `array(count:_:)`.
    package func array<T>(
        _ name: String, count: ClosedRange<Int> = usualCount, _ body: (JSONReader) -> T?
    ) -> [T] {
        member(name).array(count: count, body)
    }

    /// An array member without repetitions, see `set(count:_:)`.
    package func set<T: Hashable>(
        _ name: String, count: ClosedRange<Int> = usualCount, _ body: (JSONReader) -> T?
    ) -> Set<T> {
        member(name).set(count: count, body)
    }

    /// An object member whose names are data, see `map(count:_:)`.
    package func map<T>(
        _ name: String, count: ClosedRange<Int> = usualCount, _ body: (String, JSONReader) -> T?
    ) -> [String: T] {
        member(name).map(count: count, body)
    }

    /// A string member that may be absent.
    package func optionalString(
        _ name: String, length: ClosedRange<Int> = usualLength
    ) -> String? {
        optional(name) { $0.string(length: length) }
    }

    /// An integer member that may be absent.
    package func optionalInteger(
        _ name: String, in range: ClosedRange<Int64> = JSON.safeIntegers
    ) -> Int64? {
        optional(name) { $0.integer(in: range) }
    }
}
