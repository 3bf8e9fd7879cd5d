// What one manifest of an image layout holds about an image (OCILayout.swift).

internal import Attestation
internal import Cryptography

extension OCILayout {
    /// Longest payload of cosign: a few names and a digest.
    private static let payloadLimit: Int64 = 64 << 10
    private static let envelopeMediaType = "application/vnd.dsse.envelope.v1+json"

    func evidence(
        in manifest: OCIManifest, _ search: inout Search
    ) throws(Exhausted) -> [ImageEvidence] {
        if let subject = manifest.subject {
            guard subject.digest == search.image else { return [] }
            if SigstoreBundle.readableMediaTypes.contains(manifest.artifactType) {
                return [try bundle(manifest, subject, &search)]
            }
        }
        var evidence: [ImageEvidence] = []
        // A layer that is named twice is one.
        var seen: Set<OCIDescriptor> = []
        for layer in manifest.layers where seen.insert(layer).inserted {
            guard let digest = layer.digest else { continue }
            do {
                switch layer.mediaType {
                case SimpleSigning.mediaType:
                    guard layer.size <= Self.payloadLimit else {
                        throw AttestationError(
                            .tooLarge, "A payload is longer than \(Self.payloadLimit) bytes.")
                    }
                    evidence.append(
                        try ImageEvidence(payload: blob(layer, &search), layer: layer))
                case Self.envelopeMediaType:
                    evidence.append(
                        try ImageEvidence(envelope: blob(layer, &search), layer: layer))
                default: break
                }
            } catch let exhausted as Exhausted {
                throw exhausted
            } catch {
                evidence.append(.unreadable(digest, error))
            }
        }
        return evidence
    }

    private func bundle(
        _ manifest: OCIManifest, _ subject: OCIDescriptor, _ search: inout Search
    ) throws(Exhausted) -> ImageEvidence {
        let layer = manifest.layers.first
        let place = layer?.digest?.oci ?? "a manifest without a layer"
        guard manifest.layers.count == 1, let layer, layer.mediaType == manifest.artifactType else {
            return .unreadable(
                place, .mediaTypeUnsupported, "It has not one layer, a bundle as it says.")
        }
        if let image = search.found.manifest, subject.size != Int64(image.count) {
            return .unreadable(
                place, .fileAltered, "It is about \(subject.size) bytes, the image has others.")
        }
        do {
            return ImageEvidence(place: place, content: .bundle(try blob(layer, &search)))
        } catch let exhausted as Exhausted {
            throw exhausted
        } catch {
            return .unreadable(place, error)
        }
    }
}

extension ImageEvidence {
    static func unreadable(_ digest: SHA256Digest, _ error: any Error) -> Self {
        unreadable(digest.oci, error)
    }

    fileprivate static func unreadable(_ place: String, _ error: any Error) -> Self {
        let findings =
            switch error {
            case let error as AttestationError: error.findings
            case let error as ArtifactError:
                [AttestationFinding(.fileAltered, path: error.path, error.message)]
            default: [AttestationFinding(.malformed, "\(error)")]
            }
        return ImageEvidence(place: place, content: .unreadable(findings))
    }

    fileprivate static func unreadable(
        _ place: String, _ code: AttestationFinding.Code, _ message: String
    ) -> Self {
        ImageEvidence(
            place: place, content: .unreadable([AttestationFinding(code, message)]))
    }
}
