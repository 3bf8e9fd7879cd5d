// Kubernetes' question whether an object may be made, read from JSON, and the answer to it.
//
// Specification (Kubernetes, admission.k8s.io/v1). The request is {"apiVersion","kind":"AdmissionReview",
// "request":{"uid","kind":{"group","version","kind"},"operation","object","dryRun",…}}; the answer repeats
// the uid: {"apiVersion","kind","response":{"uid","allowed","status":{"code","message"}}}. More members may
// come at any time and are passed over; those that decide are read strictly, and what cannot be read
// is a reason to deny.
// What is about to run is named by annotations of the object:
//   imprimatur.dev/model        the version, ns/name@n
//   imprimatur.dev/artifact     its artifact digest, 64 hex digits; optional
//   imprimatur.dev/environment  where, when the webhook's address does not say it
//   imprimatur.dev/target       the cluster or place, when the address does not say it
// A pod without the first is known by its images, each of them with a digest: "name@sha256:…".
// Example: {"kind":"Pod","metadata":{"annotations":{"imprimatur.dev/model":"credit/scorecard@3"}}, …}

internal import CanonicalJSON
internal import Cryptography
internal import Governance
internal import Registry

/// A question that was understood, or the reason why it was not.
struct AdmissionReview {
    /// Repeated in the answer; empty when there was none.
    let uid: String
    let demand: Demand

    /// What is asked.
    enum Demand {
        /// Nothing starts by it.
        case harmless(String)
        case question(Registry.AdmissionQuestion)
        case unclear(String)
    }

    /// Where the cluster is, as its webhook's address says; an object cannot say otherwise.
    struct Place {
        var environment: EnvironmentName?
        var target: String?
    }

    private static let prefix = "imprimatur.dev/"

    /// Reads a review.
    init(_ json: JSON, at place: Place) {
        let request = json["request"] ?? .null
        // A uid is of Kubernetes' making; anything longer is somebody else's.
        let id = request["uid"]?.string ?? ""
        uid = id.utf8.count <= 128 ? id : ""
        do throws(Unclear) {
            guard json["apiVersion"] == "admission.k8s.io/v1", json["kind"] == "AdmissionReview"
            else { throw Unclear("This is no AdmissionReview of admission.k8s.io/v1.") }
            guard !uid.isEmpty else { throw Unclear("The request has no uid.") }
            demand = try Self.demand(request, place)
        } catch {
            demand = .unclear(error.reason)
        }
    }

    private struct Unclear: Error {
        let reason: String

        init(_ reason: String) {
            self.reason = reason
        }
    }

    private enum Subject {
        case pod, inferenceService

        init(_ kind: JSON?) throws(Unclear) {
            switch (kind?["group"]?.string, kind?["version"]?.string, kind?["kind"]?.string) {
            case ("", "v1", "Pod"): self = .pod
            case ("serving.kserve.io", "v1beta1", "InferenceService"): self = .inferenceService
            default:
                throw Unclear(
                    "Only pods (v1) and InferenceServices (serving.kserve.io/v1beta1) are known.")
            }
        }
    }

    private static func demand(_ request: JSON, _ place: Place) throws(Unclear) -> Demand {
        let subject = try Subject(request["kind"])
        switch request["operation"]?.string {
        case "CREATE", "UPDATE": break
        case "DELETE": return .harmless("nothing starts by a deletion")
        default: throw Unclear("Only CREATE, UPDATE and DELETE are known.")
        }
        guard let object = request["object"], object.object != nil,
            let metadata = object["metadata"], metadata.object != nil
        else { throw Unclear("The request has no object with metadata.") }
        // Only the cluster itself can set this; refusing would keep the object alive.
        if request["operation"] == "UPDATE", metadata["deletionTimestamp"]?.string != nil {
            return .harmless("the object is being deleted")
        }
        let annotations = try annotations(of: metadata)
        let version = try annotations.value("model", "a version such as credit/scorecard@3") {
            VersionReference($0)
        }
        let artifact = try annotations.value("artifact", "64 lowercase hex digits") {
            SHA256Digest(hex: $0)
        }
        let environment = try annotations.value("environment", "the name of an environment") {
            EnvironmentName($0)
        }
        let target = try annotations.value("target", "1 to 200 characters") { text in
            (1...200).contains(text.count) ? text : nil
        }
        guard let there = try agreed("environment", place.environment, environment) else {
            throw Unclear(
                "Nothing says which environment this is: neither the webhook's address nor the "
                    + "annotation \(prefix)environment.")
        }
        var images: [SHA256Digest] = []
        if version == nil {
            guard subject == .pod else {
                throw Unclear("The annotation \(prefix)model is missing.")
            }
            images = try Self.images(of: object["spec"])
        }
        return .question(
            .init(
                environment: there, target: try agreed("target", place.target, target) ?? "",
                version: version, artifact: artifact, images: images))
    }

    /// What the address says, which the object may repeat and not contradict.
    private static func agreed<T: Equatable>(
        _ name: String, _ place: T?, _ object: T?
    ) throws(Unclear) -> T? {
        if let place, let object, place != object {
            throw Unclear("The annotation \(prefix)\(name) is not \(place).")
        }
        return place ?? object
    }

    private struct Annotations {
        let members: [String: JSON]

        func value<T>(
            _ name: String, _ what: String, _ parse: (String) -> T?
        ) throws(Unclear) -> T? {
            guard let value = members[AdmissionReview.prefix + name] else { return nil }
            guard let parsed = value.string.flatMap(parse) else {
                throw Unclear("The annotation \(AdmissionReview.prefix)\(name) is not \(what).")
            }
            return parsed
        }
    }

    private static func annotations(of metadata: JSON) throws(Unclear) -> Annotations {
        guard let value = metadata["annotations"], value != .null else {
            return Annotations(members: [:])
        }
        guard let members = value.object else { throw Unclear("The annotations are no object.") }
        let known = ["model", "artifact", "environment", "target"].map { prefix + $0 }
        // A misspelt word would be no word at all.
        if let other = members.keys.sorted().first(where: {
            $0.hasPrefix(prefix) && !known.contains($0)
        }) {
            throw Unclear("There is no annotation \(other.prefix(100)).")
        }
        return Annotations(members: members)
    }

    private static let mostImages = 50

    /// The digests of all images of a pod, each once.
    private static func images(of spec: JSON?) throws(Unclear) -> [SHA256Digest] {
        var digests: [SHA256Digest] = []
        for list in ["containers", "initContainers", "ephemeralContainers"] {
            guard let value = spec?[list], value != .null else { continue }
            guard let containers = value.array else {
                throw Unclear("The pod's \(list) are no list.")
            }
            for container in containers {
                let image = container["image"]?.string ?? ""
                guard let mark = image.firstRange(of: "@sha256:"),
                    let digest = SHA256Digest(hex: String(image[mark.upperBound...]))
                else {
                    throw Unclear(
                        "The annotation \(prefix)model is missing, and the image "
                            + "“\(image.prefix(200))” is not named by a digest (name@sha256:…).")
                }
                if !digests.contains(digest) { digests.append(digest) }
                guard digests.count <= mostImages else {
                    throw Unclear("The pod has more than \(mostImages) images.")
                }
            }
        }
        guard !digests.isEmpty else { throw Unclear("The pod has no containers.") }
        return digests
    }

    // MARK: the answer

    /// The review that says yes; `ground` goes into the cluster's audit log.
    func allowing(_ ground: String) -> JSON {
        answer([
            "uid": .string(uid), "allowed": true,
            "auditAnnotations": ["imprimatur": .string(ground)],
        ])
    }

    /// The review that says no, and why.
    func denying(_ reasons: [String]) -> JSON {
        let message = "imprimatur: " + reasons.joined(separator: "; ")
        return answer([
            "uid": .string(uid), "allowed": false,
            "status": ["code": 403, "reason": "Forbidden", "message": .string(message)],
        ])
    }

    private func answer(_ response: JSON) -> JSON {
        [
            "apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "response": response,
        ]
    }
}
