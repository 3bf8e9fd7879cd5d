// What is in a file, found by its bytes: the header of a weights file, and what can run code.

/// The result of looking into one file.
package struct FileExamination: Sendable, Hashable {
    /// What sort of code a file can hold.
    package enum CodeKind: String, Sendable, Hashable, CaseIterable {
        /// A Python pickle, also one behind a NumPy header.
        case pickle = "pickle"
        /// A pickle within an archive or a compressed file.
        case archivedPickle = "archived-pickle"
        /// HDF5, in which Keras keeps functions.
        case hdf5 = "hdf5"
        /// A native program, library or WebAssembly.
        case program = "program"
        /// A text that begins with #!.
        case script = "script"
        /// Python source.
        case python = "python"
        /// Compiled Python.
        case bytecode = "bytecode"
        /// A configuration that tells loaders to import classes from the model's directory.
        case remoteCode = "remote-code"
        /// A Keras configuration with a function in it.
        case lambda = "keras-lambda"
        /// A template that reaches for Python's internals.
        case template = "template"
        /// An archive or compressed file that is not looked into.
        case opaque = "opaque-archive"
    }

    /// Something that can run code.
    package struct Code: Sendable, Hashable {
        package let kind: CodeKind
        /// The member of an archive, "a!/b" for archives in archives; nil for the file itself.
        package let inside: String?
        /// What a pickle imports.
        package let imports: [String]
        /// Whether the walk over it came to its end; otherwise it may import more.
        package let isComplete: Bool

        package init(
            kind: CodeKind, inside: String? = nil, imports: [String] = [], isComplete: Bool = true
        ) {
            self.kind = kind
            self.inside = inside
            self.imports = imports
            self.isComplete = isComplete
        }
    }

    /// Something that is not as its format demands.
    package struct Fault: Sendable, Hashable {
        /// The member of an archive; nil for the file itself.
        package let inside: String?
        package let error: FormatError
    }

    /// What can run code, in order of place; many members of one archive are one file.
    package private(set) var code: [Code] = []
    /// The header, when it is a weights file whose header could be read.
    package private(set) var header: ModelHeader?
    /// What is wrong with it.
    package private(set) var faults: [Fault] = []

    /// Looks into a file; `name` is its path, which decides only where bytes cannot.
    ///
    /// Throws `unreadable` only: every other fault is part of the answer.
    package init(
        _ source: ByteSource, name: String, limits: FormatLimits = .default
    ) throws(FormatError) {
        var examiner = Examiner(limits: limits)
        try examiner.look(into: source, name: name, inside: nil, depth: 0)
        code = examiner.code
        header = examiner.header
        faults = examiner.faults
    }
}

/// Looks into a file and into what is packed in it, within one budget.
private struct Examiner {
    let limits: FormatLimits
    var code: [FileExamination.Code] = []
    var header: ModelHeader?
    var faults: [FileExamination.Fault] = []
    private var unpacked = 0
    private var looked = 0

    init(limits: FormatLimits) {
        self.limits = limits
    }

    private mutating func found(
        _ kind: FileExamination.CodeKind, _ inside: String?, _ pickle: Pickle? = nil
    ) {
        guard code.count < 1_000 else { return }
        code.append(
            .init(
                kind: kind, inside: inside, imports: pickle?.imports ?? [],
                isComplete: pickle?.isComplete ?? true))
    }

    private mutating func fault(_ error: FormatError, _ inside: String?) throws(FormatError) {
        guard error.code != .unreadable else { throw error }
        if faults.count < 100 { faults.append(.init(inside: inside, error: error)) }
    }

    mutating func look(
        into source: ByteSource, name: String, inside: String?, depth: Int
    ) throws(FormatError) {
        looked += 1
        guard looked <= limits.members else { return found(.opaque, inside) }
        let first = try source.prefix(4096)
        if try readHeader(source, first, name, inside) { return }
        let begins = first.starts(with: [0x50, 0x4B, 3, 4])
        var isZip = begins
        if !isZip, depth == 0 { isZip = try Zip.hasDirectory(source) }
        if isZip {
            // What precedes an archive is a program or a pickle of its own.
            if !begins { try lookAtFile(source, first, name, inside) }
            return try lookIntoZip(source, name, inside, depth)
        }
        if Tar.begins(first) { return try lookIntoTar(source, inside, depth) }
        if try lookIntoCompressed(source, name, inside, depth) { return }
        try lookAtFile(source, first, name, inside)
    }

    /// Whether the file is of a format with a header; what it says is kept for the file itself.
    private mutating func readHeader(
        _ source: ByteSource, _ first: [UInt8], _ name: String, _ inside: String?
    ) throws(FormatError) -> Bool {
        do throws(FormatError) {
            let read: ModelHeader
            if first.starts(with: GGUF.magic) || name.hasSuffix(".gguf") {
                read = try GGUF.header(of: source, limits: limits)
            } else if Safetensors.begins(first, size: source.size)
                || name.hasSuffix(".safetensors")
            {
                read = try Safetensors.header(of: source, limits: limits)
            } else if name.hasSuffix(".onnx") {
                read = try ONNX.header(of: source, limits: limits)
            } else if ONNX.couldBegin(first) {
                do throws(FormatError) {
                    read = try ONNX.header(of: source, limits: limits)
                } catch {
                    guard error.code != .unreadable else { throw error }
                    return false
                }
            } else {
                return false
            }
            if inside == nil { header = read }
            if read.hasSuspiciousTemplate { found(.template, inside) }
            return true
        } catch {
            try fault(error, inside)
            // A name proves nothing: a pickle called .safetensors is a pickle.
            return first.starts(with: GGUF.magic)
        }
    }

    private mutating func lookAtFile(
        _ source: ByteSource, _ first: [UInt8], _ name: String, _ inside: String?
    ) throws(FormatError) {
        if first.starts(with: Numpy.magic) {
            do throws(FormatError) {
                guard let start = try Numpy.pickleStart(in: source, limits: limits) else { return }
                let rest = try source.part(at: start, size: source.size - start)
                found(pickleKind(inside), inside, try Pickle.find(in: rest, limits: limits))
            } catch {
                try fault(error, inside)
            }
            return
        }
        let pickles = try pickles(in: source)
        for pickle in pickles { found(pickleKind(inside), inside, pickle) }
        if !pickles.isEmpty { return }
        if let kind = try Self.kind(of: first, source) { return found(kind, inside) }
        if name.hasSuffix(".py") { return found(.python, inside) }
        guard name.hasSuffix(".json"), source.size <= Int64(limits.inflatedBytes) else { return }
        let text = try source.prefix(limits.inflatedBytes)
        if text.contains(Array("\"auto_map\"".utf8)) { found(.remoteCode, inside) }
        if text.contains(Array("\"__lambda__\"".utf8)) { found(.lambda, inside) }
    }

    private func pickleKind(_ inside: String?) -> FileExamination.CodeKind {
        inside == nil ? .pickle : .archivedPickle
    }

    /// The pickles that follow each other from the beginning on (torch once wrote four of them).
    ///
    /// Without the mark of protocol 2, data could look like one: then they must import by names that
    /// Python could have, or reach to the end of the file.
    private func pickles(in source: ByteSource) throws(FormatError) -> [Pickle] {
        var found: [Pickle] = []
        var offset: Int64 = 0
        while found.count < 16, offset < source.size {
            let rest = try source.part(at: offset, size: source.size - offset)
            guard let pickle = try Pickle.find(in: rest, limits: limits) else { break }
            found.append(pickle)
            offset += pickle.end
            guard pickle.isComplete else { break }
        }
        let isMeant = found.contains { $0.isMarked || $0.importsPlausibly }
        return isMeant || offset == source.size ? found : []
    }

    private static func kind(
        of first: [UInt8], _ source: ByteSource
    ) throws(FormatError) -> FileExamination.CodeKind? {
        func begins(_ bytes: UInt8...) -> Bool { first.starts(with: bytes) }
        if begins(0x89, 0x48, 0x44, 0x46) { return .hdf5 }
        if begins(0x7F, 0x45, 0x4C, 0x46) || begins(0, 0x61, 0x73, 0x6D)
            || begins(0xFE, 0xED, 0xFA, 0xCE) || begins(0xFE, 0xED, 0xFA, 0xCF)
            || begins(0xCE, 0xFA, 0xED, 0xFE) || begins(0xCF, 0xFA, 0xED, 0xFE)
            || begins(0xCA, 0xFE, 0xBA, 0xBE)
        {
            return .program
        }
        if begins(0x4D, 0x5A), first.count >= 64 {
            let place = first[60..<64].reversed().reduce(Int64(0)) { $0 << 8 | Int64($1) }
            if try source.prefix(4, at: place) == [0x50, 0x45, 0, 0] { return .program }
        }
        if begins(0x23, 0x21) { return .script }
        if first.count >= 16, first[2] == 0x0D, first[3] == 0x0A, (0x0B...0x0F).contains(first[1]) {
            return .bytecode
        }
        let isPacked =
            (begins(0x42, 0x5A, 0x68) && first.count > 4 && (0x31...0x39).contains(first[3]))
            || begins(0xFD, 0x37, 0x7A, 0x58, 0x5A, 0) || begins(0x5D, 0, 0)
            || begins(0x28, 0xB5, 0x2F, 0xFD) || begins(0x04, 0x22, 0x4D, 0x18)
            || begins(0x37, 0x7A, 0xBC, 0xAF, 0x27, 0x1C) || begins(0x52, 0x61, 0x72, 0x21)
        return isPacked ? .opaque : nil
    }

    private func joined(_ inside: String?, _ name: String) -> String {
        inside.map { "\($0)!/\(name)" } ?? name
    }

    private mutating func lookIntoZip(
        _ source: ByteSource, _ name: String, _ inside: String?, _ depth: Int
    ) throws(FormatError) {
        guard depth < limits.depth else { return found(.opaque, inside) }
        let members: [Zip.Member]
        do throws(FormatError) {
            members = try Zip(source, limits: limits).members
        } catch {
            try fault(error, inside)
            return found(.opaque, inside)
        }
        for member in members where member.packed > 0 {
            let place = joined(inside, member.name)
            guard !member.isEncrypted, member.method == 0 || member.method == 8 else {
                found(.opaque, place)
                continue
            }
            var bytes = try source.part(at: member.start, size: member.packed)
            if member.method == 8 {
                guard let inflated = try unpack(bytes, at: 0) else {
                    found(.opaque, place)
                    continue
                }
                bytes = ByteSource(inflated.bytes)
            }
            try look(into: bytes, name: member.name, inside: place, depth: depth + 1)
        }
    }

    private mutating func lookIntoTar(
        _ source: ByteSource, _ inside: String?, _ depth: Int
    ) throws(FormatError) {
        guard depth < limits.depth else { return found(.opaque, inside) }
        do throws(FormatError) {
            for member in try Tar.members(of: source, limits: limits) {
                try look(
                    into: source.part(at: member.start, size: member.size), name: member.name,
                    inside: joined(inside, member.name), depth: depth + 1)
            }
        } catch {
            try fault(error, inside)
            found(.opaque, inside)
        }
    }

    private mutating func lookIntoCompressed(
        _ source: ByteSource, _ name: String, _ inside: String?, _ depth: Int
    ) throws(FormatError) -> Bool {
        let start: Int64?
        do throws(FormatError) {
            start = try Inflate.start(of: source)
        } catch {
            guard error.code != .unreadable else { throw error }
            return false
        }
        guard let start else { return false }
        guard depth < limits.depth, let inflated = try unpack(source, at: start) else {
            found(.opaque, inside)
            return true
        }
        // Two bytes are no proof: what does not unpack was something else.
        guard inflated.isComplete || inflated.bytes.count > 1_024 else { return false }
        try look(
            into: ByteSource(inflated.bytes), name: name, inside: joined(inside, "unpacked"),
            depth: depth + 1)
        return true
    }

    /// Unpacks within the budget; nil when nothing of it is left.
    private mutating func unpack(
        _ source: ByteSource, at offset: Int64
    ) throws(FormatError) -> Inflate.Unpacked? {
        let most = min(limits.inflatedBytes, limits.inflatedTotal - unpacked)
        guard most > 0 else { return nil }
        let inflated = try Inflate.unpack(source, at: offset, most: most)
        unpacked += inflated.bytes.count
        return inflated
    }
}

extension Safetensors {
    /// Whether the first bytes are a plausible length and the beginning of an object.
    static func begins(_ first: [UInt8], size: Int64) -> Bool {
        guard first.count >= 10, first[8] == UInt8(ascii: "{"), first[7] == 0 else { return false }
        let length = first[..<8].reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        let next: [UInt8] = Array("\"} \n\t\r".utf8)
        return length >= 2 && length <= UInt64(size) && next.contains(first[9])
    }
}

extension [UInt8] {
    /// Whether these bytes occur somewhere.
    fileprivate func contains(_ part: [UInt8]) -> Bool {
        guard let first = part.first, count >= part.count else { return false }
        return withUnsafeBufferPointer { bytes in
            for place in 0...(bytes.count - part.count) where bytes[place] == first {
                var length = 1
                while length < part.count, bytes[place + length] == part[length] { length += 1 }
                if length == part.count { return true }
            }
            return false
        }
    }
}
