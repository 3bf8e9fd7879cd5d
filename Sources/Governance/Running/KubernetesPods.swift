// What runs on a cluster, from what `kubectl get pods -o json` prints.
//
// Read are the elements of `items` but those whose phase is Pending, Succeeded or Failed: of a pod
// whose node does not answer the phase is Unknown, and it may well run. Of each pod
//
//     metadata.name                                         what it is called
//     metadata.annotations imprimatur.dev/model             the version, ns/name@n
//                          imprimatur.dev/artifact          its artifact's digest: claimed by whoever wrote it
//                          imprimatur.dev/environment       a pod of another environment is left out
//                          imprimatur.dev/target            the cluster or place
//     status.containerStatuses[].imageID                    the image's digest, as …@sha256:<hex>
//     status.initContainerStatuses[].imageID                the same
//     status.ephemeralContainerStatuses[].imageID           the same
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
    }

    private enum Pod {
        case here(EnvironmentSnapshot.Item)
        case elsewhere
    }

    private static let notRunning: Set<String> = ["Pending", "Succeeded", "Failed"]

    /// What runs in an environment; throws every finding.
    package static func listing(
        of list: JSON, in environment: EnvironmentName
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
                pod.object { Self.pod($0, environment) }
            }
            let items = pods.compactMap { pod -> EnvironmentSnapshot.Item? in
                if case .here(let item) = pod { item } else { nil }
            }
            return Listing(items: items, elsewhere: pods.count - items.count)
        }
    }

    private static func pod(_ pod: JSONReader, _ environment: EnvironmentName) -> Pod? {
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
        let item = EnvironmentSnapshot.Item(
            name: name, target: annotations?.target ?? "", version: annotations?.version,
            artifact: annotations?.artifact,
            images: status?.images ?? [])
        if item.version == nil, item.artifact == nil, item.images.isEmpty {
            pod.refuse(
                "status", JSONFinding.Code.missing,
                "\(name) has neither an annotation \(prefix)model nor an image with a digest.")
        }
        return .here(item)
    }

    private static func status(
        _ reader: JSONReader
    ) -> (isRunning: Bool, images: [SHA256Digest]) {
        reader.ignoreUnknownMembers()
        let phase = reader.optional("phase") { $0.string(length: 0...100) }
        let lists = ["containerStatuses", "initContainerStatuses", "ephemeralContainerStatuses"]
        let images = lists.flatMap { reader.optional($0, Self.images) ?? [] }
        let digests = Set(images.compactMap(Self.digest))
        if digests.count > EnvironmentSnapshot.mostImages {
            reader.refuse(
                JSONFinding.Code.length,
                "At most \(EnvironmentSnapshot.mostImages) images of one pod can be listed.")
        }
        return (!(phase.map { notRunning.contains($0) } ?? false), digests.sorted())
    }

    private static func images(_ list: JSONReader) -> [String]? {
        list.array(count: 0...EnvironmentSnapshot.mostImages) { container -> String? in
            container.object { container -> String? in
                container.ignoreUnknownMembers()
                return container.optional("imageID") { $0.string(length: 0...2_000) }
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
    }

    private static func annotations(_ reader: JSONReader) -> Annotations {
        reader.ignoreUnknownMembers()
        return Annotations(
            version: reader.optional(prefix + "model") { model in
                model.parsed(as: "namespace/name@number") { VersionReference($0) }
            },
            artifact: reader.optional(prefix + "artifact") { digest in
                digest.parsed(as: "64 lowercase hex digits") { SHA256Digest(hex: $0) }
            },
            environment: reader.optional(prefix + "environment") { name in
                name.parsed(as: "the name of an environment") { EnvironmentName($0) }
            },
            target: reader.optional(prefix + "target") { $0.string(length: 1...200) })
    }
}
