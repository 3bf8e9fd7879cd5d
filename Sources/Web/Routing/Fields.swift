// Kinds of members that several bodies have.

internal import Attestation
internal import CanonicalJSON
internal import Cryptography
internal import Governance

extension JSONReader {
    /// A member that is a DSSE envelope.
    func envelope(_ name: String) -> Envelope? {
        let value = json(name)
        guard value != .null else {
            // The same words as for an absent member, so that it is one finding.
            refuse(name, JSONFinding.Code.missing, "This member is missing.")
            return nil
        }
        do {
            return try Envelope(json: value)
        } catch {
            for finding in error.findings { refuse(name, finding.code.rawValue, finding.message) }
            return nil
        }
    }

    /// A string for people: no control characters, which no page shows and no database stores.
    func text(_ name: String, length: ClosedRange<Int>) -> String {
        let value = string(name, length: length)
        let controls = value.unicodeScalars.filter { $0.properties.generalCategory == .control }
        if controls.contains(where: { $0 != "\n" && $0 != "\t" }) {
            refuse(name, JSONFinding.Code.format, "Control characters are not allowed.")
        }
        return value
    }

    /// A string for people that may be absent.
    func optionalText(_ name: String, length: ClosedRange<Int>) -> String? {
        optional(name) { _ in () } == nil ? nil : text(name, length: length)
    }

    /// Why something is done.
    func reason() -> String { text("reason", length: WebLimits.reason) }

    /// A SHA-256 in 64 lowercase hex digits.
    func digest(_ name: String) -> SHA256Digest? {
        parsed(name, as: "64 lowercase hex digits") { SHA256Digest(hex: $0) }
    }
}
