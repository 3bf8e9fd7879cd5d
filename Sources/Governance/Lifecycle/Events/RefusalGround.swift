// Why what two officers asked for has to wait: the grounds that entries of refusals hold.

package import CanonicalJSON

/// One reason why something has to stay.
package struct RefusalGround<Code>: Sendable, Hashable
where Code: RawRepresentable<String> & Sendable & Hashable {
    /// What kind of reason.
    package let code: Code
    /// Which hold, suspension, deployment or version, as a sentence.
    package let detail: String
    /// When it passes by itself; nil when somebody has to act.
    package let until: Timestamp?

    package init(_ code: Code, _ detail: String, until: Timestamp? = nil) {
        self.code = code
        self.detail = detail
        self.until = until
    }

    /// The ground as entries and answers write it.
    package var json: JSON {
        [
            "code": .string(code.rawValue), "detail": .string(detail),
            "until": until.map { .text($0) } ?? .null,
        ]
    }

    init?(_ json: JSON) {
        guard json.object?.count == 3,
            let code = json["code"]?.string.flatMap(Code.init(rawValue:)),
            let detail = json["detail"]?.string, let until = json["until"]
        else { return nil }
        let time = until.string.flatMap { Timestamp($0) }
        guard until.isNull || time != nil else { return nil }
        self.init(code, detail, until: time)
    }
}
