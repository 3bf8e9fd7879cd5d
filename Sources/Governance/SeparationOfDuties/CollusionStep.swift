// What people who act together can do, one step at a time.
//
// Accounts are numbered: those below the number of persons are everybody's own, the others are second
// accounts in the same order, which the register links to their owner's first.

package import CanonicalJSON

/// A step towards production.
package enum CollusionStep: Sendable, Hashable {
    /// A second account with a key of its own, registered as the same person's, and every role for it that
    /// the colluders' keys can give, but administration: whose account administers approves by none.
    case createAccount(Int)
    /// A person lays down the role of an administrator.
    case resign(Int)
    /// The trust root is replaced by one with other custodians and the least threshold.
    case rotateRoot
    /// The weakest pack that can be activated comes into force.
    case activatePack
    /// An account submits the model, stating a tier.
    case submit(Int, Tier)
    case evaluate(Int)
    case approve(Int, Role)
    /// An account delegates a role to another one, which approves in it.
    case delegate(from: Int, to: Int, Role)
    /// An account waives a rule of the pack in force.
    case waive(Int, String, Role)
    /// Two accounts sign that the version comes in without its quorum, each in a role.
    case except(CollusionException, Int, Role, Int, Role)
    case deploy(Int)

    /// `P1`, `P2`, … by number from 0.
    package static func name(of person: Int) -> String { "P\(person + 1)" }

    /// The account that acts, or is acted upon; nil for what people do together.
    package var account: Int? {
        switch self {
        case .createAccount(let account), .resign(let account),
            .submit(let account, _), .evaluate(let account), .approve(let account, _),
            .delegate(from: _, to: let account, _), .waive(let account, _, _),
            .except(_, let account, _, _, _), .deploy(let account):
            account
        case .rotateRoot, .activatePack: nil
        }
    }

    /// Everybody whose signature the step takes by itself.
    var accounts: [Int] {
        switch self {
        case .delegate(let from, let to, _): [from, to]
        case .except(_, let first, _, let second, _): [first, second]
        default: account.map { [$0] } ?? []
        }
    }

    /// The step in words.
    package func sentence(_ persons: Int) -> String {
        func name(_ account: Int) -> String {
            let name = Self.name(of: account % persons)
            return account < persons ? name : "\(name)'s second account"
        }
        let who = account.map(name) ?? "Together they"
        return switch self {
        case .createAccount: "\(who) is created, with every role that they can give it"
        case .resign: "\(who) is administrator no longer"
        case .rotateRoot: "\(who) replace the trust root"
        case .activatePack: "\(who) put the weakest pack in force that is accepted"
        case .submit(_, let tier): "\(who) submits the model, stating tier \(tier)"
        case .evaluate: "\(who) signs the evaluation"
        case .approve(_, let role): "\(who) approves as \(role)"
        case .delegate(let from, _, let role):
            "\(who) approves as \(role) for \(Self.name(of: from % persons))"
                + (from < persons ? "" : "'s second account") + ", who delegates that"
        case .waive(_, let rule, let role): "\(who) waives \(rule) as \(role)"
        case .except(.emergency, _, let role, let second, let other):
            "\(who) as \(role) and \(name(second)) as \(other) break the glass"
        case .except(.legacy, _, let role, let second, let other):
            "\(who) as \(role) and \(name(second)) as \(other) import it as legacy"
        case .deploy: "\(who) deploys"
        }
    }

    private var word: String {
        switch self {
        case .createAccount: "create-account"
        case .resign: "resign"
        case .rotateRoot: "rotate-root"
        case .activatePack: "activate-pack"
        case .submit: "submit"
        case .evaluate: "evaluate"
        case .approve: "approve"
        case .delegate: "delegate"
        case .waive: "waive"
        case .except(let exception, _, _, _, _): exception.rawValue
        case .deploy: "deploy"
        }
    }

    /// `{"do":"approve","account":1,"role":"validator"}`.
    package var json: JSON {
        var members: [String: JSON] = ["do": .string(word)]
        if let account { members["account"] = .integer(Int64(account)) }
        switch self {
        case .submit(_, let tier): members["tier"] = tier.json
        case .approve(_, let role): members["role"] = .text(role)
        case .delegate(let from, _, let role):
            members["from"] = .integer(Int64(from))
            members["role"] = .text(role)
        case .waive(_, let rule, let role):
            members["rule"] = .string(rule)
            members["role"] = .text(role)
        case .except(_, _, let role, let second, let secondRole):
            members["role"] = .text(role)
            members["second"] = .integer(Int64(second))
            members["secondRole"] = .text(secondRole)
        default: break
        }
        return .object(members)
    }

    /// Reads what `json` writes; nil for anything else.
    package init?(json: JSON, persons: Int) {
        let account = json["account"]?.integer.map { Int($0) }
        if let account, !(0..<2 * persons).contains(account) { return nil }
        let from = json["from"]?.integer.map { Int($0) }
        if let from, !(0..<2 * persons).contains(from) { return nil }
        let role = json["role"]?.string.flatMap { Role(rawValue: $0) }
        let step: CollusionStep? =
            switch json["do"]?.string {
            case "create-account": account.map(Self.createAccount)
            case "resign": account.map(Self.resign)
            case "rotate-root": .rotateRoot
            case "activate-pack": .activatePack
            case "submit":
                account.flatMap { account in
                    json["tier"].flatMap { Tier(json: $0) }.map { .submit(account, $0) }
                }
            case "evaluate": account.map(Self.evaluate)
            case "approve": account.flatMap { account in role.map { .approve(account, $0) } }
            case "delegate":
                account.flatMap { account in
                    from.flatMap { from in
                        role.map { .delegate(from: from, to: account, $0) }
                    }
                }
            case "waive":
                account.flatMap { account in
                    role.flatMap { role in
                        json["rule"]?.string.map { .waive(account, $0, role) }
                    }
                }
            case "deploy": account.map(Self.deploy)
            case let word?: Self.exception(word, json, account, role, persons)
            case nil: nil
            }
        guard let step, step.json == json else { return nil }
        self = step
    }

    private static func exception(
        _ word: String, _ json: JSON, _ first: Int?, _ firstRole: Role?, _ persons: Int
    ) -> CollusionStep? {
        guard let exception = CollusionException(rawValue: word), let first, let firstRole,
            let second = json["second"]?.integer.map({ Int($0) }),
            (0..<2 * persons).contains(second),
            let secondRole = json["secondRole"]?.string.flatMap({ Role(rawValue: $0) })
        else { return nil }
        return .except(exception, first, firstRole, second, secondRole)
    }
}
