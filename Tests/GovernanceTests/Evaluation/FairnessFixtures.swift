// What several fairness tests need: the shared files, small tables, and reading CSV in one go.

import Foundation
import CanonicalJSON

@testable import Governance

/// Files of other people, outside the repository; tests that need them say so when they are absent.
enum Fixtures {
    static let folder: String? = {
        if let path = ProcessInfo.processInfo.environment["IMPRIMATUR_FIXTURES"] { return path }
        var folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        while folder.path != "/" {
            let candidate = folder.appendingPathComponent("shared/fixtures").path
            if FileManager.default.fileExists(atPath: candidate) { return candidate }
            folder.deleteLastPathComponent()
        }
        return nil
    }()

    static var areHere: Bool { folder != nil }

    static func bytes(_ path: String) throws -> [UInt8] {
        guard let folder else { throw CocoaError(.fileNoSuchFile) }
        return Array(try Data(contentsOf: URL(fileURLWithPath: "\(folder)/\(path)")))
    }

    static func json(_ path: String) throws -> JSON {
        try JSON(parsing: bytes(path))
    }

    /// A file of this repository.
    static func ours(_ path: String) throws -> [UInt8] {
        var folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        while !FileManager.default.fileExists(atPath: folder.appendingPathComponent(path).path) {
            guard folder.path != "/" else { throw CocoaError(.fileNoSuchFile) }
            folder.deleteLastPathComponent()
        }
        return Array(try Data(contentsOf: folder.appendingPathComponent(path)))
    }
}

/// Reads a whole CSV text, in chunks of a given size.
func counts(
    _ csv: String, _ columns: PredictionColumns, chunk: Int = .max
) throws(CSVError) -> FairnessCounts {
    try counts(Array(csv.utf8), columns, chunk: chunk)
}

/// Reads whole CSV bytes, in chunks of a given size.
func counts(
    _ bytes: [UInt8], _ columns: PredictionColumns, chunk: Int = .max
) throws(CSVError) -> FairnessCounts {
    var reader = try PredictionsReader(columns)
    var start = 0
    while start < bytes.count {
        let end = min(bytes.count, chunk == .max ? bytes.count : start + chunk)
        try reader.read(Array(bytes[start..<end]))
        start = end
    }
    return try reader.finish()
}

extension PredictionColumns {
    /// label `y`, prediction `p`, positive "1".
    static func usual(_ groups: String..., score: String? = nil) -> Self {
        .init(label: "y", prediction: "p", score: score, groups: groups, positive: "1")
    }
}

/// An evaluation of groups given as TP, FP, FN, TN.
func evaluation(
    _ groups: [String: (Int64, Int64, Int64, Int64)], _ parameters: FairnessParameters = .init()
) -> FairnessEvaluation {
    FairnessEvaluation(
        FairnessCounts(
            columns: ["group"],
            cells: groups.map { name, c in
                FairnessCell(
                    values: [name],
                    counts: .init(
                        truePositives: c.0, falsePositives: c.1, falseNegatives: c.2,
                        trueNegatives: c.3))
            }),
        parameters)
}

extension FairnessEvaluation {
    /// A measure of the first grouping.
    func measure(_ measure: FairnessMeasure) -> FairnessValue? {
        groupings.first?.measures[measure]
    }
}

extension FairnessValue {
    /// The correctly rounded quotient, as the golden files have it.
    var double: Double? {
        fraction.map { Double($0.numerator) / Double($0.denominator) }
    }
}

/// A small deterministic source of numbers for generated cases.
struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
