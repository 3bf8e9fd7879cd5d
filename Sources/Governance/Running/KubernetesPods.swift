// What runs on a cluster, from what `kubectl get pods -o json` prints.
//
// Read are the elements of `items` but those whose phase is Pending, Succeeded or Failed and of which no
// container runs: a pending pod may serve from a sidecar while another image cannot be pulled, and one whose
// node does not answer is Unknown and may well run. Of each pod
//
//     metadata.name                                         what it is called
//     metadata.annotations imprimatur.dev/model             the version, ns/name@n
//                          imprimatur.dev/artifact          its artifact's digest: claimed by whoever wrote it
//                          imprimatur.dev/environment       a pod of another environment is left out
//                          imprimatur.dev/target            the cluster or place
//     status.containerStatuses[].imageID                    the image's digest, as …@sha256:<hex>
//     status.containerStatuses[].state.running              whether it runs
//     status.initContainerStatuses[], ephemeralContainerStatuses[]   the same
//
// Whoever makes pods writes their annotations: one that cannot be read, or names a model of another
// namespace, is as if it were not there, and the pod is listed by its images. So nobody's slip keeps a whole
// environment unseen.
//
// A page of a longer list (metadata.continue, metadata.remainingItemCount) is refused: what a
// snapshot does not list does not run.
//
// Every such pod is listed, annotated or not: what nobody annotated is what nobody asked for. So list the
// pods that serve models, by namespace or label, and no others.

package import CanonicalJSON
internal import Cryptography

/// Reads pods.
package enum KubernetesPods {
    private static let prefix = "imprimatur.dev/"

    /// What a list says of an environment.
    package struct Listing: Sendable, Hashable {
        /// The things of a snapshot.
        package let items: [EnvironmentSnapshot.Item]
        /// How many pods run and say that they are of another environment.
        package let elsewhere: Int
        /// The pods with annotations that were not believed.
        package let disbelieved: [String]
    }

    private enum Pod {
        case here(EnvironmentSnapshot.Item, isBelieved: Bool)
        case elsewhere
    }

    private static let notRunning: Set<String> = ["Pending", "Succeeded", "Failed"]

    /// What runs in an environment; throws every finding.
    package static func listing(
        of list: JSON, in environment: EnvironmentName, _ namespace: Namespace
    ) throws(JSONFindings) -> Listing {
        try JSONReader.decode(list) { reader in
            reader.ignoreUnknownMembers()
            let metadata = reader.optional("metadata") { $0.json() }
            if metadata?["continue"]?.string?.isEmpty == false
                || metadata?["remainingItemCount"]?.integer != nil
            {
                reader.refuse(
                    "metadata", JSONFinding.Code.value,
                    "This is a page of a longer list; a snapshot lists all that runs.")
            }
            let pods = reader.array("items", count: 0...EnvironmentSnapshot.mostItems) { pod in
                pod.object { Self.pod($0, environment, namespace) }
            }
            var items: [EnvironmentSnapshot.Item] = []
            var disbelieved: [String] = []
            for case .here(let item, let isBelieved) in pods {
                items.append(item)
                if !isBelieved { disbelieved.append(item.name) }
            }
            return Listing(
                items: items, elsewhere: pods.count - items.count, disbelieved: disbelieved)
        }
    }

    private static func pod(
        _ pod: JSONReader, _ environment: EnvironmentName, _ namespace: Namespace
    ) -> Pod? {
        pod.ignoreUnknownMembers()
        let status = pod.optional("status") { $0.object(Self.status) }
        let (name, annotations) = pod.object("metadata") { metadata in
            metadata.ignoreUnknownMembers()
            return (
                metadata.string("name", length: 1...253),
                metadata.optional("annotations") { $0.object(Self.annotations) }
            )
        }
        guard status?.isRunning ?? true else { return nil }
        let isStranger = annotations?.version.map { $0.model.namespace != namespace } ?? false
        guard annotations?.environment ?? environment == environment else { return .elsewhere }
        let item = EnvironmentSnapshot.Item(
            name: name, target: annotations?.target ?? "",
            version: isStranger ? nil : annotations?.version,
            artifact: annotations?.artifact,
            images: status?.images ?? [])
        if item.version == nil, item.artifact == nil, item.images.isEmpty {
            pod.refuse(
                "status", JSONFinding.Code.missing,
                "\(name) has neither an annotation \(prefix)model nor an image with a digest.")
        }
        return .here(item, isBelieved: !isStranger && annotations?.isReadable != false)
    }

    private static func status(
        _ reader: JSONReader
    ) -> (isRunning: Bool, images: [SHA256Digest]) {
        reader.ignoreUnknownMembers()
        let phase = reader.optional("phase") { $0.string(length: 0...100) }
        let lists = ["containerStatuses", "initContainerStatuses", "ephemeralContainerStatuses"]
        let containers = lists.flatMap { reader.optional($0, Self.containers) ?? [] }
        let digests = Set(containers.compactMap { $0.image.flatMap(Self.digest) })
        if digests.count > EnvironmentSnapshot.mostImages {
            reader.refuse(
                JSONFinding.Code.length,
                "At most \(EnvironmentSnapshot.mostImages) images of one pod can be listed.")
        }
        let isOver = phase.map { notRunning.contains($0) } ?? false
        return (!isOver || containers.contains(where: \.isRunning), digests.sorted())
    }

    private static func containers(
        _ list: JSONReader
    ) -> [(image: String?, isRunning: Bool)]? {
        list.array(count: 0...EnvironmentSnapshot.mostImages) { container in
            container.object { container in
                container.ignoreUnknownMembers()
                let state = container.optional("state") { $0.json() }
                return (
                    image: container.optional("imageID") { $0.string(length: 0...2_000) },
                    isRunning: state?["running"]?.isNull == false
                )
            }
        }
    }

    /// The digest at the end of an image's id; nil when it has none.
    private static func digest(_ image: String) -> SHA256Digest? {
        let bytes = image.utf8
        guard bytes.count >= 71 else { return nil }
        let tail = bytes.suffix(71)
        guard tail.starts(with: "sha256:".utf8) else { return nil }
        return SHA256Digest(hex: String(decoding: tail.dropFirst(7), as: UTF8.self))
    }

    private struct Annotations {
        var version: VersionReference?
        var artifact: SHA256Digest?
        var environment: EnvironmentName?
        var target: String?
        /// Whether every annotation of ours could be read.
        var isReadable = true
    }

    private static func annotations(_ reader: JSONReader) -> Annotations {
        reader.ignoreUnknownMembers()
        var annotations = Annotations()
        func read<Value>(_ name: String, _ parse: (String) -> Value?) -> Value? {
            guard let json = reader.optional(prefix + name, { $0.json() }) else { return nil }
            let value = json.string.flatMap(parse)
            if value == nil { annotations.isReadable = false }
            return value
        }
        annotations.version = read("model") { VersionReference($0) }
        annotations.artifact = read("artifact") { SHA256Digest(hex: $0) }
        annotations.environment = read("environment") { EnvironmentName($0) }
        annotations.target = read("target") { (1...200).contains($0.count) ? $0 : nil }
        return annotations
    }
}
