// What runs on a cluster, from what `kubectl get pods -o json` prints.
//
// Read are the elements of `items` but those whose phase is Pending, Succeeded or Failed and of whose
// containers none runs. Of a pod whose node does not answer the phase is Unknown, and it may well run; one
// that waits for an image is Pending, while its sidecars serve. Of each pod
//
//     metadata.name                                         what it is called
//     metadata.annotations imprimatur.dev/model             the version, ns/name@n
//                          imprimatur.dev/artifact          its artifact's digest: claimed by whoever wrote it
//                          imprimatur.dev/environment       a pod of another environment is left out
//                          imprimatur.dev/target            the cluster or place
//     status.containerStatuses[].imageID                    the image's digest, as …@sha256:<hex>
//     status.containerStatuses[].state.running              there while the container runs
//     status.initContainerStatuses[]                        the same
//     status.ephemeralContainerStatuses[]                   the same
//
// Annotations are anybody's who may make pods. So a pod with one that cannot be read, or with a model of
// another namespace than the snapshot's, stops nothing: it is listed as if nobody had annotated it.
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
        /// What pods are called whose annotations say nothing that could be used.
        package let unread: [String]
    }

    private enum Pod {
        case here(EnvironmentSnapshot.Item, isRead: Bool)
        case elsewhere
    }

    private static let notRunning: Set<String> = ["Pending", "Succeeded", "Failed"]

    /// What runs in an environment; throws every finding.
    ///
    /// - Parameter namespace: what the models are of; nil for any.
    package static func listing(
        of list: JSON, in environment: EnvironmentName, for namespace: Namespace? = nil
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
            var (items, unread): ([EnvironmentSnapshot.Item], [String]) = ([], [])
            for case .here(let item, let isRead) in pods {
                items.append(item)
                if !isRead { unread.append(item.name) }
            }
            return Listing(items: items, elsewhere: pods.count - items.count, unread: unread)
        }
    }

    private static func pod(
        _ pod: JSONReader, _ environment: EnvironmentName, _ namespace: Namespace?
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
        guard annotations?.environment ?? environment == environment else { return .elsewhere }
        let found = annotations?.version?.model.namespace
        let isStranger = found != nil && namespace != nil && found != namespace
        let isRead = annotations?.isRead != false && !isStranger
        let known = isRead ? annotations : nil
        let item = EnvironmentSnapshot.Item(
            name: name, target: known?.target ?? "", version: known?.version,
            artifact: known?.artifact, images: status?.images ?? [])
        if item.version == nil, item.artifact == nil, item.images.isEmpty {
            pod.refuse(
                "status", JSONFinding.Code.missing,
                "\(name) has neither an annotation \(prefix)model nor an image with a digest.")
        }
        return .here(item, isRead: isRead)
    }

    private static func status(
        _ reader: JSONReader
    ) -> (isRunning: Bool, images: [SHA256Digest]) {
        reader.ignoreUnknownMembers()
        let phase = reader.optional("phase") { $0.string(length: 0...100) }
        let lists = ["containerStatuses", "initContainerStatuses", "ephemeralContainerStatuses"]
        let containers = lists.flatMap { reader.optional($0, Self.containers) ?? [] }
        let digests = Set(containers.compactMap(\.image).compactMap(Self.digest))
        if digests.count > EnvironmentSnapshot.mostImages {
            reader.refuse(
                JSONFinding.Code.length,
                "At most \(EnvironmentSnapshot.mostImages) images of one pod can be listed.")
        }
        let hasEnded = phase.map { notRunning.contains($0) } ?? false
        return (!hasEnded || containers.contains(where: \.isRunning), digests.sorted())
    }

    private struct Container {
        let image: String?
        let isRunning: Bool
    }

    private static func containers(_ list: JSONReader) -> [Container]? {
        list.array(count: 0...EnvironmentSnapshot.mostImages) { container -> Container? in
            container.object { container -> Container? in
                container.ignoreUnknownMembers()
                let running = container.optional("state") { $0.json() }?["running"]
                return Container(
                    image: container.optional("imageID") { $0.string(length: 0...2_000) },
                    isRunning: running != nil && running != .null)
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
        let version: VersionReference?
        let artifact: SHA256Digest?
        let environment: EnvironmentName?
        let target: String?
        /// Whether all of them could be read.
        let isRead: Bool
    }

    private static func annotations(_ reader: JSONReader) -> Annotations {
        reader.ignoreUnknownMembers()
        var isRead = true
        func read<Value>(_ name: String, _ parse: (String) -> Value?) -> Value? {
            guard let stated = reader.optional(prefix + name, { $0.json() }) else { return nil }
            let value = stated.string.flatMap(parse)
            if value == nil { isRead = false }
            return value
        }
        let version = read("model") { VersionReference($0) }
        let artifact = read("artifact") { SHA256Digest(hex: $0) }
        let environment = read("environment") { EnvironmentName($0) }
        let target = read("target") { (1...200).contains($0.unicodeScalars.count) ? $0 : nil }
        return Annotations(
            version: version, artifact: artifact, environment: environment, target: target,
            isRead: isRead)
    }
}
