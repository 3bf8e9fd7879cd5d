// Words of the commands that talk to the service.

internal import ArgumentParser
internal import Cryptography
internal import Governance
internal import OfflineCommands
internal import Registry

extension Parse {
    static func model(_ text: String) throws -> ModelName {
        try require(ModelName(text), text, "a model such as credit/scorecard")
    }

    static func pattern(_ text: String) throws -> NamespacePattern {
        try require(NamespacePattern(text), text, "a namespace pattern such as credit, * or **")
    }

    static func namespace(_ text: String) throws -> Namespace {
        try require(Namespace(text), text, "a namespace such as credit")
    }

    static func principal(_ text: String) throws -> PrincipalID {
        try require(PrincipalID(text), text, "a principal such as p-0123456789abcdef")
    }

    static func subject(_ text: String) throws -> PersonalSubject {
        try require(
            PersonalSubject(text), text, "p-0123456789abcdef or card/credit/scorecard@3")
    }

    static func scope(_ text: String) throws -> HoldScope {
        try require(
            HoldScope(text), text,
            "principal/p-0123456789abcdef or version/credit/scorecard@3")
    }

    static func role(_ text: String) throws -> Role {
        let roles = Role.allCases.map(\.rawValue).joined(separator: ", ")
        return try require(Role(rawValue: text), text, "a role (\(roles))")
    }

    static func kind(_ text: String) throws -> PrincipalKind {
        try require(PrincipalKind(rawValue: text), text, "person or service")
    }

    static func tier(_ text: String) throws -> Tier {
        try require(
            Int64(text).flatMap(Tier.init(rawValue:)).flatMap {
                Tier.usable.contains($0) ? $0 : nil
            },
            text, "a tier: 1, 2 or 3")
    }

    static func algorithm(_ text: String) throws -> KeyAlgorithm {
        let names = KeyAlgorithm.allCases.filter(\.canSign)
        return try require(
            KeyAlgorithm(rawValue: text).flatMap { $0.canSign ? $0 : nil }, text,
            "an algorithm (\(names.map(\.rawValue).joined(separator: ", ")))")
    }

    static func entry(_ text: String) throws -> EntryName {
        try require(
            EntryName(text), text,
            "an entry: a leaf hash of 64 lowercase hex digits, an index such as 412, or id:519")
    }

    static func keyID(_ text: String) throws -> KeyID {
        try require(KeyID(hex: text), text, "a key id of 64 lowercase hex digits")
    }

    static func days(_ text: String) throws -> Int64 {
        try require(
            Int64(text).flatMap { (1...3_660).contains($0) ? $0 : nil }, text,
            "a number of days from 1 to 3660")
    }
}
