// What an agent signs about an environment, and everything that is refused in its place.

import Attestation
import CanonicalJSON
import Cryptography
import TestSupport
import Testing

@testable import Governance

@Suite struct `A snapshot of an environment` {
    private let snapshot = CorpusSamples.snapshot()

    @Test func `is read as it was written`() throws {
        let again = try EnvironmentSnapshot(
            reading: Statement(parsing: snapshot.statement.payload))
        #expect(again == snapshot)
        #expect(again.statement.payload == snapshot.statement.payload)
    }

    /// The statement with another value at a place of its predicate; nil removes it.
    private func altered(_ pointer: String, _ value: JSON?) -> Statement {
        let statement = snapshot.statement
        let path = pointer.split(separator: "/").map(String.init)
        let changed = replace(statement.predicate, path[...]) { _ in value }
        return Statement(
            subjects: statement.subjects, predicateType: statement.predicateType,
            predicate: changed)
    }

    @Test(
        arguments: [
            ("/origin", ""), ("/namespace", "Credit"), ("/namespace", "fraud"),
            ("/environment", "../production"), ("/environment", "staging"), ("/source", "guess"),
            ("/takenAt", "yesterday"), ("/signer/role", "deployer"), ("/signer/role", "owner"),
            ("/more", 1), ("/items", JSON.null), ("/items", "none"), ("/items", nil),
            ("/items/0/more", 1), ("/items/0/state", "asleep"), ("/items/0/digest", "guessed"),
            ("/items/0/target", "a b"), ("/items/0/target", "\u{0}"), ("/items/0/name", "a\"b"),
            ("/items/0/name", .string(String(repeating: "n", count: 513))),
            ("/items/0/version", "credit/scorecard"), ("/items/0/version", "fraud/other@1"),
            ("/items/0/deployment", "d-"), ("/items/0/deployment", "d-../x"),
            ("/items/0/deployment", "x-01"), ("/items/0/artifact", "AA"),
            ("/items/0/artifact", .null), ("/items/1/images", ["x"]),
            ("/items/1/images", []),
            ("/items/1/images", .array(Array(repeating: .digest(SHA256Digest.zero), count: 21))),
        ] as [(String, JSON?)])
    func `is refused when any part of it is not what it should be`(
        _ pointer: String, _ value: JSON?
    ) throws {
        let statement = altered(pointer, value)
        #expect(throws: JSONFindings.self) { try EnvironmentSnapshot(reading: statement) }
    }

    @Test func `holds at most two thousand things`() throws {
        var full = snapshot
        full.items = Array(repeating: .init(version: CorpusSamples.version), count: 2_000)
        #expect(try EnvironmentSnapshot(reading: full.statement) == full)
        full.items.append(full.items[0])
        #expect(throws: JSONFindings.self) { try EnvironmentSnapshot(reading: full.statement) }
    }

    @Test func `says of which digests the agent itself is the source`() {
        #expect(snapshot.hasRecomputed(CorpusSamples.digest("artifact"), at: "host-1"))
        #expect(snapshot.hasRecomputed(CorpusSamples.digest("next"), at: "host-1"))
        #expect(!snapshot.hasRecomputed(CorpusSamples.digest("old"), at: "host-1"))
    }

    @Test func `vouches for bytes where they were found, or anywhere when it says no place`() {
        #expect(!snapshot.hasRecomputed(CorpusSamples.digest("artifact"), at: "host-9"))
        #expect(!snapshot.hasRecomputed(CorpusSamples.digest("artifact"), at: ""))
        #expect(snapshot.hasRecomputed(CorpusSamples.digest("next"), at: "host-9"))
        #expect(snapshot.hasRecomputed(CorpusSamples.digest("next"), at: ""))
    }

    @Test func `is overdue when something came, went or may have started since`() {
        let now = CorpusSamples.now
        func overdue(_ taken: Int64, recorded: Int64, changed: Int64?) -> Bool {
            SnapshotFact(
                environment: CorpusSamples.production, takenAt: now.adding(seconds: taken),
                recordedAt: now.adding(seconds: recorded),
                changedAt: changed.map { now.adding(seconds: $0) }, runs: false,
                maximumAgeHours: 24, now: now
            ).overdue
        }
        #expect(!overdue(-60, recorded: -50, changed: nil))
        #expect(!overdue(-60, recorded: -50, changed: -60))
        #expect(overdue(-60, recorded: -50, changed: -59))
        #expect(overdue(-60, recorded: -50, changed: -10))
        // By a clock that is fast it was taken after the change, and the log had it before.
        #expect(overdue(-10, recorded: -50, changed: -20))
    }

    @Test func `is overdue after the hours that the pack allows, and when it does not count`() {
        func fact(_ takenAt: Timestamp?, _ hours: Int64) -> SnapshotFact {
            SnapshotFact(
                environment: CorpusSamples.production, takenAt: takenAt,
                recordedAt: takenAt ?? CorpusSamples.now, changedAt: nil, runs: false,
                maximumAgeHours: hours, now: CorpusSamples.now)
        }
        let dayAgo = CorpusSamples.now.adding(seconds: -86_400)
        #expect(!fact(dayAgo, 24).overdue)
        #expect(fact(dayAgo.adding(milliseconds: -1), 24).overdue)
        #expect(fact(dayAgo, 23).overdue)
        #expect(fact(nil, 24).overdue)
    }
}

@Suite struct `Pods as kubectl prints them` {
    private func listing(_ text: String) throws -> KubernetesPods.Listing {
        try KubernetesPods.listing(
            of: JSON(parsing: Array(text.utf8), limits: JSON.Limits(bytes: 1 << 20, depth: 64)),
            in: CorpusSamples.production)
    }

    private func items(_ text: String) throws -> [EnvironmentSnapshot.Item] {
        try listing(text).items
    }

    private static let image = String(repeating: "ab", count: 32)

    private func pod(
        _ annotations: String = "{}", phase: String = "Running",
        image: String = "docker-pullable://registry/scorer@sha256:\(image)"
    ) -> String {
        """
        {"apiVersion":"v1","kind":"Pod","metadata":{"name":"scorer-0","annotations":\(annotations)},
         "spec":{"containers":[]},
         "status":{"phase":"\(phase)","containerStatuses":[{"imageID":"\(image)","ready":true}]}}
        """
    }

    @Test func `are told by annotations and by the digests of their images`() throws {
        let pods = try items(
            """
            {"apiVersion":"v1","kind":"List","items":[
              \(pod(#"{"imprimatur.dev/model":"credit/scorecard@3","other":"x"}"#)), \(pod())]}
            """)
        let image = try #require(SHA256Digest(hex: Self.image))
        #expect(
            pods == [
                .init(name: "scorer-0", version: CorpusSamples.version, images: [image]),
                .init(name: "scorer-0", images: [image]),
            ])
    }

    @Test(arguments: ["Pending", "Succeeded", "Failed"])
    func `do not count when they do not run`(_ phase: String) throws {
        #expect(try items(#"{"items":[\#(pod(phase: phase))]}"#) == [])
    }

    @Test(arguments: ["Running", "Unknown", "", "Asleep"])
    func `count when they run, and when nobody knows that they do not`(_ phase: String) throws {
        #expect(try items(#"{"items":[\#(pod(phase: phase))]}"#).count == 1)
    }

    @Test func `of another environment are left out and counted, where they run`() throws {
        let other = #"{"imprimatur.dev/environment":"staging"}"#
        let both = try listing(
            #"{"items":[\#(pod(other)),\#(pod()),\#(pod(other, phase: "Failed"))]}"#)
        #expect(both.items.count == 1)
        #expect(both.elsewhere == 1)
        let same = #"{"imprimatur.dev/environment":"production"}"#
        let one = try listing(#"{"items":[\#(pod(same))]}"#)
        #expect(one.items.count == 1)
        #expect(one.elsewhere == 0)
    }

    @Test func `have the images of all their containers`() throws {
        let images = ["aa", "bb", "cc"].map { String(repeating: $0, count: 32) }
        let pod = """
            {"metadata":{"name":"p"},"status":{"phase":"Running",
             "containerStatuses":[{"imageID":"r@sha256:\(images[0])"}],
             "initContainerStatuses":[{"imageID":"r@sha256:\(images[1])"}],
             "ephemeralContainerStatuses":[{"imageID":"r@sha256:\(images[2])"}]}}
            """
        let found = try items("{\"items\":[\(pod)]}")
        #expect(found.first?.images == images.compactMap { SHA256Digest(hex: $0) })
    }

    @Test func `count while any of their containers runs, whatever their phase`() throws {
        func pod(_ phase: String, sidecar state: String) -> String {
            """
            {"items":[{"metadata":{"name":"p"},"status":{"phase":"\(phase)",
             "containerStatuses":[{"imageID":"","state":{"waiting":{"reason":"ImagePullBackOff"}}}],
             "initContainerStatuses":[{"imageID":"r@sha256:\(Self.image)","state":\(state)}]}}]}
            """
        }
        let started = #"{"running":{"startedAt":"2026-11-21T08:00:00Z"}}"#
        for phase in ["Pending", "Succeeded", "Failed"] {
            let found = try items(pod(phase, sidecar: started))
            #expect(found.map(\.images) == [[SHA256Digest(hex: Self.image)].compactMap(\.self)])
            for state in [#"{"terminated":{"exitCode":0}}"#, #"{"running":null}"#, "{}", "null"] {
                #expect(try items(pod(phase, sidecar: state)) == [], "\(phase) \(state)")
            }
        }
    }

    @Test func `are not taken from a page of a longer list`() throws {
        for page in [#"{"continue":"abc"}"#, #"{"remainingItemCount":3}"#] {
            #expect(throws: JSONFindings.self) {
                try items(#"{"metadata":\#(page),"items":[\#(pod())]}"#)
            }
        }
        for whole in [#"{"continue":"","resourceVersion":""}"#, "{}"] {
            #expect(try items(#"{"metadata":\#(whole),"items":[\#(pod())]}"#).count == 1)
        }
    }

    @Test(
        arguments: [
            #"{"imprimatur.dev/model":"scorecard"}"#, #"{"imprimatur.dev/artifact":"aa"}"#,
            #"{"imprimatur.dev/target":""}"#, #"{"imprimatur.dev/environment":"A B"}"#,
            #"{"imprimatur.dev/model":7}"#,
        ])
    func `with an annotation that cannot be read are listed by their images, and named`(
        _ annotations: String
    ) throws {
        let good = #"{"imprimatur.dev/model":"credit/scorecard@3"}"#
        let both = try listing(#"{"items":[\#(pod(annotations)),\#(pod(good))]}"#)
        let image = try #require(SHA256Digest(hex: Self.image))
        #expect(
            both.items == [
                .init(name: "scorer-0", images: [image]),
                .init(name: "scorer-0", version: CorpusSamples.version, images: [image]),
            ])
        #expect(both.unread == ["scorer-0"])
        #expect(both.elsewhere == 0)
        // Of one that does not run nothing is said.
        let ended = try listing(#"{"items":[\#(pod(annotations, phase: "Succeeded"))]}"#)
        #expect(ended.items.isEmpty && ended.unread.isEmpty)
        // Without an image nothing is known of it, and the list is not whole.
        #expect(throws: JSONFindings.self) {
            try items(#"{"items":[\#(pod(annotations, image: "latest"))]}"#)
        }
    }

    @Test func `with a model of another namespace are listed by their images, and named`() throws {
        let annotations =
            #"{"imprimatur.dev/model":"fraud/scorecard@3","imprimatur.dev/target":"a"}"#
        let list = try JSON(
            parsing: Array(#"{"items":[\#(pod(annotations))]}"#.utf8),
            limits: JSON.Limits(bytes: 1 << 20, depth: 64))
        func listing(_ namespace: String) throws -> KubernetesPods.Listing {
            try KubernetesPods.listing(
                of: list, in: CorpusSamples.production, for: Namespace(namespace))
        }
        let image = try #require(SHA256Digest(hex: Self.image))
        let strange = try listing("credit")
        #expect(strange.items == [.init(name: "scorer-0", images: [image])])
        #expect(strange.unread == ["scorer-0"])
        let own = try listing("fraud")
        #expect(own.items.map(\.version) == [VersionReference("fraud/scorecard@3")])
        #expect(own.items.map(\.target) == ["a"])
        #expect(own.unread.isEmpty)
    }

    @Test func `of which nothing is known are an error and not left out`() {
        #expect(throws: JSONFindings.self) { try items(#"{"items":[\#(pod(image: "latest"))]}"#) }
        #expect(throws: JSONFindings.self) { try items("{}") }
        #expect(throws: JSONFindings.self) { try items(#"{"items":[7]}"#) }
    }
}
