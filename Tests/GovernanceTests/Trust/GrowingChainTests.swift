// swift-format-ignore-file: NeverForceUnwrap, NeverUseForceTry
import Cryptography
import Governance
import Testing

@Suite struct `A trust chain that grows with the log` {
    /// Keys and roles of many people without signing anything: who signed is said, not proved.
    private struct Crowd {
        let custodians = [try! PrivateKey.generate(.ed25519), try! PrivateKey.generate(.ed25519)]
            .map(\.publicKey)
        let keys: [PublicKey]

        init(_ count: Int) throws {
            keys = try (0..<count).map { _ in try PrivateKey.generate(.ed25519).publicKey }
        }

        var anchor: TrustAnchor {
            TrustAnchor(origin: TrustWorld.origin, custodians: Set(custodians.map(\.id)))
        }

        func id(_ number: Int) -> PrincipalID {
            PrincipalID(
                "p-" + String(repeating: "0", count: 16 - String(number).count) + "\(number)")!
        }

        func digest(_ name: String) -> SHA256Digest { SHA256.hash(Array(name.utf8)) }

        func key(_ number: Int, at time: Timestamp) -> Endorsement {
            Endorsement(
                .key(
                    KeyAssignment(
                        origin: TrustWorld.origin, principal: id(number), kind: .person,
                        key: keys[number], validFrom: TrustWorld.start, validUntil: TrustWorld.end)
                ), digest: digest("key \(number)"),
                signers: [keys[number].id, custodians[0].id], recordedAt: time)
        }

        func role(
            _ role: Role, _ number: Int, person: Int? = nil, by signers: [PublicKey],
            at time: Timestamp
        ) -> Endorsement {
            Endorsement(
                .role(
                    RoleAssignment(
                        origin: TrustWorld.origin, principal: id(number),
                        person: id(person ?? number), role: role, namespace: .everything,
                        credentials: [digest("key \(number)")], validFrom: TrustWorld.start,
                        validUntil: TrustWorld.end)),
                digest: digest("\(role) \(number) \(person ?? number)"),
                signers: Set(signers.map(\.id)), recordedAt: time)
        }
    }

    private enum Step {
        case endorse(Endorsement)
        case revoke(TrustRevocation)
        case link(PrincipalID, PrincipalID)
    }

    /// Everything that can be asked of a chain about a crowd.
    private func answers(_ chain: TrustChain, _ crowd: Crowd) -> [String] {
        let namespace = Namespace("credit")!
        var all = chain.problems.map { "\($0.key) \($0.value)" }.sorted()
        for number in crowd.keys.indices {
            let id = crowd.id(number)
            for time in [TrustWorld.start, SampleFacts.days(-50), SampleFacts.days(0)] {
                all.append("\(chain.roles(of: id, in: namespace, at: time))")
                all.append(
                    "\(String(describing: chain.holder(of: crowd.keys[number].id, at: time)))")
                let held = chain.entitlement(
                    of: id, signers: [crowd.keys[number].id], role: .validator,
                    namespace: namespace, assignment: crowd.digest("validator \(number) \(number)"),
                    at: time)
                all.append("\(held)")
            }
            all.append("\(chain.linked(to: id))")
        }
        return all
    }

    @Test(arguments: 0..<20)
    func `says the same as one that is judged at once, whatever comes late`(seed: Int) throws {
        let crowd = try Crowd(8)
        var random = SystemRandomNumberGenerator()
        func time(_ step: Int) -> Timestamp { SampleFacts.days(-90 + Int64(step)) }
        var steps: [Step] = []
        for number in crowd.keys.indices { steps.append(.endorse(crowd.key(number, at: time(0)))) }
        for step in 1..<40 {
            let number = Int.random(in: 0..<8, using: &random)
            let other = Int.random(in: 0..<8, using: &random)
            switch Int.random(in: 0..<8, using: &random) {
            case 0:
                // Also dated back: what it touches has to be judged again.
                let from = time(Int.random(in: 1...step, using: &random))
                steps.append(
                    .revoke(TrustRevocation(.key(crowd.keys[number].id), effectiveFrom: from)))
            case 1:
                steps.append(
                    .revoke(
                        TrustRevocation(
                            .assignment(crowd.digest("administrator \(number) \(number)")),
                            effectiveFrom: time(step))))
            case 2: steps.append(.link(crowd.id(number), crowd.id(other)))
            case 3:
                steps.append(
                    .endorse(
                        crowd.role(
                            .administrator, number, by: crowd.custodians, at: time(step))))
            case 4:
                steps.append(
                    .endorse(
                        crowd.role(
                            .owner, number, person: other, by: [crowd.keys[other]], at: time(step)))
                )
            default:
                let signers = [
                    crowd.keys[other], crowd.keys[Int.random(in: 0..<8, using: &random)],
                ]
                steps.append(
                    .endorse(crowd.role(.validator, number, by: signers, at: time(step))))
            }
        }
        var grown = TrustChain(anchor: crowd.anchor, endorsements: [])
        var endorsements: [Endorsement] = []
        var revocations: [TrustRevocation] = []
        var links: [(principal: PrincipalID, person: PrincipalID)] = []
        for step in steps {
            switch step {
            case .endorse(let endorsement):
                grown.endorse(endorsement)
                endorsements.append(endorsement)
            case .revoke(let revocation):
                grown.revoke(revocation)
                revocations.append(revocation)
            case .link(let principal, let person):
                grown.link(principal, person)
                links.append((principal, person))
            }
        }
        let whole = TrustChain(
            anchor: crowd.anchor, endorsements: endorsements, revocations: revocations, links: links
        )
        #expect(answers(grown, crowd) == answers(whole, crowd))
    }

    @Test func `a custodian counts from the root that names it to the one that does not`() throws {
        let crowd = try Crowd(3)
        var chain = TrustChain(anchor: crowd.anchor, endorsements: [])
        chain.endorse(crowd.key(0, at: SampleFacts.days(-90)))
        let successor = try PrivateKey.generate(.ed25519).publicKey
        chain.rotate(
            to: TrustAnchor(origin: TrustWorld.origin, custodians: [successor.id]))
        chain.endorse(crowd.key(1, at: SampleFacts.days(-80)))
        #expect(chain.problems.keys.contains(crowd.digest("key 1")))
        #expect(!chain.problems.keys.contains(crowd.digest("key 0")))
        // Judged again, each statement still meets the custodians of its own time.
        chain.revoke(
            TrustRevocation(.key(crowd.keys[2].id), effectiveFrom: SampleFacts.days(-95)))
        #expect(chain.problems.keys.contains(crowd.digest("key 1")))
        #expect(chain.holder(of: crowd.keys[0].id, at: SampleFacts.days(0)) != nil)
    }

    @Test func `ten thousand people cost each about the same, also while others read`() throws {
        let count = 10_000
        let crowd = try Crowd(count)
        let clock = ContinuousClock()
        var chain = TrustChain(anchor: crowd.anchor, endorsements: [])
        var readers: [TrustChain] = []
        var marks: [ContinuousClock.Instant] = [clock.now]
        for number in 0..<count {
            let time = SampleFacts.days(-90)
            chain.link(crowd.id(number), crowd.id(number))
            chain.endorse(crowd.key(number, at: time))
            chain.endorse(crowd.role(.validator, number, by: crowd.custodians, at: time))
            if number % 10 == 0 { readers = [chain] }
            if number % 2_000 == 1_999 { marks.append(clock.now) }
        }
        let parts = zip(marks, marks.dropFirst()).map { $1 - $0 }
        #expect(readers.count == 1 && chain.problems.isEmpty)
        #expect(parts[4] < parts[0] * 6, "\(parts)")
        // A question at a gate: a revocation that only the rows show.
        let started = clock.now
        var asked = chain
        asked.revoke(
            TrustRevocation(.key(crowd.keys[5].id), effectiveFrom: SampleFacts.days(-1)))
        #expect(asked.holder(of: crowd.keys[5].id, at: SampleFacts.days(0)) == nil)
        #expect(chain.holder(of: crowd.keys[5].id, at: SampleFacts.days(0)) != nil)
        #expect(clock.now - started < .milliseconds(50))
    }
}
