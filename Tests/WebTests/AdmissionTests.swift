// Kubernetes' admission webhook: what it is asked, what it answers, and that it answers in time.

import Attestation
import CanonicalJSON
import Cryptography
import Database
import Foundation
import Governance
import HTTPTypes
import Testing

@testable import Web

@Suite(.serialized) struct `The admission webhook` {
    private static let here = "/k8s/admission/production/test"

    /// A review of an object, as an API server sends it, with more in it than we read.
    private static func review(
        _ object: JSON, kind: String = "Pod", operation: String = "CREATE", dryRun: Bool = false
    ) -> JSON {
        let isPod = kind == "Pod"
        return [
            "apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview",
            "request": [
                "uid": "705ab4f5-6393-11e8-b7cc-42010a800002",
                "kind": [
                    "group": isPod ? "" : "serving.kserve.io", "version": isPod ? "v1" : "v1beta1",
                    "kind": .string(kind),
                ],
                "resource": ["group": "", "version": "v1", "resource": "pods"],
                "namespace": "credit", "operation": .string(operation),
                "userInfo": ["username": "system:node"], "object": object, "oldObject": .null,
                "dryRun": .bool(dryRun), "options": .null,
            ],
        ]
    }

    private static func pod(
        _ annotations: [String: String], image: String = "runtime:latest"
    ) -> JSON {
        [
            "metadata": ["name": "p", "annotations": .object(annotations.mapValues(JSON.string))],
            "spec": [
                "containers": [["name": "c", "image": .string(image)]], "priority": .double(0.5),
            ],
        ]
    }

    private static let named = ["imprimatur.dev/model": "credit/scorecard@1"]

    private struct Verdict {
        let allowed: Bool
        let message: String
    }

    private func ask(
        _ service: WebService, _ review: JSON, at path: String = here
    ) async throws -> Verdict {
        let answer = try await service.client.post(path, review, token: service.deployer.token)
        #expect(answer.status == 200, "\(answer.text)")
        let response = try #require(answer.json["response"])
        #expect(answer.json["apiVersion"] == "admission.k8s.io/v1")
        #expect(answer.json["kind"] == "AdmissionReview")
        #expect(response["uid"] == review["request"]?["uid"])
        guard let allowed = response["allowed"]?.bool else { throw TestFailure(answer.text) }
        let message = response["status"]?["message"]?.string ?? ""
        #expect(allowed == message.isEmpty)
        return Verdict(allowed: allowed, message: message)
    }

    private func makeDeployed(_ service: WebService) async throws -> TestVersion {
        let version = try await service.makeApproved()
        _ = try await service.service.deploy(version, by: service.deployer.person)
        return version
    }

    @Test func `allows what has a valid imprimatur, and denies it without`() async throws {
        try await WebService.with { service in
            let version = try await service.makeApproved()
            let pod = Self.review(Self.pod(Self.named))
            #expect(try await !ask(service, pod).allowed)
            _ = try await service.service.deploy(version, by: service.deployer.person)
            #expect(try await ask(service, pod).allowed)
            #expect(try await !ask(service, pod, at: "/k8s/admission/production").allowed)
            #expect(try await !ask(service, pod, at: "/k8s/admission/staging/test").allowed)
            #expect(
                try await ask(service, pod, at: "/k8s/admission").message.contains("environment"))
            let everything = Self.named.merging([
                "imprimatur.dev/environment": "production", "imprimatur.dev/target": "test",
                "imprimatur.dev/artifact": version.artifact.hex,
            ]) { $1 }
            for path in ["/k8s/admission", Self.here] {
                #expect(
                    try await ask(service, Self.review(Self.pod(everything)), at: path).allowed)
            }
            let elsewhere = Self.review(Self.pod(everything))
            #expect(try await !ask(service, elsewhere, at: "/k8s/admission/staging").allowed)
            let served = Self.review(Self.pod(Self.named), kind: "InferenceService")
            #expect(try await ask(service, served).allowed)
            let image = "registry.example:5000/m@sha256:\(version.files[0].sha256)"
            let byImage = Self.review(Self.pod([:], image: image))
            #expect(try await ask(service, byImage).allowed)
            let other = Self.review(Self.pod([:], image: "m@sha256:\(version.artifact)"))
            #expect(try await !ask(service, other).allowed)
            let unnamed = Self.review(Self.pod([:], image: image), kind: "InferenceService")
            #expect(try await ask(service, unnamed).message.contains("annotation"))
        }
    }

    /// A word for what is unclear, and what to change in a review that is allowed otherwise.
    private static let unclear: [(String, String, JSON?)] = [
        ("AdmissionReview", "/apiVersion", "admission.k8s.io/v1beta1"),
        ("AdmissionReview", "/kind", "Pod"),
        ("Only pods", "/request/kind/kind", "Deployment"),
        ("Only pods", "/request/kind/group", "apps"),
        ("Only pods", "/request/kind/version", "v2"), ("Only pods", "/request/kind", nil),
        ("no uid", "/request", []), ("uid", "/request/uid", nil), ("uid", "/request/uid", 7),
        ("Only CREATE", "/request/operation", "CONNECT"),
        ("Only CREATE", "/request/operation", nil), ("no object", "/request/object", .null),
        ("no object", "/request/object", []), ("no object", "/request/object/metadata", nil),
        ("model is missing", "/request/object/metadata/annotations", nil),
        ("annotations", "/request/object/metadata/annotations", []),
        ("no annotation", "/request/object/metadata/annotations/imprimatur.dev~1modell", "x"),
        ("is not a version", "/request/object/metadata/annotations/imprimatur.dev~1model", "x"),
        ("is not a version", "/request/object/metadata/annotations/imprimatur.dev~1model", 1),
        (
            "64 lowercase", "/request/object/metadata/annotations/imprimatur.dev~1artifact",
            .string(String(repeating: "A", count: 64))
        ),
        (
            "is not production", "/request/object/metadata/annotations/imprimatur.dev~1environment",
            "staging"
        ),
        ("ghost", "/request/object/metadata/annotations/imprimatur.dev~1model", "credit/ghost@1"),
    ]

    @Test func `denies what is unclear, with the reason`() async throws {
        try await WebService.with { service in
            _ = try await makeDeployed(service)
            let good = Self.review(Self.pod(Self.named))
            #expect(try await ask(service, good).allowed)
            for (word, place, value) in Self.unclear {
                let review = try good.changing(place, to: value)
                let answer = try await service.client.post(
                    Self.here, review, token: service.deployer.token)
                let response = answer.json["response"]
                #expect(answer.status == 200 && response?["allowed"] == false, "\(place)")
                let message = response?["status"]?["message"]?.string ?? ""
                #expect(message.contains(word), "\(place): \(message)")
            }
            for container: JSON in [
                ["image": "m:latest"], [:], ["image": "m@sha256:abc"], ["image": 1], .null,
            ] {
                let review = try Self.review(Self.pod([:]))
                    .changing("/request/object/spec/containers/0", to: container)
                #expect(try await ask(service, review).message.contains("digest"))
            }
            let empty = try Self.review(Self.pod([:])).changing("/request/object/spec", to: [:])
            #expect(try await ask(service, empty).message.contains("no containers"))
        }
    }

    @Test func `lets go what is being deleted`() async throws {
        try await WebService.with { service in
            let gone = try Self.review(Self.pod([:]), operation: "DELETE")
                .changing("/request/object", to: .null)
            #expect(try await ask(service, gone).allowed)
            let going = "/request/object/metadata/deletionTimestamp"
            for (operation, allowed) in [("UPDATE", true), ("CREATE", false)] {
                let review = try Self.review(Self.pod([:]), operation: operation)
                    .changing(going, to: "2026-11-21T08:00:00Z")
                #expect(try await ask(service, review).allowed == allowed)
            }
        }
    }

    @Test func `writes nothing, whether it may or not, and for no dry run`() async throws {
        try await WebService.with { service in
            _ = try await makeDeployed(service)
            let before = try await service.contents()
            for dryRun in [true, false] {
                for (annotations, allowed) in [(Self.named, true), ([:], false)] {
                    let review = Self.review(Self.pod(annotations), dryRun: dryRun)
                    #expect(try await ask(service, review).allowed == allowed)
                }
            }
            #expect(try await service.contents() == before)
        }
    }

    @Test func `never says yes to hostile JSON`() async throws {
        try await WebService.with { service in
            _ = try await makeDeployed(service)
            let good = Self.review(Self.pod(Self.named))
            let text = String(decoding: good.canonicalBytes, as: UTF8.self)
            let twice = text.replacingOccurrences(
                of: "\"imprimatur.dev/model\":", with: "\"imprimatur.dev/model\":\"a/b@1\",$0"
            ).replacingOccurrences(of: "$0", with: "\"imprimatur.dev/model\":")
            #expect(twice != text)
            let deep = String(repeating: "[", count: 100) + String(repeating: "]", count: 100)
            let hostile: [[UInt8]] = [
                [], Array("{".utf8), Array(twice.utf8), Array((text + text).utf8),
                [0xEF, 0xBB, 0xBF] + Array(text.utf8), Array(text.utf8) + [0],
                Array(text.replacingOccurrences(of: "\"p\"", with: deep).utf8),
                Array(text.replacingOccurrences(of: "\"p\"", with: "NaN").utf8),
                Array(text.replacingOccurrences(of: "\"p\"", with: "\"\\ud800\"").utf8),
            ]
            for bytes in hostile {
                let answer = try await service.client.post(
                    Self.here, bytes: bytes, token: service.deployer.token)
                #expect(answer.status == 400 && answer.isProblem, "\(answer.text)")
            }
            for review: JSON in [.null, [], "x", 7, ["request": ["uid": "u"]]] {
                let answer = try await service.client.post(
                    Self.here, review, token: service.deployer.token)
                #expect(answer.json["response"]?["allowed"] == false, "\(answer.text)")
            }
            let guest = try await service.client.post(Self.here, good)
            #expect(guest.status == 401)
            let huge = [UInt8](repeating: 0x20, count: WebLimits.admissionBytes + 1)
            let tooLarge = try await service.client.post(
                Self.here, bytes: huge, token: service.deployer.token)
            #expect(tooLarge.status == 413)
        }
    }

    @Test func `denies in time when there is no answer in time`() async throws {
        try await WebService.with { service in
            _ = try await makeDeployed(service)
            let review = Self.review(Self.pod(Self.named))
            let clock = ContinuousClock()
            let start = clock.now
            let verdict = try await service.service.holding(
                "LOCK TABLE registry.deployment IN ACCESS EXCLUSIVE MODE"
            ) {
                try await ask(service, review, at: Self.here + "?timeout=1s")
            }
            #expect(!verdict.allowed && verdict.message.contains("within"), "\(verdict)")
            #expect(clock.now - start < .seconds(20))
            #expect(try await ask(service, review, at: Self.here + "?timeout=30s").allowed)
        }
    }

    @Test(arguments: [
        ("10s", 8_000), ("1s", 800), ("500ms", 400), ("30s", 24_000), ("600s", 24_000),
        (nil, 5_000), ("", 5_000), ("s", 5_000), ("0s", 5_000), ("-1s", 5_000), ("1m", 5_000),
        ("99999999999999999999s", 5_000),
    ])
    func `takes four fifths of the time there is`(timeout: String?, milliseconds: Int64) {
        #expect(AdmissionRoutes.budget(timeout) == .milliseconds(milliseconds))
    }
}

extension JSON {
    /// The document with another value at a place, or without it; members are made where needed.
    fileprivate func changing(_ pointer: String, to value: JSON?) throws -> JSON {
        let parts = pointer.split(separator: "/").map {
            $0.replacingOccurrences(of: "~1", with: "/").replacingOccurrences(of: "~0", with: "~")
        }
        return changing(parts[...], to: value) ?? .null
    }

    private func changing(_ parts: ArraySlice<String>, to value: JSON?) -> JSON? {
        guard let name = parts.first else { return value }
        if var list = array, let index = Int(name), list.indices.contains(index) {
            list[index] = list[index].changing(parts.dropFirst(), to: value) ?? .null
            return .array(list)
        }
        var members = object ?? [:]
        members[name] = (members[name] ?? .null).changing(parts.dropFirst(), to: value)
        return .object(members)
    }
}
