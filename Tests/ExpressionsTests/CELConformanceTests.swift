// Facts of the conformance data of cel-spec: an expression and what it comes to.
//
// Taken over as facts, section by section, from tests/simple/testdata of cel-spec: basic, logic,
// integer_math, string, lists, fields, macros, parse, timestamps. Where an expression needs what is
// left out here (unsigned integers, bytes, mixed types), docs/reference/expressions.md says why.

import CanonicalJSON
import Testing

@testable import Expressions

@Suite struct CELConformanceTests {
    @Test(
        arguments: [
            ("0", 0), ("''", ""), (#""""#, ""), (#"r"""#, ""), ("false", false), ("null", .null),
            ("[]", []), ("{}", [:]), ("17", 17), ("-9223372036854775808", "-9223372036854775808"),
            (#""!""#, "!"), (#"'\''"#, "'"), ("[-1]", [-1]), (#"{"k":"v"}"#, ["k": "v"]),
            ("true", true), ("0.0", "0"), ("0e+0", "0"), ("-2.3e+1", "-23"),
        ] as [(String, JSON)])
    func `basic`(_ text: String, _ expected: JSON) throws {
        #expect(try value(text) == expected)
    }

    @Test(
        arguments: [
            ("true ? 1 : 2", 1), ("false ? 'foo' : 'bar'", "bar"), ("true && true", true),
            ("false && false", false), ("false && true", false), ("true && false", false),
            ("false && (2 / 0 > 3 ? false : true)", false),
            ("(2 / 0 > 3 ? false : true) && false", false), ("true || true", true),
            ("false || false", false), ("false || true", true), ("true || false", true),
            ("true || (2 / 0 > 3 ? false : true)", true),
            ("(2 / 0 > 3 ? false : true) || true", true), ("!true", false), ("!false", true),
        ] as [(String, JSON)])
    func `logic`(_ text: String, _ expected: JSON) throws {
        #expect(try value(text) == expected)
    }

    @Test(
        arguments: [
            ("42 + 2", 44), ("42 + (-2)", 40), ("-42 + (-2)", -44), ("42 - 2", 40),
            ("42 - (-2)", 44), ("-42 - (-2)", -40), ("42 * 2", 84), ("42 * (-2)", -84),
            ("-42 * (-2)", 84), ("42 / 2", 21), ("-42 / 2", -21), ("-42 / (-2)", 21),
            ("42 % 5", 2), ("42 % (-5)", 2), ("-42 % (-5)", -2), ("-(42)", -42), ("-(0)", 0),
            ("-(-42)", 42), ("15 * 0", 0),
        ] as [(String, JSON)])
    func `integer mathematics`(_ text: String, _ expected: JSON) throws {
        #expect(try value(text) == expected)
    }

    @Test(
        arguments: [
            ("size('')", 0), ("size('A')", 1), ("size('ÿ')", 1), ("size('four')", 4),
            ("size('πέντε')", 5), ("'foobar'.startsWith('foo')", true),
            ("'foobar'.startsWith('bar')", false), ("''.startsWith('foo')", false),
            ("'foobar'.startsWith('')", true), ("''.startsWith('')", true),
            ("'завтра'.startsWith('за')", true), ("'foobar'.endsWith('bar')", true),
            ("'foobar'.endsWith('foo')", false), ("''.endsWith('foo')", false),
            ("'foobar'.endsWith('')", true), ("''.endsWith('')", true),
            ("'forté'.endsWith('té')", true), ("'hubba'.matches('ubb')", true),
            ("''.matches('foo|bar')", false), ("'cows'.matches('')", true),
            ("''.matches('')", true), ("'abcd'.matches('bc')", true),
            ("'grey'.matches('gr(a|e)y')", true), ("'banana'.matches('ba(na)*')", true),
            ("'mañana'.matches('a+ñ+a+')", true), ("'he' + 'llo'", "hello"),
            ("'hello' + ' ' == 'hello'", false), ("'' + 'abc'", "abc"), ("'abc' + ''", "abc"),
            ("'' + ''", ""), ("'¢' + 'ÿ' + 'Ȁ'", "¢ÿȀ"), ("'r' + 'ô' + 'le'", "rôle"),
            ("'hello'.contains('he')", true), ("'hello'.contains('')", true),
            ("'hello'.contains('ol')", false), ("'abababc'.contains('ababc')", true),
            ("'Straße'.contains('aß')", true),
        ] as [(String, JSON)])
    func `strings`(_ text: String, _ expected: JSON) throws {
        #expect(try value(text) == expected)
    }

    @Test(
        arguments: [
            ("[0, 1, 2]+[3, 4, 5]==[0, 1, 2, 3, 4, 5]", true),
            ("[0, 1, 2]+[3, 4, 5]==[3, 4, 5, 0, 1, 2]", false), ("[2]+[2]==[2, 2]", true),
            ("{true:5}[true]", 5), ("{true:null}[true]", .null), ("{27:false}[27]", false),
            ("{'n':'x'}['n']", "x"), ("{3:15.15}[3]", "15.15"), ("{true:1,false:2}[true]", 1),
            (#"{"map": {"k": "v"}}["map"]"#, ["k": "v"]), ("{'name':100}.name", 100),
        ] as [(String, JSON)])
    func `lists and fields`(_ text: String, _ expected: JSON) throws {
        #expect(try value(text) == expected)
    }

    @Test(
        arguments: [
            ("[1, 2, 3].exists(e, e > 0)", true), ("[1, 2, 3].exists(e, e == 2)", true),
            ("[1, 2, 3].exists(e, e > 3)", false), ("[].exists(e, e == 2)", false),
            ("{'key1':1, 'key2':2}.exists(k, k == 'key2')", true),
            ("!{'key1':1, 'key2':2}.exists(k, k == 'key3')", true),
            ("[1, 2, 3].all(e, e > 0)", true), ("[1, 2, 3].all(e, e == 2)", false),
            ("[1, 2, 3].all(e, e == 17)", false), ("[1, 2, 3].all(e, 6 / (2 - e) == 6)", false),
            ("[].all(e, e > 0)", true), ("{'key1':1, 'key2':2}.all(k, k == 'key2')", false),
            ("[].exists_one(a, a == 7)", false), ("[7].exists_one(a, a == 7)", true),
            ("[8].exists_one(a, a == 7)", false), ("[1, 2, 3].exists_one(x, x > 20)", false),
            ("[6, 7, 8].exists_one(foo, foo % 5 == 2)", true),
            ("[0, 1, 2, 3, 4].exists_one(n, n % 2 == 1)", false),
            ("['foal', 'foo', 'four'].exists_one(n, n.startsWith('fo'))", false),
            ("{6: 'six', 7: 'seven', 8: 'eight'}.exists_one(foo, foo % 5 == 2)", true),
            ("[].map(n, n / 2)", []), ("[3].map(n, n * n)", [9]),
            ("[2, 4, 6].map(n, n / 2)", [1, 2, 3]),
            ("{1: 1, 2: 4, 3: 9}.map(x, x * x)", [1, 4, 9]), ("[].filter(n, n % 2 == 0)", []),
            ("[2].filter(n, n == 2)", [2]), ("[1].filter(n, n > 3)", []),
            ("[0, 1, 2, 3, 4].filter(x, x % 2 == 1)", [1, 3]),
            ("{0: 10, 1: 11, 2: 12, 3: 13, 4: 14}.filter(x, x % 2 == 1)", [1, 3]),
        ] as [(String, JSON)])
    func `macros`(_ text: String, _ expected: JSON) throws {
        #expect(try value(text) == expected)
    }

    @Test(
        arguments: [
            ("int(timestamp('2009-02-13T23:31:30Z'))", 1_234_567_890),
            ("string(timestamp('2009-02-13T23:31:30Z'))", "2009-02-13T23:31:30Z"),
            (
                "string(timestamp('9999-12-31T23:59:59.999999999Z'))",
                "9999-12-31T23:59:59.999999999Z"
            ),
            ("string(duration('1000000s'))", "1000000s"),
            ("timestamp('2009-02-13T23:31:30Z').getDate()", 13),
            ("timestamp('2009-02-13T23:31:30Z').getDayOfMonth()", 12),
            ("timestamp('2009-02-13T23:31:30Z').getDayOfWeek()", 5),
            ("timestamp('2009-02-13T23:31:30Z').getDayOfYear()", 43),
            ("timestamp('2009-02-13T23:31:30Z').getFullYear()", 2009),
            ("timestamp('2009-02-13T23:31:30Z').getHours()", 23),
            ("timestamp('2009-02-13T23:31:20.123456789Z').getMilliseconds()", 123),
            ("timestamp('2009-02-13T23:31:30Z').getMinutes()", 31),
            ("timestamp('2009-02-13T23:31:30Z').getMonth()", 1),
            ("timestamp('2009-02-13T23:31:30Z').getSeconds()", 30),
            ("timestamp('2009-02-13T23:31:30Z').getDayOfMonth('+11:00')", 13),
            ("timestamp('2009-02-13T02:00:00Z').getDayOfMonth('-02:30')", 11),
            ("timestamp('2009-02-13T23:31:30Z').getDayOfWeek('UTC')", 5),
            ("timestamp('2009-02-13T23:31:30Z').getFullYear('-09:30')", 2009),
            ("timestamp('2009-02-13T23:31:30Z').getHours('02:00')", 1),
            ("timestamp('2009-02-13T23:31:30Z').getSeconds('-00:00')", 30),
            ("timestamp('1945-05-07T02:41:00Z') != timestamp('1945-05-07T02:41:00Z')", false),
            ("duration('60s') == duration('3600s')", false),
            ("duration('86400s') != duration('86164s')", true),
            ("duration('120s') + timestamp('2009-02-13T23:01:00Z')", "2009-02-13T23:03:00Z"),
            ("duration('600s') + duration('50s') == duration('650s')", true),
            (
                "timestamp('0001-01-01T00:00:01.000000001Z') + duration('-999999999ns')",
                "0001-01-01T00:00:00.000000002Z"
            ),
            ("timestamp('2009-02-13T23:10:00Z') - duration('600s')", "2009-02-13T23:00:00Z"),
            ("timestamp('2009-02-13T23:31:00Z') - timestamp('2009-02-13T23:29:00Z')", "120s"),
            ("timestamp('2009-02-13T23:00:00Z') <= timestamp('2009-02-13T22:59:59Z')", false),
            ("duration('200s') < duration('300s')", true), ("duration('10000s').getHours()", 2),
            ("duration('123.321456789s').getMilliseconds()", 321),
            ("duration('3730s').getMinutes()", 62), ("duration('3730s').getSeconds()", 3_730),
        ] as [(String, JSON)])
    func `timestamps and durations`(_ text: String, _ expected: JSON) throws {
        #expect(try value(text) == expected)
    }

    @Test(
        arguments: [
            ("2 / 0 > 4 ? 'baz' : 'quux'", .divideByZero), ("true && 1/0 != 0", .divideByZero),
            ("1/0 != 0 && true", .divideByZero), ("false || 1/0 != 0", .divideByZero),
            ("1/0 != 0 || false", .divideByZero), ("42 % 0", .divideByZero),
            ("[1, 2, 3].exists(e, e / 0 == 17)", .divideByZero),
            ("[1, 2, 3].all(e, e / 0 != 17)", .divideByZero),
            ("[3, 2, 1, 0].exists_one(n, 12 / n > 1)", .divideByZero),
            ("[2, 1, 0].map(n, 4 / n)", .divideByZero),
            ("[3, 2, 1, 0].filter(n, 12 / n > 4)", .divideByZero),
            ("{0:1,2:2,5:3}[1]", .noSuchKey), ("{'holiday':'field'}.name", .noSuchKey),
            ("[1][1]", .outOfBounds), ("[1][-1]", .outOfBounds), ("{1: 1, 1: 2}", .duplicateKey),
            ("9223372036854775807 + 1", .overflow), ("-9223372036854775808 - 1", .overflow),
            ("-9223372036854775808 / -1", .overflow), ("-9223372036854775808 % -1", .overflow),
            ("-(-9223372036854775808)", .overflow), ("4611686018427387904 * 2", .overflow),
            ("timestamp('0001-01-01T00:00:00Z') + duration('-1s')", .overflow),
            ("timestamp('9999-12-31T23:59:59Z') + duration('1s')", .overflow),
            ("timestamp('9999-12-31T23:59:59.999999999Z') + duration('1ns')", .overflow),
            ("timestamp('9999-12-31T23:59:59Z') - timestamp('0001-01-01T00:00:00Z')", .overflow),
            ("duration('9000000000s') + duration('9000000000s')", .overflow),
        ] as [(String, CELError.Code)])
    func `errors`(_ text: String, _ code: CELError.Code) throws {
        let error = #expect(throws: CELError.self) { try value(text) }
        #expect(error?.code == code)
    }

    @Test(arguments: [
        "timestamp('0000-01-01T00:00:00Z')", "timestamp('10000-01-01T00:00:00Z')",
        "timestamp('2026-02-29T00:00:00Z')", "duration('-320000000000s')",
        "duration('320000000000s')", "duration('1d')", "duration('P1D')", "decimal('1/0')",
        "'a'.matches('(')",
    ])
    func `a constant that can never be right is found when it is loaded`(_ text: String) {
        #expect(fault(text)?.code == .value)
    }

    @Test func `parse trees as deep and rows as long as the specification asks`() throws {
        func row(_ part: String, _ sign: String) -> String {
            Array(repeating: part, count: 33).joined(separator: sign)
        }
        func nested(_ open: String, _ inner: String, _ close: String) -> String {
            String(repeating: open, count: 32) + inner + String(repeating: close, count: 32)
        }
        #expect(try value(nested("(", "7", ")")) == 7)
        #expect(try value("size(\(nested("[", "0", "]")))") == 1)
        #expect(try value("size(\(nested("{0: ", "0", "}")))") == 1)
        #expect(try value(nested("int(", "7", ")")) == 7)
        #expect(try value(nested("[", "'foo'", "]") + nested("", "", "[0]")) == "foo")
        #expect(try value(nested("true ? true : ", "false", "")) == true)
        #expect(try value(row("false", " || ") + " || true") == true)
        #expect(try value(row("true", " && ") + " && false") == false)
        #expect(try value(row("3", " - ")) == -93)
        #expect(try value(row("1", " * ")) == 1)
        #expect(try value(nested("!", "true", "")) == true)
        #expect(try value(nested("-", "19", "")) == 19)
    }
}
