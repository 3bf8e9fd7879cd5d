// What holds for every expression.

import CanonicalJSON
import TestSupport
import Testing

@testable import Expressions

@Suite struct CELPropertyTests {
    private let none = CELEnvironment([])

    private func expressions(_ count: Int, seed: UInt64) -> [String] {
        var generator = ExpressionGenerator(seed: seed)
        return (0..<count).map { _ in generator.expression() }
    }

    private func outcome(_ text: String, limit: Int = CELLimits.cost) throws -> CELEvaluation {
        try CELProgram(text, in: none).evaluate(CELBinding([:], none), costLimit: limit)
    }

    @Test func `what is printed is read as the same expression`() throws {
        for text in expressions(1_000, seed: 1) {
            let tree = try CELParser.parse(text)
            #expect(try CELParser.parse(tree.description) == tree, "\(text)")
        }
    }

    @Test func `&& and || come to the same from either side`() throws {
        var generator = ExpressionGenerator(seed: 2)
        var errors = 0
        for _ in 0..<500 {
            let (left, right) = (generator.bool(3), generator.bool(3))
            for sign in ["&&", "||"] {
                let one = try outcome("(\(left)) \(sign) (\(right))").result
                let other = try outcome("(\(right)) \(sign) (\(left))").result
                switch (one, other) {
                case (.success(let one), .success(let other)): #expect(one == other)
                case (.failure, .failure): errors += 1
                default: Issue.record("\(left) \(sign) \(right)")
                }
            }
        }
        // Errors must occur, or this says little.
        #expect(errors > 20)
    }

    @Test func `no evaluation takes a step more than allowed, and every lower limit stops it`()
        throws
    {
        var stopped = 0
        for text in expressions(500, seed: 3) {
            let free = try outcome(text)
            #expect(free.cost <= CELLimits.cost)
            for limit in [0, 1, free.cost / 2, free.cost - 1] where limit < free.cost {
                let bounded = try outcome(text, limit: limit)
                #expect(bounded.cost <= limit)
                guard case .failure(let error) = bounded.result else {
                    Issue.record("\(text) needs \(free.cost) and was content with \(limit)")
                    continue
                }
                #expect(error.code == .cost)
                stopped += 1
            }
            #expect(try outcome(text, limit: free.cost).cost == free.cost)
        }
        #expect(stopped > 1_200)
    }

    @Test func `an evaluation is the same every time`() throws {
        for text in expressions(300, seed: 4) {
            let (one, other) = (try outcome(text), try outcome(text))
            #expect(one.cost == other.cost)
            #expect(one.result == other.result)
        }
    }

    @Test func `exponential work ends at the limit`() throws {
        let range = "[0,1,2,3,4,5,6,7,8,9]"
        let deep = (0..<8).reduce("1 / 0 > 0") { inner, level in
            "\(range).all(x\(level), \(inner))"
        }
        let growing = "['foo','bar']" + String(repeating: ".map(x, x + x + x + x)", count: 20)
        for text in [deep, growing, "true || \(deep)", "\(deep) || true"] {
            let evaluation = try outcome(text)
            #expect(evaluation.cost <= CELLimits.cost)
            guard text != "true || \(deep)" else { continue }
            guard case .failure(let error) = evaluation.result else {
                Issue.record("\(text) ended")
                continue
            }
            #expect(error.code == .cost)
        }
    }

    @Test func `bytes at random are read or refused, and nothing else`() {
        var random = SplitMix(state: 5)
        let alphabet = Array("()[]{}.,:?!-+*/%<>=&|'\"\\rab01xue_ \n\té".unicodeScalars)
        var read = 0
        for _ in 0..<5_000 {
            var text = ""
            for _ in 0..<Int.random(in: 0..<16, using: &random) {
                text.unicodeScalars.append(
                    alphabet[Int.random(in: 0..<alphabet.count, using: &random)])
            }
            guard let tree = try? CELParser.parse(text) else { continue }
            read += 1
            #expect((try? CELParser.parse(tree.description)) == tree, "\(text)")
        }
        #expect(read > 50)
    }
}
