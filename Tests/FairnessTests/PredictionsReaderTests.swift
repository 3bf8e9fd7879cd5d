// Reading predictions files: what is accepted, and what is refused with which code.

import Testing

@testable import Fairness

@Suite struct PredictionsReaderTests {
    @Test(arguments: [
        "g,y,p\nA,1,0\n", "g,y,p\r\nA,1,0\r\n", "g,y,p\nA,1,0", "\u{FEFF}g,y,p\nA,1,0\n",
        "\"g\",\"y\",p\n\"A\",1,\"0\"\n", "p,x,g,y\n0,\"a,\n\"\"b\"\"\",A,1\n",
    ])
    func `the same record in every allowed spelling gives the same counts`(_ csv: String) throws {
        for chunk in [1, 2, 3, .max] {
            let counts = try counts(csv, .usual("g"), chunk: chunk)
            #expect(counts.cells == [.init(values: ["A"], counts: .init(falseNegatives: 1))])
        }
    }

    @Test func `quoted group values keep commas, quotes and spaces`() throws {
        let counts = try counts("g,y,p\n\" a, \"\"b\"\" \",1,1\n", .usual("g"))
        #expect(counts.cells[0].values == [" a, \"b\" "])
    }

    static let refused: [(String, String, CSVError.Code, Int)] = [
        ("empty file", "", .noHeader, 0),
        ("header only", "g,y,p\n", .noRows, 0),
        ("too few fields", "g,y,p\nA,1\n", .ragged, 2),
        ("too many fields", "g,y,p\nA,1,1,1\n", .ragged, 2),
        ("an empty line", "g,y,p\nA,1,1\n\nA,1,1\n", .ragged, 3),
        ("a quote inside", "g,y,p\nA\"B,1,1\n", .quote, 2),
        ("text after a quote", "g,y,p\n\"A\"B,1,1\n", .quote, 2),
        ("a space before a quote", "g,y,p\n \"A\",1,1\n", .quote, 2),
        ("unterminated", "g,y,p\n\"A,1,1\n", .unterminated, 2),
        ("bare CR", "g,y,p\rA,1,1\r", .carriageReturn, 1),
        ("CR at the end", "g,y,p\nA,1,1\r", .carriageReturn, 2),
        ("NUL", "g,y,p\nA\0,1,1\n", .nul, 2),
        ("NUL in quotes", "g,y,p\n\"A\0\",1,1\n", .nul, 2),
        ("a name twice", "g,y,p,y\nA,1,1,1\n", .duplicateColumn, 1),
        ("an unused name twice", "g,y,p,z,z\nA,1,1,1,1\n", .duplicateColumn, 1),
        ("unknown column", "group,y,p\nA,1,1\n", .unknownColumn, 1),
        ("another case", "G,y,p\nA,1,1\n", .unknownColumn, 1),
        ("no label", "g,y,p\nA,,1\n", .missingClass, 2),
        ("no prediction", "g,y,p\nA,1,\n", .missingClass, 2),
        ("a third class", "g,y,p\nA,1,0\nA,2,0\n", .tooManyClasses, 3),
        ("a class with a space", "g,y,p\nA,1,0\nA, 1,0\n", .tooManyClasses, 3),
        ("two classes, none positive", "g,y,p\nA,yes,no\n", .positiveNeverSeen, 0),
        ("a control character", "g,y,p\nA\u{7}B,1,1\n", .text, 2),
        ("a line break in a group", "g,y,p\n\"A\nB\",1,1\n", .text, 2),
        ("a direction override", "g,y,p\nA\u{202E}B,1,1\n", .text, 2),
        (
            "a long group", "g,y,p\n" + String(repeating: "x", count: 201) + ",1,1\n",
            .valueTooLong, 2
        ),
        (
            "an identifier as group",
            "g,y,p\n" + (0...200).map { "v\($0),1,1\n" }.joined(), .tooManyValues, 202
        ),
        (
            "too many columns", (0...1024).map { "c\($0)" }.joined(separator: ",") + "\n",
            .tooManyColumns, 1
        ),
        (
            "a record without end",
            "g,y,p\n\"" + String(repeating: "x", count: (1 << 20) + 10), .recordTooLong, 2
        ),
    ]

    @Test(arguments: refused.indices)
    func `a bad file is refused with its reason and record`(_ index: Int) throws {
        let (name, csv, code, record) = Self.refused[index]
        for chunk in [csv.utf8.count > 5_000 ? 4_096 : 1, .max] {
            let error = #expect(throws: CSVError.self, "\(name)") {
                try counts(csv, .usual("g"), chunk: chunk)
            }
            #expect(error?.code == code, "\(name)")
            #expect(error?.record == record, "\(name)")
        }
    }

    @Test func `bytes that are not UTF-8 are refused as a group`() throws {
        let bytes = Array("g,y,p\n".utf8) + [0xC3, 0x28] + Array(",1,1\n".utf8)
        let error = #expect(throws: CSVError.self) { try counts(bytes, .usual("g")) }
        #expect(error?.code == .encoding)
    }

    @Test func `all unknown columns are named at once`() throws {
        let error = #expect(throws: CSVError.self) { try counts("a,b\n1,1\n", .usual("g", "h")) }
        #expect(
            error?.message
                == "The header has no column y, no column p, no column g, no column h.")
    }

    @Test(arguments: ["0.5", "-1", "+3.25e-05", "10", "1E6"])
    func `a score is a decimal number`(_ score: String) throws {
        _ = try counts("g,y,p,s\nA,1,1,\(score)\n", .usual("g", score: "s"))
    }

    @Test(arguments: ["", "NaN", "inf", "0x1", "1.", ".5", "1e", "0,5", " 1", "1 "])
    func `anything else as a score is refused`(_ score: String) throws {
        let error = #expect(throws: CSVError.self) {
            try counts("g,y,p,s\nA,1,1,\"\(score)\"\n", .usual("g", score: "s"))
        }
        #expect(error?.code == .notANumber)
    }

    @Test func `columns that make no sense are refused before any byte`() {
        func code(_ columns: PredictionColumns) -> CSVError.Code? {
            do throws(CSVError) {
                _ = try PredictionsReader(columns)
                return nil
            } catch {
                return error.code
            }
        }
        #expect(
            code(.init(label: "y", prediction: "y", groups: ["g"], positive: "1")) == .sameColumn)
        #expect(
            code(.init(label: "y", prediction: "p", groups: ["y"], positive: "1")) == .sameColumn)
        #expect(
            code(.init(label: "y", prediction: "p", groups: [], positive: "1")) == .unknownColumn)
        #expect(
            code(.init(label: "y", prediction: "p", groups: ["g"], positive: "")) == .missingClass)
        #expect(code(.usual("g")) == nil)
    }
}
