// Looking into the files of an artifact: headers of weights, and what can run code. Nothing is loaded.

import Attestation
import Glibc
package import ModelFormats

/// What is in the files of an artifact, found by their bytes.
package struct ArtifactContents: Sendable, Hashable {
    /// Something in a file that can run code when it is loaded.
    package struct Code: Sendable, Hashable {
        package let path: String
        package let code: FileExamination.Code
    }

    /// A file that is not as its format demands.
    package struct Fault: Sendable, Hashable {
        package let path: String
        /// The member of an archive; nil for the file itself.
        package let inside: String?
        package let error: FormatError
    }

    /// What can run code, by path.
    package private(set) var code: [Code] = []
    /// The headers of weights files, by path.
    package private(set) var headers: [CardComparison.File] = []
    /// What is wrong with files, by path.
    package private(set) var faults: [Fault] = []

    /// Looks into files of an open artifact, in the order given.
    init(files: [String], of root: borrowing ArtifactRoot) throws(ArtifactError) {
        var sizes: [ResourcePath: Int64] = [:]
        for path in files {
            let file = try root.find(path)
            sizes[ResourcePath(path)] = file.identity.size
            let source = OpenFile(
                try ArtifactRoot.open(file, below: root.directory.number), path: path
            ).source(size: file.identity.size)
            let examination: FileExamination
            do {
                examination = try FileExamination(source, name: path)
            } catch {
                throw ArtifactError(.system, path: path, error.message)
            }
            code += examination.code.map { Code(path: path, code: $0) }
            faults += examination.faults.map {
                Fault(path: path, inside: $0.inside, error: $0.error)
            }
            if let header = examination.header { headers.append(.init(path: path, header: header)) }
        }
        for file in headers { checkExternal(file, sizes) }
    }

    /// Tensors in other files must lie in files of the artifact.
    private mutating func checkExternal(
        _ file: CardComparison.File, _ sizes: [ResourcePath: Int64]
    ) {
        let folder = file.path.lastIndex(of: "/").map { String(file.path[...$0]) } ?? ""
        var told: Set<String> = []
        for external in file.header.external {
            let parts = external.location.split(separator: "/").filter { $0 != "." }
            let place = folder + parts.joined(separator: "/")
            let size = sizes[ResourcePath(place)]
            let isInside = size.map { size in
                external.offset <= size && (external.length ?? 0) <= size - external.offset
            }
            guard isInside != true, told.insert(place).inserted else { continue }
            faults.append(
                Fault(
                    path: file.path, inside: nil,
                    error: FormatError(
                        .truncated, at: 0,
                        "The data of \(external.tensor) are said to lie in \(place), "
                            + (size == nil
                                ? "which is not in the artifact."
                                : "beyond the end of it."))))
        }
    }
}

/// An open file as a source of bytes.
private final class OpenFile: Sendable {
    private let descriptor: Descriptor
    private let path: String

    init(_ descriptor: consuming Descriptor, path: String) {
        self.descriptor = descriptor
        self.path = path
    }

    func source(size: Int64) -> ByteSource {
        ByteSource(size: size) { (offset, count) throws(FormatError) in
            try self.read(at: offset, count: count)
        }
    }

    private func read(at offset: Int64, count: Int) throws(FormatError) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        var filled = 0
        while filled < count {
            let got = bytes.withUnsafeMutableBytes { buffer in
                pread(
                    descriptor.number, buffer.baseAddress?.advanced(by: filled), count - filled,
                    off_t(offset) + off_t(filled))
            }
            if got > 0 {
                filled += got
            } else if got == 0 {
                throw FormatError(
                    .unreadable, at: offset, "It became shorter while it was read.")
            } else if errno != EINTR {
                throw FormatError(
                    .unreadable, at: offset, "Cannot read: \(String(cString: strerror(errno))).")
            }
        }
        return bytes
    }
}
