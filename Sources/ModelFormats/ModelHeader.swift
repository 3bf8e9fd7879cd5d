// What the header of a weights file says of the model: read, never loaded, and believed by nobody.

internal import CanonicalJSON

/// The facts in the header of one weights file.
package struct ModelHeader: Sendable, Hashable {
    /// The formats whose headers are read.
    package enum Format: String, Sendable, Hashable, CaseIterable {
        case safetensors = "safetensors"
        case gguf = "gguf"
        case onnx = "onnx"
    }

    /// A range of another file that holds tensor data.
    package struct External: Sendable, Hashable {
        /// The path, relative to the file that names it.
        package let location: String
        package let offset: Int64
        /// Nil when the data go to the end of the file.
        package let length: Int64?
        /// The tensor.
        package let tensor: String
    }

    package let format: Format
    /// The version of the format that the file states; "" where the format has none.
    package var version = ""
    /// How many tensors.
    package var tensors = 0
    /// How many elements all tensors have together.
    package var parameters: Int64 = 0
    /// Elements by the name of their type.
    package var types: [String: Int64] = [:]
    /// Licences as the file names them.
    package var licences: [String] = []
    /// Models that it says to be derived from: names, repositories or addresses.
    package var baseModels: [String] = []
    /// The model's name, when it states one.
    package var name: String?
    /// The architecture, when it states one.
    package var architecture: String?
    /// Tensor data in other files.
    package var external: [External] = []
    /// Domains of operators that are not the standard's: code from elsewhere runs them.
    package var customDomains: [String] = []
    /// Whether it carries a template that tools evaluate as code, reaching for internals.
    package var hasSuspiciousTemplate = false

    init(_ format: Format) {
        self.format = format
    }

    /// Counts a tensor; throws when the sum no longer fits.
    mutating func count(
        elements: Int64, type: String, at offset: Int64
    ) throws(FormatError) {
        let (sum, overflow) = parameters.addingReportingOverflow(elements)
        guard !overflow else {
            throw FormatError(.number, at: offset, "The tensors have more elements than fit.")
        }
        parameters = sum
        tensors += 1
        types[type, default: 0] += elements
    }
}

/// The number of elements of a shape; throws on negative dimensions and when it does not fit.
func elements(
    of shape: [Int64], tensor: String, at offset: Int64
) throws(FormatError) -> Int64 {
    var product: Int64 = 1
    for dimension in shape {
        guard dimension >= 0 else {
            throw FormatError(.number, at: offset, "\(tensor) has a negative dimension.")
        }
        let (next, overflow) = product.multipliedReportingOverflow(by: dimension)
        guard !overflow else {
            throw FormatError(.number, at: offset, "The shape of \(tensor) does not fit.")
        }
        product = next
    }
    return product
}

/// The bytes of so many elements of so many bits; nil when they end within a byte or do not fit.
func bytes(of elements: Int64, bits: Int64) -> Int64? {
    let (total, overflow) = elements.multipliedReportingOverflow(by: bits)
    return overflow || total % 8 != 0 ? nil : total / 8
}

/// A name as it is shown in a message: short, and without what would show as something else.
func shown(_ text: String) -> String {
    let scalars = text.unicodeScalars
    let start = String(String.UnicodeScalarView(scalars.prefix(80))).plain()
    return "“" + start + (scalars.count > 80 ? "…" : "") + "”"
}
