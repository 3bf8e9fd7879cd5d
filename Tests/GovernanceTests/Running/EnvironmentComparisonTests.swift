// What runs against what may run.

import Cryptography
import Testing

@testable import Governance

@Suite struct `What runs is compared with what may` {
    private let version = CorpusSamples.version
    private let right = CorpusSamples.digest("right")
    private let wrong = CorpusSamples.digest("wrong")
    private let permit = CorpusSamples.digest("permit")

    private func permitted(
        _ id: String = "d-01", target: String = "", runs: Bool = true,
        files: Set<SHA256Digest> = []
    ) -> EnvironmentComparison.Permitted {
        .init(
            deployment: id, version: version, target: target, artifact: right, files: files,
            permit: permit, runs: runs)
    }

    private func compare(
        _ items: [EnvironmentSnapshot.Item], _ permitted: [EnvironmentComparison.Permitted],
        known: [SHA256Digest: [VersionReference]] = [:]
    ) -> EnvironmentComparison {
        EnvironmentComparison(
            of: items, with: permitted, known: known, submitted: [version])
    }

    @Test func `and agrees by deployment, by version, by digest, or by an image`() {
        let image = CorpusSamples.digest("image")
        for item: EnvironmentSnapshot.Item in [
            .init(deployment: "d-01"), .init(deployment: "d-01", artifact: right),
            .init(version: version), .init(version: version, artifact: right),
            .init(artifact: right), .init(images: [image]),
        ] {
            let one = compare([item], [permitted(files: [image])])
            #expect(one.differences == [], "\(item)")
            #expect(one.running == [version])
        }
    }

    @Test func `and believes a name that somebody wrote on any image at all`() {
        // Which bytes run nobody has said: so the digest stays claimed, and `reconcile` counts it.
        let item = EnvironmentSnapshot.Item(version: version, images: [CorpusSamples.digest("x")])
        let one = compare([item], [permitted(files: [CorpusSamples.digest("image")])])
        #expect(one.agrees)
        #expect(item.digest == .claimed)
        // Its twin without the name is known by its image, which is none of the artifact's.
        let unnamed = EnvironmentSnapshot.Item(images: item.images)
        let twin = compare([unnamed], [permitted(files: [CorpusSamples.digest("image")])])
        #expect(twin.differences.map(\.kind) == [.runningNotPermitted, .permittedNotRunning])
    }

    @Test func `names what runs and is not permitted, with what is known of it`() throws {
        for item: EnvironmentSnapshot.Item in [
            .init(deployment: "d-02"), .init(version: version, deployment: "d-02"),
            .init(artifact: wrong), .init(images: [wrong]),
        ] {
            let one = compare([item], [permitted(runs: false)])
            #expect(one.differences.map(\.kind) == [.runningNotPermitted], "\(item)")
        }
        let known = compare([.init(artifact: right)], [], known: [right: [version]])
        let difference = try #require(known.differences.first)
        #expect(difference.version == version)
        #expect(difference.found == right)
        #expect(difference.source == .claimed)
        #expect(difference.permit == nil)
        #expect(known.running == [version])
        #expect(compare([.init(artifact: right)], []).running == [])
    }

    @Test func `names other bytes, with both digests and the permit`() throws {
        let one = compare(
            [.init(version: version, artifact: wrong, digest: .recomputed)], [permitted()])
        #expect(one.differences.count == 1)
        let difference = try #require(one.differences.first)
        #expect(difference.kind == .digestDiffers)
        #expect(difference.found == wrong)
        #expect(difference.source == .recomputed)
        #expect(difference.permitted == right)
        #expect(difference.permit == permit)
        #expect(difference.deployment == "d-01")
    }

    @Test func `names what was confirmed to run and does not, and not what is merely permitted`() {
        #expect(compare([], [permitted()]).differences.map(\.kind) == [.permittedNotRunning])
        #expect(compare([], [permitted(runs: false)]).agrees)
        // What only lies there does not run.
        let lying = compare([.init(state: .present, version: version)], [permitted()])
        #expect(lying.differences.map(\.kind) == [.permittedNotRunning])
        #expect(lying.running == [])
    }

    @Test func `at the target that was permitted`() {
        let there = permitted(target: "a")
        #expect(compare([.init(target: "a", version: version)], [there]).agrees)
        #expect(compare([.init(version: version)], [there]).agrees)
        #expect(
            compare([.init(target: "b", version: version)], [there]).differences.map(\.kind)
                == [.runningNotPermitted, .permittedNotRunning])
    }

    @Test func `and replicas of one deployment are one`() {
        let replica = EnvironmentSnapshot.Item(version: version, artifact: right)
        #expect(compare([replica, replica, replica], [permitted()]).agrees)
        // Of two deployments at two places one is missing.
        let two = compare(
            [.init(target: "a", version: version)],
            [permitted("d-01", target: "a"), permitted("d-02", target: "b")])
        #expect(two.differences.map(\.deployment) == ["d-02"])
    }

    @Test func `and nobody's names or digests run into another's`() {
        // A version's name with another version's deployment is neither.
        let other = VersionReference("credit/scorecard@4")
        let one = compare([.init(version: other, deployment: "d-01")], [permitted()])
        #expect(one.differences.map(\.kind) == [.runningNotPermitted, .permittedNotRunning])
    }
}
