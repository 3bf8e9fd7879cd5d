// How something was built, as a builder says: SLSA provenance, read from in-toto statements.
//
// Specification: https://slsa.dev/provenance/v1
//   {"buildDefinition":{"buildType":URI,"resolvedDependencies":[{"uri","digest":{…},"name"}…]…},
//    "runDetails":{"builder":{"id":URI},"metadata":{"invocationId","startedOn","finishedOn"}…}}
// and https://slsa.dev/provenance/v0.2
//   {"builder":{"id":URI},"buildType":URI,"materials":[{"uri","digest":{…}}…],
//    "metadata":{"buildInvocationId","buildStartedOn","buildFinishedOn"…},…}
// Both may have more members; what is not named here is not interpreted. Builder and build type are
// required; a material has an address, a name or a digest. Everything is as true as its signer.

package import CanonicalJSON

/// Where something comes from, as its builder says.
package struct Provenance: Sendable, Hashable {
    /// Something that went into the build.
    package struct Material: Sendable, Hashable {
        /// Its address or name.
        package let name: String
        /// Algorithm to lowercase hexadecimal digest.
        package let digests: [String: String]

        /// The digest that says most, as `algorithm:hex`; empty when there is none.
        package var digest: String {
            for algorithm in ["sha256", "sha512", "sha384", "gitCommit", "sha1"] {
                if let hex = digests[algorithm] { return "\(algorithm):\(hex)" }
            }
            return digests.min { $0.key < $1.key }.map { "\($0.key):\($0.value)" } ?? ""
        }

        package var json: JSON {
            ["name": .string(name), "digests": .object(digests.mapValues(JSON.string))]
        }
    }

    package let predicateType: String
    /// Who built it.
    package let builder: String
    package let buildType: String
    /// Which run; empty when it is not said.
    package let invocation: String
    /// When the run ended, as the builder writes it; empty when it is not said.
    package let finishedOn: String
    package let materials: [Material]

    /// Most materials that are read.
    private static let materialLimit = 10_000
    private static let textLimit = 2_048

    /// Reads the predicate; nil when it is of another type; throws when it is malformed.
    package init?(_ statement: Statement) throws(AttestationError) {
        predicateType = statement.predicateType
        let predicate = try MemberReader(statement.predicate, "provenance")
        let materials: (reader: MemberReader, name: String)
        switch statement.predicateType {
        case "https://slsa.dev/provenance/v1":
            let definition = try predicate.object("buildDefinition")
            let run = try predicate.object("runDetails")
            builder = try Self.text(run.object("builder"), "id")
            buildType = try Self.text(definition, "buildType")
            (invocation, finishedOn) = try Self.metadata(run, "invocationId", "finishedOn")
            materials = (definition, "resolvedDependencies")
        case "https://slsa.dev/provenance/v0.2":
            builder = try Self.text(predicate.object("builder"), "id")
            buildType = try Self.text(predicate, "buildType")
            (invocation, finishedOn) = try Self.metadata(
                predicate, "buildInvocationId", "buildFinishedOn")
            materials = (predicate, "materials")
        default: return nil
        }
        self.materials = try Self.materials(materials.reader, materials.name)
    }

    private static func metadata(
        _ reader: MemberReader, _ id: String, _ end: String
    ) throws(AttestationError) -> (String, String) {
        guard !reader.isNullOrAbsent("metadata") else { return ("", "") }
        let metadata = try reader.object("metadata")
        return (
            try metadata.isNullOrAbsent(id) ? "" : text(metadata, id),
            try metadata.isNullOrAbsent(end) ? "" : text(metadata, end)
        )
    }

    private static func materials(
        _ reader: MemberReader, _ name: String
    ) throws(AttestationError) -> [Material] {
        guard !reader.isNullOrAbsent(name) else { return [] }
        var materials: [Material] = []
        for element in try reader.array(name, atMost: materialLimit) {
            let material = try MemberReader(element, "material")
            let names = ["uri", "name"].filter { !material.isNullOrAbsent($0) }
            let name = try names.first.map { (name) throws(AttestationError) in
                try text(material, name)
            }
            let digests = try digests(material)
            guard name != nil || !digests.isEmpty else {
                throw AttestationError(.malformed, "A material has neither address nor digest.")
            }
            materials.append(Material(name: name ?? "", digests: digests))
        }
        return materials
    }

    private static func digests(
        _ material: MemberReader
    ) throws(AttestationError) -> [String: String] {
        guard !material.isNullOrAbsent("digest") else { return [:] }
        guard let members = try material.value("digest").object, members.count <= 16 else {
            throw AttestationError(.malformed, "A material's digest is no small object.")
        }
        var digests: [String: String] = [:]
        for (algorithm, value) in members {
            guard let hex = value.string, !hex.isEmpty, hex.utf8.count <= 256,
                hex.utf8.allSatisfy(isLowercaseHex), isPlain(algorithm), algorithm.utf8.count <= 64
            else {
                throw AttestationError(.malformed, "A material's digest is not lowercase hex.")
            }
            digests[algorithm] = hex
        }
        return digests
    }

    /// A text without what could show as something else.
    private static func text(
        _ reader: MemberReader, _ name: String
    ) throws(AttestationError) -> String {
        let text = try reader.string(name)
        guard !text.isEmpty, text.utf8.count <= textLimit, isPlain(text) else {
            throw AttestationError(
                .malformed,
                "The \(reader.what)'s '\(name)' is empty, too long, or has control characters.")
        }
        return text
    }

    private static func isPlain(_ text: String) -> Bool {
        !text.unicodeScalars.contains(where: \.isHidden)
    }

    /// As commands show it.
    package var json: JSON {
        [
            "predicateType": .string(predicateType), "builder": .string(builder),
            "buildType": .string(buildType), "invocation": .string(invocation),
            "finishedOn": .string(finishedOn), "materials": .array(materials.map(\.json)),
        ]
    }
}
