// Reading the lines of a witness policy (grammar: WitnessPolicy.swift), collecting all that is wrong.

/// Collects definitions and findings, line by line.
struct WitnessPolicyReader {
    private var logs: [WitnessPolicy.Log] = []
    private var witnesses: [WitnessPolicy.Witness] = []
    private var groups: [WitnessPolicy.Group] = []
    private var quorum: WitnessPolicy.Name?
    private var quorumLines = 0
    private var defined: Set<WitnessPolicy.Name> = []
    private var members: Set<WitnessPolicy.Name> = []
    private var logKeys: Set<[UInt8]> = []
    private var witnessKeys: Set<[UInt8]> = []
    private var findings: [WitnessPolicyError.Finding] = []

    private static let none = WitnessPolicy.Name("none".utf8)

    /// Notes that a line is wrong.
    mutating func refuse(_ line: Int, _ reason: String) {
        findings.append(.init(line: line, reason: reason))
    }

    /// The policy, or all that is wrong with it.
    mutating func finish() throws(WitnessPolicyError) -> WitnessPolicy {
        if quorumLines == 0 { refuse(0, "there is no quorum line") }
        guard findings.isEmpty else { throw WitnessPolicyError(findings: findings) }
        return WitnessPolicy(logs: logs, witnesses: witnesses, groups: groups, quorum: quorum)
    }

    /// Reads one line without its LF.
    mutating func read(_ line: ArraySlice<UInt8>, number: Int) {
        guard line.allSatisfy({ $0 == 0x09 || ($0 >= 0x20 && $0 != 0x7f) }) else {
            return refuse(number, "has a control character")
        }
        let items = line.split { $0 == UInt8(ascii: " ") || $0 == 0x09 }
        guard let keyword = items.first, keyword.first != UInt8(ascii: "#") else { return }
        let rest = items.dropFirst()
        if keyword.elementsEqual("log".utf8) {
            readLog(rest, number)
        } else if keyword.elementsEqual("witness".utf8) {
            readWitness(rest, number)
        } else if keyword.elementsEqual("group".utf8) {
            readGroup(rest, number)
        } else if keyword.elementsEqual("quorum".utf8) {
            readQuorum(rest, number)
        } else {
            refuse(number, "begins with none of log, witness, group, quorum")
        }
    }

    private mutating func readLog(_ items: ArraySlice<ArraySlice<UInt8>>, _ line: Int) {
        guard (1...2).contains(items.count) else {
            return refuse(line, "is not: log <vkey> [<url>]")
        }
        guard let key = key(items[items.startIndex], line) else { return }
        guard [0x01, 0x02, 0x06].contains(key.kind.rawValue) else {
            return refuse(line, "has a key of a type that no log signs with")
        }
        guard logKeys.insert(key.keyBytes).inserted else {
            return refuse(line, "has a public key that another log has")
        }
        guard logs.count < LogLimits.policyDefinitions else {
            return refuse(line, "is one too many")
        }
        guard checkURL(items.dropFirst().first, line) else { return }
        logs.append(.init(key: key, url: Self.text(items.dropFirst().first)))
    }

    private mutating func readWitness(_ items: ArraySlice<ArraySlice<UInt8>>, _ line: Int) {
        guard (2...3).contains(items.count) else {
            return refuse(line, "is not: witness <name> <vkey> [<url>]")
        }
        let name = WitnessPolicy.Name(items[items.startIndex])
        guard define(name, line), let key = key(items[items.startIndex + 1], line) else { return }
        guard [0x04, 0x06].contains(key.kind.rawValue) else {
            return refuse(line, "has a key of a type that no witness signs with")
        }
        guard witnessKeys.insert(key.keyBytes).inserted else {
            return refuse(line, "has a public key that another witness has")
        }
        guard witnesses.count < LogLimits.policyDefinitions else {
            return refuse(line, "is one too many")
        }
        guard checkURL(items.dropFirst(2).first, line) else { return }
        witnesses.append(.init(name: name, key: key, url: Self.text(items.dropFirst(2).first)))
    }

    private mutating func readGroup(_ items: ArraySlice<ArraySlice<UInt8>>, _ line: Int) {
        guard items.count >= 3 else {
            return refuse(line, "is not: group <name> all|any|<k> <member> …")
        }
        let name = WitnessPolicy.Name(items[items.startIndex])
        let rule = items[items.startIndex + 1]
        let names = items.dropFirst(2).map { WitnessPolicy.Name($0) }
        for member in names {
            guard member != Self.none, defined.contains(member) else {
                return refuse(line, "names a member that no line above defines")
            }
            guard members.insert(member).inserted else {
                return refuse(line, "names a member that is one already")
            }
        }
        let threshold: Int64? =
            if rule.elementsEqual("all".utf8) {
                Int64(names.count)
            } else if rule.elementsEqual("any".utf8) { 1 } else { Decimal.parse(rule) }
        guard let threshold, threshold >= 1, threshold <= Int64(names.count) else {
            return refuse(line, "has a threshold that is not all, any or 1 … number of members")
        }
        // After its members: a group is no member of itself.
        guard define(name, line) else { return }
        guard groups.count < LogLimits.policyDefinitions else {
            return refuse(line, "is one too many")
        }
        groups.append(.init(name: name, threshold: Int(threshold), members: names))
    }

    private mutating func readQuorum(_ items: ArraySlice<ArraySlice<UInt8>>, _ line: Int) {
        quorumLines += 1
        guard quorumLines == 1 else { return refuse(line, "is a second quorum") }
        guard items.count == 1, let item = items.first else {
            return refuse(line, "is not: quorum <name>|none")
        }
        let name = WitnessPolicy.Name(item)
        guard name != Self.none else { return }
        guard defined.contains(name) else {
            return refuse(line, "names what no line above defines")
        }
        quorum = name
    }

    private mutating func define(_ name: WitnessPolicy.Name, _ line: Int) -> Bool {
        guard name != Self.none else {
            refuse(line, "defines “none”")
            return false
        }
        guard defined.insert(name).inserted else {
            refuse(line, "defines a name again")
            return false
        }
        return true
    }

    private mutating func key(_ item: ArraySlice<UInt8>, _ line: Int) -> VerifierKey? {
        guard let text = String(validating: item, as: UTF8.self) else {
            refuse(line, "has a key that is not UTF-8")
            return nil
        }
        do {
            return try VerifierKey(text)
        } catch {
            refuse(line, error.description)
            return nil
        }
    }

    private mutating func checkURL(_ item: ArraySlice<UInt8>?, _ line: Int) -> Bool {
        guard let item else { return true }
        guard item.count <= LogLimits.urlBytes, Self.text(item) != nil else {
            refuse(line, "has a URL that is too long or not UTF-8")
            return false
        }
        return true
    }

    private static func text(_ item: ArraySlice<UInt8>?) -> String? {
        item.flatMap { String(validating: $0, as: UTF8.self) }
    }
}
