// How far people who act together have come.
//
// Sets of accounts and persons are bits of a byte: four persons have eight accounts.

/// A set of small numbers.
struct SmallSet: Sendable, Hashable, Comparable {
    private(set) var bits: UInt8 = 0

    func contains(_ member: Int) -> Bool { bits >> UInt8(member) & 1 == 1 }

    var count: Int { bits.nonzeroBitCount }
    var isEmpty: Bool { bits == 0 }
    var members: [Int] { (0..<8).filter(contains) }

    mutating func insert(_ member: Int) { bits |= 1 << UInt8(member) }

    static func < (left: Self, right: Self) -> Bool { left.bits < right.bits }
}

/// What has been done, without the order in which it was.
struct CollusionState: Sendable, Hashable {
    /// Second accounts with every role that they can be given, by number.
    var accounts = SmallSet()
    /// Administrators who are so no longer.
    var resigned = SmallSet()
    var isRootRotated = false
    /// Which pack is in force.
    var pack = 0
    var submission: Submission?
    /// The account that signed the evaluation which counts.
    var evaluator: Int?
    /// How an account approved, a byte for each account: below, the role as a place in `Role.allCases` from 1,
    /// 0 for none; above, the account for which it did, from 1, 0 for itself.
    private(set) var approvals: UInt64 = 0
    var waivers: Set<Waived> = []
    /// How they come in without a quorum.
    var exception: Excepted?
    var isDeployed = false

    /// The version.
    struct Submission: Sendable, Hashable {
        var account: Int
        /// What the pack makes of its card.
        let tier: Tier
        /// The pack that it was submitted under.
        let pack: Int
    }

    /// A rule that an account has set aside.
    struct Waived: Sendable, Hashable {
        let account: Int
        let rule: String
        let role: Role
        /// The pack whose rule it is.
        let pack: Int
    }

    /// Nothing but accounts.
    static func beginning(_ accounts: SmallSet) -> CollusionState {
        var state = CollusionState()
        state.accounts = accounts
        return state
    }

    /// All that keys and roles depend on.
    struct Standing: Hashable {
        let accounts: SmallSet
        let resigned: SmallSet
    }

    var standing: Standing {
        Standing(accounts: accounts, resigned: resigned)
    }

    /// The role in which an account approved.
    func approval(of account: Int) -> Role? {
        let place = Int(approvals >> UInt64(8 * account) & 0xF)
        return place == 0 ? nil : Role.allCases[place - 1]
    }

    /// The account for which another one approved; nil for itself.
    func delegator(of account: Int) -> Int? {
        let place = Int(approvals >> UInt64(8 * account + 4) & 0xF)
        return place == 0 ? nil : place - 1
    }

    /// Who approved, in the order of their numbers.
    var approvers: [(account: Int, role: Role, delegator: Int?)] {
        (0..<8).compactMap { account in
            approval(of: account).map { (account, $0, delegator(of: account)) }
        }
    }

    var hasApprovals: Bool { approvals != 0 }

    mutating func approve(_ account: Int, as role: Role, for delegator: Int? = nil) {
        let place = UInt64(Role.allCases.firstIndex(of: role).map { $0 + 1 } ?? 0)
        let other = UInt64(delegator.map { $0 + 1 } ?? 0)
        approvals |= (other << 4 | place) << UInt64(8 * account)
    }

    // MARK: the same with other people in the same places

    /// The state after everybody took the place that is given for them, before anything is waived or excepted.
    func permuted(_ places: [Int]) -> CollusionState {
        let persons = places.count
        func moved(_ account: Int) -> Int {
            places[account % persons] + account / persons * persons
        }
        var state = self
        state.accounts = SmallSet()
        for account in accounts.members { state.accounts.insert(moved(account)) }
        state.resigned = SmallSet()
        for person in resigned.members { state.resigned.insert(places[person]) }
        state.submission?.account = moved(submission?.account ?? 0)
        state.evaluator = evaluator.map(moved)
        state.approvals = 0
        for approver in approvers {
            state.approve(
                moved(approver.account), as: approver.role, for: approver.delegator.map(moved))
        }
        return state
    }

    /// Some order among states that differ by who took which place only.
    func precedes(_ other: CollusionState) -> Bool {
        let mine = (submission?.account ?? -1, evaluator ?? -1, approvals, resigned, accounts)
        let others = (
            other.submission?.account ?? -1, other.evaluator ?? -1, other.approvals, other.resigned,
            other.accounts
        )
        return mine < others
    }
}
