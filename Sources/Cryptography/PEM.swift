// The armour of keys in files.
//
// Specification: RFC 7468, in the strict form. A line -----BEGIN LABEL-----, lines of base64, a line
// -----END LABEL-----. Lines end in LF or CRLF; blank lines and blanks at the ends of lines are let
// through before and after the block. Text outside of the block and a second block are refused: one
// file is one key.

/// Reads and writes one PEM block.
enum PEM {
    /// The bytes in the only block of a text; throws `malformedKey`.
    static func decode(_ text: [UInt8], label: String) throws(CryptographyError) -> [UInt8] {
        let problem = CryptographyError(
            .malformedKey, "Expected a PEM text with one block, \"\(label)\", and nothing else.")
        guard text.count <= 2 * PublicKey.longestEncoding else { throw problem }
        var lines = text.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
            .map(trimmingBlanks)[...]
        while lines.first?.isEmpty == true { lines.removeFirst() }
        while lines.last?.isEmpty == true { lines.removeLast() }
        guard lines.count >= 3,
            lines.removeFirst().elementsEqual("-----BEGIN \(label)-----".utf8),
            lines.removeLast().elementsEqual("-----END \(label)-----".utf8),
            let body = Base64.decode(String(decoding: lines.joined(), as: UTF8.self)),
            !body.isEmpty
        else { throw problem }
        return body
    }

    /// The bytes of every block of this label; text outside of blocks is comment, other labels are
    /// refused. There is one block at least and `limit` at most. Throws `badInput`.
    static func blocks(
        _ text: [UInt8], label: String, atMost limit: Int
    ) throws(CryptographyError) -> [[UInt8]] {
        let problem = CryptographyError(
            .badInput, "Expected a PEM text with blocks \"\(label)\", 1 to \(limit) of them.")
        guard text.count <= 16 << 20 else { throw problem }
        var blocks: [[UInt8]] = []
        var body: [UInt8]?
        for raw in text.split(separator: UInt8(ascii: "\n")) {
            let line = trimmingBlanks(raw)
            if line.starts(with: "-----BEGIN ".utf8) {
                guard body == nil, line.elementsEqual("-----BEGIN \(label)-----".utf8) else {
                    throw problem
                }
                body = []
            } else if line.starts(with: "-----END ".utf8) {
                guard let text = body, line.elementsEqual("-----END \(label)-----".utf8),
                    let bytes = Base64.decode(String(decoding: text, as: UTF8.self)),
                    !bytes.isEmpty
                else { throw problem }
                blocks.append(bytes)
                body = nil
            } else {
                body?.append(contentsOf: line)
            }
        }
        guard body == nil, (1...limit).contains(blocks.count) else { throw problem }
        return blocks
    }

    /// A block with lines of 64 characters and a newline at the end.
    static func encode(_ bytes: [UInt8], label: String) -> String {
        let body = Array(Base64.encode(bytes).utf8)
        var text = "-----BEGIN \(label)-----\n"
        for start in stride(from: 0, to: body.count, by: 64) {
            text += String(decoding: body[start..<min(start + 64, body.count)], as: UTF8.self)
            text += "\n"
        }
        return text + "-----END \(label)-----\n"
    }

    private static func trimmingBlanks(_ line: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        var line = line
        while let last = line.last, last == 0x20 || last == 0x09 || last == 0x0D {
            line.removeLast()
        }
        return line
    }
}
