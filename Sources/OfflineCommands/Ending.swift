// How a program of commands ends.

package import ArgumentParser

extension ParsableArguments {
    /// Tells an error in the words that `explain` finds, and answers with the exit code it deserves.
    package static func end(
        with error: any Error, _ explain: (any Error) -> CommandError
    ) -> ExitCode {
        if let code = error as? ExitCode { return code }
        let code = exitCode(for: error)
        switch code {
        case .success:
            Console.out(fullMessage(for: error))
            return code
        case .validationFailure:
            // The parser's own words begin with "Error: "; ours with "error: ".
            let text = fullMessage(for: error)
            Console.error(text.hasPrefix("Error: ") ? String(text.dropFirst(7)) : text)
            return code
        default:
            let explained = explain(error)
            explained.report()
            return explained.code
        }
    }
}
