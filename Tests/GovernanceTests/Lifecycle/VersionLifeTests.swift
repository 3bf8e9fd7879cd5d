// swift-format-ignore-file: NeverForceUnwrap
import Cryptography
import Governance
import TestSupport
import Testing

@Suite struct `A version's life by the log` {
    /// What may happen to a version.
    private enum Step: CaseIterable {
        case approve, reject, requestChanges, withdrawApproval, suspend, withdraw, lift, next

        /// What it holds against the version for good; a suspension until it is lifted by signatures.
        var restricts: RestrictiveFold.Kind? {
            switch self {
            case .approve, .lift, .next: nil
            case .reject: .rejection
            case .requestChanges: .changesRequested
            case .withdrawApproval, .withdraw: .withdrawal
            case .suspend: .suspension
            }
        }

        func event(_ version: VersionReference, _ number: Int) -> Event? {
            func answer(_ meaning: ApprovalMeaning) -> Event {
                .approvalRecorded(
                    ApprovalRecorded(
                        version: version, request: "r-1",
                        statement: SampleFacts.digest("answer \(number)"),
                        document: SampleFacts.digest("document"),
                        principal: SampleFacts.principal(2), person: SampleFacts.principal(12),
                        role: .validator, meaning: meaning,
                        key: KeyID(hex: SampleFacts.digest("key").hex)!,
                        signedAt: SampleFacts.now, expiresAt: SampleFacts.days(9), decision: nil,
                        facts: nil))
            }
            return switch self {
            case .approve: answer(.approve)
            case .reject: answer(.reject)
            case .requestChanges: answer(.requestChanges)
            case .withdrawApproval: answer(.withdraw)
            case .suspend:
                .versionSuspended(
                    VersionSuspended(
                        version: version, restriction: "s-\(number)", reason: "drift"))
            case .withdraw:
                .versionWithdrawn(
                    VersionWithdrawn(
                        version: version, restriction: "w-\(number)", reason: "replaced"))
            case .lift:
                .versionLifted(
                    VersionLifted(
                        version: version, restriction: "s-\(number - 1)",
                        statement: SampleFacts.digest("lift"),
                        document: SampleFacts.digest("document"), reason: "mended"))
            case .next: nil
            }
        }
    }

    @Test func `keeps, in any order of 100,000 steps, everything that was held against it`() {
        var random = SplitMix(state: 93)
        var fold = RestrictiveFold()
        var number: Int64 = 1
        var version = VersionReference(model: SampleFacts.version.model, number: number)!
        var held: [RestrictiveFold.Kind] = []
        var former: (version: VersionReference, held: [RestrictiveFold.Kind])?
        for index in 0..<100_000 {
            // Of a version that is asked for changes, the next one is the answer; most go on a while.
            let step = Step.allCases.randomElement(using: &random) ?? .next
            guard let event = step.event(version, index) else {
                #expect(fold.restrictions(of: version).map(\.kind) == held)
                former = (version, held)
                number += 1
                version = VersionReference(model: SampleFacts.version.model, number: number)!
                held = []
                #expect(fold.restrictions(of: version) == [])
                continue
            }
            fold.apply(
                Entry(
                    actor: nil, configuration: nil, documents: [], idempotency: nil, event: event,
                    origin: "example.com/log", policy: nil, request: "q-1", subjects: [:],
                    time: SampleFacts.now))
            if let kind = step.restricts { held.append(kind) }
            if fold.restrictions(of: version).count != held.count {
                Issue.record("step \(index), \(step): \(fold.restrictions(of: version))")
                return
            }
        }
        // What happens to the next version reopens nothing of the one before.
        if let former {
            #expect(fold.restrictions(of: former.version).map(\.kind) == former.held)
        }
        #expect(number > 1_000)
    }
}
