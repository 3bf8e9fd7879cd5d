// What the program says: data on standard output, everything else on standard error.
//
// What it says to people may quote names and addresses that strangers chose: a terminal obeys none of it.

package import CanonicalJSON
internal import Glibc

/// The two streams of the program.
package enum Console {
    /// Data: what another program may read.
    package static func out(_ text: String) { write(Array((text + "\n").utf8), to: STDOUT_FILENO) }

    /// Data as bytes, as they are.
    package static func out(bytes: [UInt8]) { write(bytes, to: STDOUT_FILENO) }

    /// A document, indented, with a newline at its end.
    package static func out(_ json: JSON) { write(json.prettyBytes, to: STDOUT_FILENO) }

    /// Why the answer is no, or why there is none.
    package static func error(_ text: String) { say("error", text) }

    /// What a careful reader should know though the answer stands.
    package static func warning(_ text: String) { say("warning", text) }

    /// What to do next.
    package static func hint(_ text: String) { say("hint", text) }

    /// What happens, for people; no part of the answer.
    package static func note(_ text: String) {
        write(Array((shown(text) + "\n").utf8), to: STDERR_FILENO)
    }

    /// What happens right now; only where somebody watches.
    package static func progress(_ text: String) {
        guard isTerminal else { return }
        write(Array("\r\u{1B}[2K\(shown(text))".utf8), to: STDERR_FILENO)
    }

    /// Clears the line of `progress`.
    package static func endProgress() {
        guard isTerminal else { return }
        write(Array("\r\u{1B}[2K".utf8), to: STDERR_FILENO)
    }

    private static let isTerminal = isatty(STDERR_FILENO) == 1

    private static func shown(_ text: String) -> String { text.plain(keeping: ["\n", "\t"]) }

    private static func say(_ kind: String, _ text: String) {
        write(Array("\(kind): \(shown(text))\n".utf8), to: STDERR_FILENO)
    }

    private static func write(_ bytes: [UInt8], to descriptor: Int32) {
        var offset = 0
        while offset < bytes.count {
            let count = bytes.withUnsafeBytes { buffer in
                Glibc.write(
                    descriptor, buffer.baseAddress?.advanced(by: offset), bytes.count - offset)
            }
            if count < 0 {
                if errno == EINTR { continue }
                return  // nobody listens any more
            }
            offset += count
        }
    }
}
