// Small conveniences over pointers and values for findings.

extension JSONPointer {
    /// A finding at this place.
    package func finding(_ code: String, _ message: String) -> JSONFinding {
        JSONFinding(self, code, message)
    }

    /// The place as people write it: `data.sets[0].digests`.
    package var path: String {
        var text = ""
        for token in tokens {
            if let first = token.utf8.first, (0x30...0x39).contains(first), Int(token) != nil {
                text += "[\(token)]"
            } else {
                text += (text.isEmpty ? "" : ".") + token
            }
        }
        return text.isEmpty ? "the card" : text
    }
}

extension JSON {
    /// A number, fraction or keyword in a message; of anything else only the kind, so that a finding
    /// never repeats what somebody wrote into a document.
    package var inBrief: String {
        switch self {
        case .string(let text) where text.utf8.count <= 100 && text.utf8.allSatisfy(Self.isPlain):
            text
        case .integer(let number): "\(number)"
        case .bool(let truth): "\(truth)"
        case .null, .double, .string, .array, .object: kind
        }
    }

    private static func isPlain(_ byte: UInt8) -> Bool {
        (0x2D...0x39).contains(byte)
    }
}
