// Our implementation beside cel-python's: 10,000 generated expressions, agreeing on value or error.

import CanonicalJSON
import TestSupport
import Testing

@testable import Expressions

@Suite(.enabled(if: Peers.has("celpy"), Peers.hint))
struct CELPythonTests {
    private static let program = """
        import json, sys, celpy
        environment = celpy.Environment()
        def plain(value):
            if isinstance(value, celpy.celtypes.BoolType): return bool(value)
            if isinstance(value, celpy.celtypes.IntType): return {"int": str(int(value))}
            if isinstance(value, celpy.celtypes.ListType): return [plain(v) for v in value]
            if isinstance(value, bool): return value
            if isinstance(value, int): return {"int": str(value)}
            return str(value)
        def answer(text):
            try:
                value = environment.program(environment.compile(text)).evaluate({})
            except celpy.CELEvalError:
                return None
            return plain(value)
        print(json.dumps([answer(text) for text in json.load(sys.stdin)]))
        """

    private func plain(_ value: CELValue) -> JSON {
        switch value {
        case .int(let value): ["int": .string("\(value)")]
        case .list(let elements): .array(elements.map(plain))
        default: value.json
        }
    }

    @Test(arguments: 0..<10)
    func `both come to the same`(_ part: Int) throws {
        var generator = ExpressionGenerator(seed: UInt64(1_000 + part), addsLists: false)
        var texts: Set<String> = []
        while texts.count < 1_000 {
            let text = generator.expression()
            if text.utf8.count < 600 { texts.insert(text) }
        }
        let list = texts.sorted()
        let ran = try Peers.python(
            ["-W", "ignore", "-c", Self.program],
            input: JSON.array(list.map(JSON.string)).canonicalBytes)
        let answers = try #require(
            try JSON(parsing: Array(ran.output.utf8)).array, "\(ran.errors.suffix(500))")
        try #require(answers.count == list.count)
        let none = CELEnvironment([])
        var (errors, unabsorbed) = (0, 0)
        for (text, answer) in zip(list, answers) {
            let evaluation = try CELProgram(text, in: none).evaluate(CELBinding([:], none))
            switch evaluation.result {
            case .success(let value):
                // An error within one of these ends cel-python's evaluation although the other side
                // of an && or || decides; the specification says that it is then ignored.
                let macros = [".map(", ".filter(", ".exists_one("]
                if answer.isNull, macros.contains(where: text.contains) {
                    unabsorbed += 1
                } else {
                    #expect(plain(value) == answer, "\(text)")
                }
            case .failure(let error):
                errors += 1
                #expect(answer.isNull, "\(error) in \(text)")
            }
        }
        // Both kinds must occur often, or the comparison says little.
        #expect((100...900).contains(errors))
        #expect(unabsorbed <= 10)
    }
}
